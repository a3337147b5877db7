import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NOTHING_MEASURED } from "../../../lane/item.ts";
import { SILENT_LOG } from "../../../log.ts";
import type { Capture } from "../../../scan.ts";
import type { ScanStore, ScanWriter, Spool } from "../../../spool/port.ts";
import { createSpool } from "../../../spool/spool.ts";
import { openTransport } from "../../../transport/open.ts";
import type { ScannerDriver, ScannerEvent } from "../../port.ts";
import type { ConformancePeer, DriverModule, PeerScan } from "../api.ts";

/** Lane of the suite. */
const LANE = "conformance";
const MAX_SCAN_BYTES = 64_000_000;

/** A driver of the module with its machine and a real spool in a folder of its own. */
export interface Rig {
  readonly peer: ConformancePeer;
  readonly driver: ScannerDriver;
  readonly events: readonly ScannerEvent[];
  /** Captures that the lane has taken and stored, with their planes as read back. */
  readonly taken: readonly Capture[];
  /** Scans that the driver has begun and the lane has neither stored nor refused. */
  readonly ahead: number;
  /** The lane takes captures from now on. */
  go(): void;
  /** Captures are taken and not stored until `store`. */
  keepUnstored(): void;
  store(): void;
  /** Captures that the lane has asked for and got, stored or not. */
  readonly pulled: number;
  /** Refuses the next capture. */
  refuseNext(): void;
  samplesOf(capture: Capture): Promise<Uint16Array>;
  until(condition: () => boolean, what: string, timeoutMs: number): Promise<void>;
  /** Stops the driver; resolves true when its captures ended too. */
  stopDriver(withinMs: number): Promise<boolean>;
  close(): Promise<void>;
}

export async function openRig(module: DriverModule, createPeer: () => ConformancePeer): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), "lynceus-conformance-"));
  const spool = spoolIn(folder);
  await spool.start();
  const peer = createPeer();
  const options = await peer.start();
  let begun = 0;
  const store: ScanStore = {
    admission: (lane) => spool.admission(lane),
    find: (lane, key) => spool.find(lane, key),
    begin: async (asked) => {
      begun += 1;
      const writer = await spool.begin(asked);
      return discardCounted(writer, () => {
        begun -= 1;
      });
    },
  };
  const driver = module.createDriver({
    lane: LANE,
    options,
    store,
    maxScanBytes: MAX_SCAN_BYTES,
    clock: Date.now,
    log: SILENT_LOG,
    transport: (url) => openTransport(url),
  });
  const events: ScannerEvent[] = [];
  driver.onEvent((event) => events.push(event));
  const taker = new Taker(driver, spool);
  await driver.start();
  return {
    peer,
    driver,
    events,
    taken: taker.taken,
    get ahead() {
      return begun - taker.done;
    },
    get pulled() {
      return taker.pulled;
    },
    go: () => taker.go(),
    keepUnstored: () => taker.keepUnstored(),
    store: () => taker.store(),
    refuseNext: () => taker.refuseNext(),
    samplesOf: async (capture) => {
      const [plane] = capture.planes;
      const bytes = await readFile(join(capture.directory, plane?.file ?? ""));
      return new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    },
    until: (condition, what, timeoutMs) => {
      const sound = () => {
        if (taker.fault !== null) throw taker.fault;
        return condition();
      };
      return until(sound, what, timeoutMs);
    },
    stopDriver: (withinMs) => within(Promise.all([driver.stop(), taker.ended]), withinMs),
    async close() {
      taker.go();
      taker.store();
      await within(driver.stop(), 5_000);
      await peer.stop();
      await spool.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The lane of the suite: takes a capture, stores it durably, acknowledges. */
class Taker {
  readonly taken: Capture[] = [];
  readonly ended: Promise<void>;
  /** Captures stored, refused or known already. */
  done = 0;
  pulled = 0;
  /** What kept the lane from storing a capture: the driver has taken it back. */
  fault: Error | null = null;
  readonly #gate = Promise.withResolvers<void>();
  #storing = Promise.resolve();
  #store: () => void = () => undefined;
  #refuse = false;

  constructor(driver: ScannerDriver, spool: Spool) {
    this.ended = this.#run(driver, spool).catch((error: Error) => {
      this.fault = error;
    });
  }

  go(): void {
    this.#gate.resolve();
  }

  keepUnstored(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#storing = promise;
    this.#store = resolve;
  }

  store(): void {
    this.#store();
  }

  refuseNext(): void {
    this.#refuse = true;
  }

  async #run(driver: ScannerDriver, spool: Spool): Promise<void> {
    await this.#gate.promise;
    for await (const capture of driver.captures()) {
      this.pulled += 1;
      await this.#storing;
      if (this.#refuse) {
        this.#refuse = false;
        await driver.refuse(capture, "SPOOL_FULL", "refused by the suite");
      } else {
        const item = { lane: LANE, identifiers: [], measured: NOTHING_MEASURED, trackingAmbiguous: false };
        const accepted = await spool.accept(capture, item);
        if (accepted.outcome === "new") this.taken.push(capture);
        await driver.acknowledge(capture, accepted.scan);
      }
      this.done += 1;
    }
  }
}

/** The writer, with word of a scan that was dropped. */
function discardCounted(writer: ScanWriter, dropped: () => void): ScanWriter {
  let over = false;
  return {
    scanId: writer.scanId,
    directory: writer.directory,
    get bytes() {
      return writer.bytes;
    },
    writeLines: (plane, firstLine, samples) => writer.writeLines(plane, firstLine, samples),
    writePlane: (plane, data) => writer.writePlane(plane, data),
    finish: (widths) => writer.finish(widths),
    discard: async () => {
      if (!over) dropped();
      over = true;
      await writer.discard();
    },
  };
}

function spoolIn(folder: string): Spool {
  return createSpool({
    path: join(folder, "spool"),
    minFreeBytes: 0,
    maxBytes: 1e12,
    keepPublishedMs: 1e9,
    site: "NLRTM-EX",
    gateway: "conformance",
    clock: Date.now,
    log: SILENT_LOG,
    onFatal: () => {},
  });
}

async function until(condition: () => boolean, what: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether the work ends in time. */
function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  return Promise.race([
    work.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms).unref()),
  ]);
}

/** A scan whose every count tells where it belongs. */
export function patternScan(scanRef: string, width = 48, height = 32, salt = 0): PeerScan {
  const samples = Uint16Array.from({ length: width * height }, (_, at) => (at * 31 + salt * 977) % 60_000);
  return { scanRef, width, height, samples };
}
