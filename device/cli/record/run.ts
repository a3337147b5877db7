import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LynceusError } from "../../../protocols/errors.ts";
import { pause } from "../../backoff.ts";
import { loadConfig } from "../../config/load.ts";
import type { LaneConfig } from "../../config/schema.ts";
import { linkTls } from "../../config/secrets.ts";
import { createLog, type Log } from "../../log.ts";
import { openPeripheral } from "../../peripheral/open.ts";
import { createLineScanDriver } from "../../scanner/line-scan/driver.ts";
import type { ScannerDriver } from "../../scanner/port.ts";
import type { Spool } from "../../spool/port.ts";
import { createSpool } from "../../spool/spool.ts";
import { openTransport } from "../../transport/open.ts";
import type { Transport } from "../../transport/port.ts";
import { RECORDING_SCHEMA, type RecordingEntry, recordedTransport } from "../../transport/recording.ts";

export interface RecordOptions {
  readonly config: string;
  readonly lane: string;
  readonly out: string;
  readonly device?: string;
  readonly seconds?: number;
}

/** Entries that wait for the disk, at most; beyond it the recording has a gap, and ends. */
const MAX_WAITING = 4_096;

interface Part {
  start(): unknown;
  stop(): Promise<unknown>;
}

/** Records until a signal or `--seconds`; returns the exit code. */
export async function record(options: RecordOptions): Promise<number> {
  const config = await loadConfig(options.config);
  const lane = config.lanes.find(({ id }) => id === options.lane);
  if (lane === undefined)
    throw usage(`there is no lane ${options.lane}`, `Lanes: ${config.lanes.map(({ id }) => id).join(", ")}`);
  const log = createLog({ name: "lynceus-record", level: "warn" });
  const stop = new AbortController();
  const interrupted = Promise.withResolvers<number>();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => interrupted.resolve(signal === "SIGINT" ? 130 : 0));
  const file = new RecordingFile(options.out, (why) => {
    if (!stop.signal.aborted) process.stderr.write(`${options.out}: ${why}; the recording ends here\n`);
    stop.abort();
  });
  await file.start(lane.id);
  const folder = await mkdtemp(join(tmpdir(), "lynceus-record-"));
  const parts = await partsOf(lane, {
    folder,
    log,
    device: options.device,
    wrap: (id, transport) => file.wrap(id, transport),
  });
  try {
    for (const part of parts) await part.start();
    const time = options.seconds === undefined ? undefined : options.seconds * 1000;
    const over = time === undefined ? new Promise<number>(() => {}) : pause(time, stop.signal).then(() => 0);
    const failed = new Promise<number>((resolve) =>
      stop.signal.addEventListener("abort", () => resolve(1), { once: true }),
    );
    return await Promise.race([interrupted.promise, over, failed]);
  } finally {
    for (const part of parts) await part.stop();
    await file.stop();
    await rm(folder, { recursive: true, force: true });
    process.stdout.write(`${options.out}: ${file.entries} entries, ${file.bytes} bytes of data\n`);
  }
}

interface Recording {
  readonly folder: string;
  readonly log: Log;
  readonly device: string | undefined;
  readonly wrap: (device: string, transport: Transport) => Transport;
}

async function partsOf(lane: LaneConfig, recording: Recording): Promise<readonly Part[]> {
  const { device, log, wrap } = recording;
  const wanted = (id: string) => device === undefined || device === id;
  const { modbusPart } = await import("./modbus-part.ts");
  const peripherals = lane.peripherals.flatMap((each): Part[] => {
    if (!wanted(each.id) || each.kind === "camera") return [];
    if (each.kind === "conveyor" || (each.kind === "radiation" && each.protocol === "aspect"))
      return [modbusPart(each, { log, wrap: (transport) => wrap(each.id, transport) })];
    const tls = linkTls("tls" in each ? each.tls : undefined, process.env);
    const transport = wrap(each.id, openTransport(each.transport, { tls }));
    return [openPeripheral({ ...each, transport, clock: Date.now, log })];
  });
  const linked = lane.scanner.driver === "line-scan" || lane.scanner.driver === "module";
  const scanner = linked && wanted("scanner") ? await scannerPart(lane, recording) : null;
  const parts = [...peripherals, ...(scanner === null ? [] : [scanner])];
  if (parts.length > 0) return parts;
  throw usage(
    `lane ${lane.id} has no ${device ?? "link"} that can be recorded`,
    "Links are recorded that carry bytes: line-scan, modules, readers, scales, portals and Modbus; not folders, cameras or DICOM",
  );
}

/** The real driver, with a spool that is thrown away: it answers the scanner as always, and refuses each scan. */
async function scannerPart(lane: LaneConfig, recording: Recording): Promise<Part> {
  const { folder, log } = recording;
  const spool = createSpool({
    path: join(folder, "spool"),
    minFreeBytes: 0,
    maxBytes: 1e12,
    keepPublishedMs: 1e9,
    site: "ZZZZZ",
    gateway: "record",
    clock: Date.now,
    log,
    onFatal: () => {},
  });
  const driver = await driverOf(lane, spool, recording);
  return {
    start: async () => {
      await spool.start();
      void refuseAll(driver);
      await driver.start();
    },
    stop: async () => {
      await driver.stop();
      await spool.stop();
    },
  };
}

/** The lane's driver on links that are written down: its own, or those that a vendor's module opens. */
async function driverOf(lane: LaneConfig, store: Spool, { log, wrap }: Recording): Promise<ScannerDriver> {
  const { scanner } = lane;
  const common = { lane: lane.id, store, clock: Date.now, log };
  if (scanner.driver === "module") {
    const { loadDriverModule } = await import("../../scanner/module/load.ts");
    const { options, maxScanBytes } = scanner;
    const transport = (url: string) => wrap("scanner", openTransport(url));
    const module = await loadDriverModule(scanner.module, process.cwd());
    return module.createDriver({ ...common, options, maxScanBytes, transport });
  }
  if (scanner.driver !== "line-scan")
    throw usage("the scanner is no link", "Name a lane whose driver is line-scan or module");
  const { allow, tls, transport, maxScanBytes } = scanner;
  const link = openTransport(transport, { from: allow.from, tls: linkTls(tls, process.env) });
  return createLineScanDriver({
    ...common,
    transport: wrap("scanner", link),
    serials: allow.serials,
    maxScanBytes,
  });
}

/** Nothing is stored, so nothing is acknowledged: the scanner keeps its scans for the gateway. */
async function refuseAll(driver: ScannerDriver): Promise<void> {
  for await (const capture of driver.captures()) {
    await driver
      .refuse(capture, "PAUSED", "The gateway records this link and stores nothing")
      .catch(() => undefined);
    await rm(capture.directory, { recursive: true, force: true });
  }
}

/** Writes entries as they come, one line each. */
class RecordingFile {
  readonly #path: string;
  readonly #onGap: (why: string) => void;
  readonly #since = performance.now();
  #handle: Awaited<ReturnType<typeof open>> | null = null;
  #writing: Promise<void> = Promise.resolve();
  #waiting = 0;
  entries = 0;
  bytes = 0;

  constructor(path: string, onGap: (why: string) => void) {
    this.#path = path;
    this.#onGap = onGap;
  }

  /** Labels and documents are recorded as they come and may name people: the file is its owner's alone. */
  async start(lane: string): Promise<void> {
    this.#handle = await open(this.#path, "wx", 0o600).catch((cause: Error) => {
      throw usage(`${this.#path} cannot be written: ${cause.message}`, "Name a file that is not there yet");
    });
    await this.#handle.write(
      `${JSON.stringify({ schema: RECORDING_SCHEMA, lane, at: new Date().toISOString() })}\n`,
    );
  }

  wrap(device: string, transport: Transport): Transport {
    return recordedTransport(transport, { device, since: this.#since, record: (entry) => this.#take(entry) });
  }

  async stop(): Promise<void> {
    await this.#writing;
    await this.#handle?.close();
  }

  #take(entry: RecordingEntry): void {
    if (this.#waiting >= MAX_WAITING) {
      this.#onGap("the disk is slower than the link");
      return;
    }
    this.#waiting += 1;
    this.entries += 1;
    if ("bytes" in entry) this.bytes += Math.floor((entry.bytes.length * 3) / 4);
    this.#writing = this.#writing
      .then(async () => void (await this.#handle?.write(`${JSON.stringify(entry)}\n`)))
      .catch((error: Error) => this.#onGap(`it cannot be written: ${error.message}`))
      .finally(() => {
        this.#waiting -= 1;
      });
  }
}

function usage(what: string, remedy: string): LynceusError {
  return new LynceusError("LYN_USAGE", `record: ${what}`, { remedy });
}
