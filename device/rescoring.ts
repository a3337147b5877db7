import type { Alerts } from "./alerts.ts";
import type { Log } from "./log.ts";

/** Why a scan is scored again. */
type Cause = "declaration" | "cancellation";

/** Revisions of one scan that follow declarations at once; each further one waits twice as long as the one before it. */
const AT_ONCE = 8;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 3_600_000;
/** Scans that are remembered or wait; beyond it they are found again in the journal, once there is room. */
const MAX_SCANS = 10_000;
/** Scans that are scored side by side. */
const ABREAST = 8;

export interface RescoringOptions {
  /** Makes the scan's next revision, by all that is known by then. */
  readonly rescore: (scanId: string, cause: Cause) => Promise<unknown>;
  /** Tells every scan again whose declaration is newer than its hit: there were more than are remembered. */
  readonly again: () => Promise<void>;
  readonly alerts: Pick<Alerts, "raise">;
  readonly log: Log;
  readonly maxScans?: number;
  /** Of the first revision that has to wait, ms. */
  readonly firstWaitMs?: number;
}

interface Entry {
  /** Revisions made since it was last quiet. */
  made: number;
  /** Monotonic ms. */
  lastAt: number;
  cause: Cause | null;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Scores scans again when declarations come. Each revision is a row that is never dropped, so that whoever sends one declaration
 * in a thousand amendments could fill the disk: the first follow at once, the others are merged, the last of them always counts.
 */
export class Rescoring {
  readonly #options: RescoringOptions;
  readonly #max: number;
  /** The least recently told scan first. */
  readonly #scans = new Map<string, Entry>();
  readonly #ready = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #missed = false;
  #merged = 0;
  #stopped = false;

  constructor(options: RescoringOptions) {
    this.#options = options;
    this.#max = options.maxScans ?? MAX_SCANS;
  }

  /** Scans that wait for their next revision. */
  get waiting(): number {
    return [...this.#scans.values()].filter(({ cause }) => cause !== null).length;
  }

  /** A declaration of the scan's was stored. Returns at once. */
  tell(scanId: string, cause: Cause): void {
    if (this.#stopped) return;
    const known = this.#scans.get(scanId);
    if (known === undefined && !this.#makeRoom()) {
      this.#missed = true;
      this.#sayHeld(scanId);
      return;
    }
    const entry = known ?? { made: 0, lastAt: Number.NEGATIVE_INFINITY, cause: null, timer: undefined };
    this.#scans.delete(scanId);
    this.#scans.set(scanId, entry);
    const waits = entry.cause !== null;
    entry.cause = cause;
    if (waits) {
      if (entry.timer !== undefined) this.#sayHeld(scanId);
      return;
    }
    const wait = this.#waitOf(entry);
    if (wait <= 0) {
      this.#ready.add(scanId);
      this.#pump();
      return;
    }
    this.#sayHeld(scanId);
    entry.timer = setTimeout(() => {
      entry.timer = undefined;
      this.#ready.add(scanId);
      this.#pump();
    }, wait);
    entry.timer.unref();
  }

  /** What waits is found in the journal at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { timer } of this.#scans.values()) clearTimeout(timer);
    this.#ready.clear();
    await Promise.all(this.#running);
  }

  #waitOf(entry: Entry): number {
    const { firstWaitMs = FIRST_WAIT_MS } = this.#options;
    const quiet = performance.now() - entry.lastAt;
    if (quiet > 2 * LONGEST_WAIT_MS) entry.made = 0;
    if (entry.made < AT_ONCE) return 0;
    return Math.min(firstWaitMs * 2 ** (entry.made - AT_ONCE), LONGEST_WAIT_MS) - quiet;
  }

  #pump(): void {
    for (const scanId of this.#ready) {
      if (this.#stopped || this.#running.size >= ABREAST) return;
      this.#ready.delete(scanId);
      const work = this.#score(scanId).finally(() => {
        this.#running.delete(work);
        this.#pump();
      });
      this.#running.add(work);
    }
    if (this.#missed && this.#ready.size === 0 && this.#running.size === 0 && this.#makeRoom())
      void this.#readAgain();
  }

  async #score(scanId: string): Promise<void> {
    const { rescore, log } = this.#options;
    const entry = this.#scans.get(scanId);
    if (entry === undefined || entry.cause === null) return;
    const { cause } = entry;
    // What comes from now on is not in this revision.
    entry.cause = null;
    entry.made += 1;
    entry.lastAt = performance.now();
    try {
      await rescore(scanId, cause);
    } catch (error) {
      log.error({ err: error, scanId }, "a scan could not be rescored");
    }
  }

  async #readAgain(): Promise<void> {
    this.#missed = false;
    await this.#options.again().catch((error: unknown) => {
      this.#options.log.error({ err: error }, "scans whose declarations came cannot be looked for");
    });
  }

  /** Forgets the scan that has been quiet for longest; false: all of them wait. */
  #makeRoom(): boolean {
    if (this.#scans.size < this.#max) return true;
    for (const [scanId, { cause }] of this.#scans) {
      if (cause !== null) continue;
      this.#scans.delete(scanId);
      return true;
    }
    return false;
  }

  #sayHeld(scanId: string): void {
    this.#merged += 1;
    void this.#options.alerts.raise({
      code: "INBOUND_FLOOD",
      severity: "warning",
      message: "Declarations of the same scans come faster than new scores are made of them",
      remedy: "See who sends declarations for the site; the newest always counts, a score of it comes later.",
      details: { device: "declaration", message: "declaration", scanId, merged: this.#merged },
    });
  }
}
