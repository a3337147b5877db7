import { backoffMs, pause } from "../backoff.ts";
import type { Log } from "../log.ts";
import type { OutboxRow, Spool } from "../spool/port.ts";
import type { Destination, OutgoingFile } from "./destination.ts";
import type { Place } from "./place.ts";

/** What a follower tells the people at central. */
export interface ReportAlert {
  readonly code: "REPORTS_WAIT" | "REPORT_NOT_MADE";
  readonly severity: "warning";
  readonly message: string;
  readonly remedy: string;
  readonly scanId?: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface FollowerOptions {
  readonly destination: Destination;
  readonly place: Place;
  readonly spool: Pick<Spool, "hitsAfter">;
  /** The files of a hit, in the order in which they go. @throws where they cannot be made */
  readonly filesOf: (row: OutboxRow, images: boolean) => Promise<readonly OutgoingFile[]>;
  readonly alert: (alert: ReportAlert) => void;
  readonly log: Log;
  readonly retry?: { readonly baseMs: number; readonly maxMs: number };
}

/** Hits looked at in one step. */
const STEP = 50;
const RETRY = { baseMs: 1_000, maxMs: 60_000 };
/** After so many tries in vain it is said. */
const SAY_AFTER = 3;
/** A report that cannot be made after so many tries is left out. */
const MAX_TRIES = 5;

/**
 * Follows the journal for one destination, at its own pace and from its own place on disk, so that a stop, a crash, a full disk
 * or a destination that is gone costs no report and holds up no other destination.
 */
export class ReportFollower {
  readonly #options: FollowerOptions;
  readonly #stopped = new AbortController();
  #wake: () => void = () => undefined;
  #fresh = false;
  #running: Promise<void> | null = null;
  /** The hit that could not be made, and how often. */
  #hard = { sequence: 0, tries: 0 };

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { destination, place } = this.#options;
    await destination.start();
    await place.read();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.wake();
    await this.#running;
    await this.#options.destination.stop();
  }

  /** There are new hits. */
  wake(): void {
    this.#fresh = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    const { destination, log, retry = RETRY } = this.#options;
    const { signal } = this.#stopped;
    for (let failures = 0; !signal.aborted; ) {
      this.#fresh = false;
      try {
        const more = await this.#step();
        failures = 0;
        if (!more) await this.#untilFresh();
      } catch (error) {
        failures += 1;
        log.error({ err: error, destination: destination.id }, "reports could not be written; tried again");
        if (failures === SAY_AFTER) this.#sayWaiting((error as Error).message);
        await pause(backoffMs(failures, retry, Math.random), signal);
      }
    }
  }

  /** Whether there may be more. */
  async #step(): Promise<boolean> {
    const { spool, place, destination, retry = RETRY } = this.#options;
    if (!(await destination.hasRoom())) {
      this.#sayWaiting("its queue, or the spool, is full");
      await pause(retry.maxMs, this.#stopped.signal);
      return true;
    }
    const rows = await spool.hitsAfter(place.sequence, STEP);
    const before = place.sequence;
    try {
      for (const row of rows) {
        if (this.#stopped.signal.aborted) return false;
        for (const file of await this.#filesOf(row)) await destination.put(file);
        place.advance(row.sequence);
      }
    } finally {
      if (place.sequence !== before) await place.keep();
    }
    return rows.length === STEP;
  }

  /** A hit whose report cannot be made holds up those behind it only so long. */
  async #filesOf(row: OutboxRow): Promise<readonly OutgoingFile[]> {
    const { filesOf, destination } = this.#options;
    try {
      return await filesOf(row, destination.images);
    } catch (error) {
      const tries = this.#hard.sequence === row.sequence ? this.#hard.tries + 1 : 1;
      this.#hard = { sequence: row.sequence, tries };
      if (tries < MAX_TRIES) throw error;
      this.#options.alert({
        code: "REPORT_NOT_MADE",
        severity: "warning",
        message: `The report on a hit cannot be made for ${destination.id}: ${(error as Error).message}`,
        remedy: "The hit itself stands. Report the fault with the gateway's log.",
        ...(row.scanId === null ? {} : { scanId: row.scanId }),
        details: { destination: destination.id, sequence: row.sequence },
      });
      return [];
    }
  }

  #sayWaiting(reason: string): void {
    const { id, kind } = this.#options.destination;
    this.#options.alert({
      code: "REPORTS_WAIT",
      severity: "warning",
      message: `Reports for the ${kind} ${id} wait in the journal: ${reason}`,
      remedy: "Nothing is lost while the journal keeps its hits. Make the destination take files again.",
      details: { destination: id, kind },
    });
  }

  async #untilFresh(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (!this.#fresh && !this.#stopped.signal.aborted) await woken;
  }
}
