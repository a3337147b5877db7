import { isIP } from "node:net";
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
import { Archive, type ArchiveTimings } from "./archive.ts";
import { commitmentHandler } from "./commitment.ts";
import { ArchiveDestination, type Destination, FolderDestination } from "./destination.ts";
import type { PeerAddress } from "./link.ts";
import { ReportOutput } from "./output.ts";
import { FolderQueue } from "./queue.ts";

export interface ReportSurroundings {
  readonly spoolPath: string;
  readonly site: string;
  readonly gateway: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly spool: Pick<Spool, "hitsAfter" | "scan" | "onCommitted" | "journal" | "takesBulk">;
  readonly alerts: Pick<Alerts, "raise">;
  readonly clock: () => number;
  readonly log: Log;
  /** Times of archives; tests shorten them. */
  readonly timings?: Partial<ArchiveTimings>;
}

/** Reports as configured, with the listener for storage commitment where there is one. */
export interface Reports {
  readonly output: ReportOutput;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const MAX_COMMITMENT_LINKS = 32;

/** @throws LYN_SECRET_UNREADABLE, LYN_TRANSPORT_URL */
export async function reportsOf(config: ReportsConfig, around: ReportSurroundings): Promise<Reports> {
  const { spoolPath, site, gateway, spool, alerts, log, clock } = around;
  const directory = join(spoolPath, "dicom", "out");
  const archives = await Promise.all(config.archives.map((one) => archiveOf(one, config, directory, around)));
  const { version, folder, images } = config;
  const destinations: Destination[] = archives.map(
    (archive, at) =>
      new ArchiveDestination({
        archive,
        images: config.archives[at]?.images ?? false,
        takesBulk: () => spool.takesBulk(),
      }),
  );
  if (folder !== undefined) destinations.unshift(new FolderDestination({ folder, images, clock }));
  const output = new ReportOutput({
    directory,
    version,
    software: packageVersion(),
    site,
    gateway,
    destinations,
    spool,
    alert: (alert) => void alerts.raise(alert),
    log,
  });
  const listener = listenerOf(config, archives, log);
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
    timings: { ...around.timings, ...(reports.commitment === undefined ? {} : { lingerMs: 0 }) },
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

/**
 * The listener that archives report to on associations of their own. Only those that were asked may: by AE title, by address
 * where the archives' addresses are known (or as `allow.from` says), and by the transaction that they report on.
 */
function listenerOf(config: ReportsConfig, archives: readonly Archive[], log: Log): Acceptor | null {
  const { commitment } = config;
  if (commitment === undefined) return null;
  const { host, port } = splitHostPort(commitment.listen);
  const asked = config.archives.filter((archive) => archive.commitment);
  const peers = {
    calling: new Set(asked.map(({ aeTitle }) => aeTitle)),
    called: new Set([commitment.aeTitle, ...asked.map(({ callingAeTitle }) => callingAeTitle)]),
  };
  const handler = commitmentHandler(peers, async (report, { address, aeTitle }) => {
    // Whoever learned of another archive's transaction speaks for itself only.
    const own = new Set(asked.filter((archive) => archive.aeTitle === aeTitle).map(({ id }) => id));
    for (const archive of archives) if (own.has(archive.id) && (await archive.settle(report))) return true;
    log.warn({ address, aeTitle }, "a commitment report of a transaction that was not asked for is refused");
    return false;
  });
  return new Acceptor({
    host,
    port,
    from: addressFilter(commitment.allow.from ?? addressesOf(asked)),
    maxAssociations: MAX_COMMITMENT_LINKS,
    idleMs: 60_000,
    requestMs: 30_000,
    handler: () => handler,
    log,
  });
}

/** The archives' addresses; undefined, which is any, where one is given by name. */
function addressesOf(archives: readonly ArchiveConfig[]): readonly string[] | undefined {
  const hosts = archives.map(({ address }) => splitHostPort(address).host);
  return hosts.every((host) => isIP(host) !== 0) ? hosts : undefined;
}
