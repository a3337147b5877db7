import { join } from "node:path";
import type { Alerts } from "../alerts.ts";
import type { ArchiveConfig, ReportsConfig } from "../config/dicom.ts";
import { readSecret } from "../config/secrets.ts";
import { Acceptor } from "../dicom-net/acceptor.ts";
import { splitHostPort } from "../dicom-net/addresses.ts";
import type { Log } from "../log.ts";
import type { Spool } from "../spool/port.ts";
import { addressFilter } from "../transport/addresses.ts";
import { packageVersion } from "../versions.ts";
import { Archive } from "./archive.ts";
import { commitmentHandler } from "./commitment.ts";
import type { PeerAddress } from "./link.ts";
import { ReportOutput } from "./output.ts";
import { FolderQueue } from "./queue.ts";

export interface ReportSurroundings {
  readonly spoolPath: string;
  readonly site: string;
  readonly gateway: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly spool: Pick<Spool, "hitsAfter" | "scan" | "onCommitted">;
  readonly alerts: Pick<Alerts, "raise">;
  readonly log: Log;
}

/** Reports as configured, with the listener for storage commitment where there is one. */
export interface Reports {
  readonly output: ReportOutput;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const MAX_COMMITMENT_LINKS = 32;

/** @throws LYN_SECRET_UNREADABLE */
export async function reportsOf(config: ReportsConfig, around: ReportSurroundings): Promise<Reports> {
  const { spoolPath, site, gateway, spool, log } = around;
  const directory = join(spoolPath, "dicom", "out");
  const archives = await Promise.all(
    config.archives.map(async (one) => ({
      archive: await archiveOf(one, config, directory, around),
      images: one.images,
    })),
  );
  const { version, folder = null, images } = config;
  const software = packageVersion();
  const output = new ReportOutput({
    directory,
    version,
    software,
    site,
    gateway,
    folder,
    folderImages: images,
    archives,
    spool,
    log,
  });
  const listener = listenerOf(
    config,
    archives.map(({ archive }) => archive),
    log,
  );
  return {
    output,
    start: async () => {
      await output.start();
      // An address that is taken costs the results of commitment, which are asked for again; it is no reason to end.
      await listener
        ?.start()
        .catch((error: unknown) => log.error({ err: error }, "no listener for storage commitment"));
    },
    stop: async () => {
      await listener?.stop();
      await output.stop();
    },
  };
}

async function archiveOf(
  config: ArchiveConfig,
  reports: ReportsConfig,
  directory: string,
  around: ReportSurroundings,
): Promise<Archive> {
  const { id, aeTitle, callingAeTitle, applicationContext, commitment } = config;
  return new Archive({
    id,
    address: await addressOf(config, around.env),
    called: aeTitle,
    calling: callingAeTitle,
    ...(applicationContext === undefined ? {} : { applicationContext }),
    commitment,
    ...(reports.commitment === undefined ? {} : { timings: { lingerMs: 0 } }),
    queue: new FolderQueue(join(directory, id)),
    log: around.log,
    alert: (alert) => void around.alerts.raise(alert),
  });
}

async function addressOf(
  { address, tls }: ArchiveConfig,
  env: ReportSurroundings["env"],
): Promise<PeerAddress> {
  const { host, port } = splitHostPort(address);
  if (tls === undefined) return { host, port };
  const read = (reference: string | undefined) =>
    reference === undefined ? undefined : readSecret(reference, env);
  const [ca, cert, key] = await Promise.all([read(tls.ca), read(tls.cert), read(tls.key)]);
  const { serverName } = tls;
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  return { host, port, tls: serverName === undefined ? files : { ...files, serverName } };
}

function listenerOf({ commitment }: ReportsConfig, archives: readonly Archive[], log: Log): Acceptor | null {
  if (commitment === undefined) return null;
  const { host, port } = splitHostPort(commitment.listen);
  const handler = commitmentHandler(async (good, bad) => {
    for (const archive of archives) await archive.committed(good, bad);
  });
  return new Acceptor({
    host,
    port,
    from: addressFilter(undefined),
    maxAssociations: MAX_COMMITMENT_LINKS,
    idleMs: 60_000,
    requestMs: 30_000,
    handler: () => handler,
    log,
  });
}
