import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { PlaneVault } from "../keys/plane-vault.ts";
import type { Log } from "../log.ts";
import type { JournalClient } from "./client.ts";
import { Digester } from "./digester.ts";
import type { ScrubPlace } from "./operations/scrubbing.ts";
import type { OutboxRow, StoredScan, UnsealedData } from "./port.ts";
import { planesDamaged, QUARANTINE, quarantine } from "./quarantine.ts";
import type { Room } from "./room.ts";
import { jobsOf, type ScrubJob } from "./scrub-jobs.ts";

/** After a start the scans and hits that wait go first, ms. */
const DELAY_MS = 600_000;
/** From the end of one pass to the next, ms. */
const REST_MS = 24 * 3_600_000;
/** What is read in a second, on average: 200 GB in 28 hours. */
const BYTES_A_SECOND = 2_000_000;
/** While scans come or are written, one file in so long, ms; between two looks whether they do, ms. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 250;
/** The place is noted after so many scans: what a crash forgets is read again. */
const NOTE_EVERY = 100;

export interface PlaneScrubOptions {
  /** The spool's folder. */
  readonly path: string;
  readonly client: JournalClient;
  readonly vault: Pick<PlaneVault, "unseal">;
  readonly room: Pick<Room, "change">;
  /** Whether scans are being taken: their disk is not read then. */
  readonly busy: () => boolean;
  readonly alert: (alert: { data: UnsealedData; lane: string; scanId: string }) => Promise<OutboxRow>;
  readonly log: Log;
  readonly delayMs?: number | undefined;
  readonly bytesASecond?: number | undefined;
}

/**
 * Reads the stored planes and received files again, slowly and over and over, and compares their digests: what rots on a disk is
 * found while the scanner or central may still have another. Damaged scans are kept apart and said, never deleted.
 */
export class PlaneScrub {
  readonly #options: PlaneScrubOptions;
  readonly #digester = new Digester();
  #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #bytes = 0;
  #damaged = 0;

  constructor(options: PlaneScrubOptions) {
    this.#options = options;
  }

  /** Bytes read since the start; scans kept apart as damaged, those of earlier runs too. */
  get figures(): { readonly scrubbedBytes: number; readonly damagedScans: number } {
    return { scrubbedBytes: this.#bytes, damagedScans: this.#damaged };
  }

  start(): void {
    this.#damaged = countIn(join(this.#options.path, QUARANTINE));
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#digester.close();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { delayMs = DELAY_MS, log } = this.#options;
    await pause(delayMs, signal);
    while (!signal.aborted) {
      try {
        await this.#pass(signal);
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, "stored planes could not be read again; tried later");
      }
      await this.#digester.close();
      await pause(REST_MS, signal);
    }
  }

  /** From where the last pass came to, to the end. */
  async #pass(signal: AbortSignal): Promise<void> {
    const { client, log } = this.#options;
    let place = await client.call("scrubPlace", undefined, "grouped");
    try {
      for (let scans = 1; !signal.aborted; scans += 1) {
        const next = await client.call("nextToScrub", place, "grouped");
        if (next === null) {
          place = { receivedAt: 0, row: 0 };
          log.info({ scans: scans - 1 }, "stored planes were read again");
          return;
        }
        await this.#scan(next.stored, signal);
        if (signal.aborted) return;
        place = next.place;
        if (scans % NOTE_EVERY === 0) await this.#note(place);
      }
    } finally {
      await this.#note(place);
    }
  }

  async #note(place: ScrubPlace): Promise<void> {
    await this.#options.client.call("keepScrubPlace", place, "grouped");
  }

  async #scan(stored: StoredScan, signal: AbortSignal): Promise<void> {
    const { path, vault, bytesASecond = BYTES_A_SECOND } = this.#options;
    const scan = vault.unseal({ ...stored.scan, directory: join(path, stored.scan.directory) });
    const faults = new Map<string, string>();
    for (const job of jobsOf({ ...stored, scan })) {
      await this.#quiet(signal);
      if (signal.aborted) return;
      const why = await this.#faultOf(job);
      if (why !== null) faults.set(job.file, why);
      this.#bytes += job.bytes;
      await pause((job.bytes / bytesASecond) * 1000, signal);
    }
    if (faults.size > 0) await this.#keepApart(stored, faults);
  }

  /** Only what two looks agree on is damage. */
  async #faultOf(job: ScrubJob): Promise<string | null> {
    return (await this.#digester.faultOf(job)) === null ? null : this.#digester.faultOf(job);
  }

  async #quiet(signal: AbortSignal): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (this.#options.busy() && performance.now() < end && !signal.aborted) await pause(LOOK_MS, signal);
  }

  async #keepApart({ scan }: StoredScan, faults: ReadonlyMap<string, string>): Promise<void> {
    const { path, client, room, alert, log } = this.#options;
    const { scanId, directory, lane } = scan;
    if (!(await client.call("arePlanesKept", { scanId, directory }))) return;
    const moved = await quarantine(path, directory);
    await client.call("quarantineScan", { scanId, directory: moved ?? directory });
    room.change(-scan.planes.reduce((sum, { bytes }) => sum + bytes, 0));
    this.#damaged += 1;
    const files = [...faults.keys()];
    log.error({ scanId, faults: Object.fromEntries(faults) }, "stored planes are not what they were");
    await alert({ lane, scanId, data: planesDamaged({ scanId, lane, files, folder: moved }) });
  }
}

function countIn(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch {
    return 0;
  }
}

/** Ends early where it is aborted, and keeps no process from ending. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
