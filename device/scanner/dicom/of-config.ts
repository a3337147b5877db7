import { join } from "node:path";
import type { DicomScannerConfig } from "../../config/dicom.ts";
import { readSecret } from "../../config/secrets.ts";
import type { ListenerTls } from "../../dicom-net/acceptor.ts";
import { splitHostPort } from "../../dicom-net/addresses.ts";
import type { Log } from "../../log.ts";
import type { ScanStore } from "../../spool/port.ts";
import type { ScannerDriver } from "../port.ts";
import { createDicomDriver } from "./driver.ts";
import { DICOM_TIMINGS } from "./options.ts";

/** What a lane's DICOM driver takes from its surroundings. */
export interface Surroundings {
  readonly lane: string;
  /** Folder of the spool: received objects wait in `dicom/LANE` of it. */
  readonly spoolPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly store: ScanStore;
  readonly clock: () => number;
  readonly log: Log;
}

/** The driver that a lane's configuration describes. @throws LYN_SECRET_UNREADABLE, LYN_TRANSPORT_URL */
export async function dicomDriverOf(
  scanner: DicomScannerConfig,
  around: Surroundings,
): Promise<ScannerDriver> {
  const { lane, spoolPath, env, store, clock, log } = around;
  const { applicationContexts, allow } = scanner;
  const { host, port } = splitHostPort(scanner.listen);
  const tls = await tlsOf(scanner, env);
  return createDicomDriver({
    lane,
    inbox: join(spoolPath, "dicom", lane),
    host,
    port,
    aeTitle: scanner.aeTitle,
    checkCalledAeTitle: scanner.checkCalledAeTitle,
    ...(applicationContexts === undefined ? {} : { applicationContexts }),
    ...(allow.aeTitles === undefined ? {} : { aeTitles: allow.aeTitles }),
    ...(allow.from === undefined ? {} : { from: allow.from }),
    ...(tls === null ? {} : { tls }),
    store,
    maxScanBytes: scanner.maxScanBytes,
    clock,
    log,
    timings: { ...DICOM_TIMINGS, joinMs: scanner.joinTimeout },
  });
}

async function tlsOf({ tls }: DicomScannerConfig, env: Surroundings["env"]): Promise<ListenerTls | null> {
  if (tls === undefined) return null;
  const [cert, key] = await Promise.all([readSecret(tls.cert, env), readSecret(tls.key, env)]);
  return tls.ca === undefined ? { cert, key } : { cert, key, ca: await readSecret(tls.ca, env) };
}
