import type { Log } from "../log.ts";
import { freeBytes, isLaid } from "./ballast.ts";
import { isAtLeast, LADDER, type Level, levelAt } from "./ladder.ts";
import type { Admission } from "./port.ts";

/** How long a look at the disk is good for, ms; near the end it is looked at with each scan. */
const LOOK_MS = 250;

export interface RoomOptions {
  readonly path: string;
  /** Free space below which no scan is admitted, bytes. */
  readonly minFreeBytes: number;
  /** Bytes that planes may take. */
  readonly maxBytes: number;
  /** The first ballast: while it is given up, its space is the journal's. Absent: none. */
  readonly ballastBytes?: number | undefined;
  readonly log: Log;
}

/** How much room the spool has: what admits a scan, and what must go. */
export class Room {
  readonly #options: RoomOptions;
  #used = 0;
  #free = Number.POSITIVE_INFINITY;
  /** Of those, given up by the ballast. */
  #lent = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #level: Level = "open";

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** Bytes that planes take. */
  get used(): number {
    return this.#used;
  }

  /** Free bytes of the volume, as last looked up. */
  get free(): number {
    const now = performance.now();
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now;
      this.#look();
    }
    return this.#free;
  }

  /** What is refused now. */
  get level(): Level {
    this.#level = levelAt(this.fill, this.#level);
    return this.#level;
  }

  /** Whether it is the volume that is full, not the quota. */
  get isOfVolume(): boolean {
    return this.#limit < this.#options.maxBytes;
  }

  /** Whether copies and packages may be written, which can wait. */
  get takesBulk(): boolean {
    return !isAtLeast(this.level, "no-bulk");
  }

  /** Scans were stored (positive) or removed (negative). */
  change(bytes: number): void {
    this.#used += bytes;
    this.#free -= bytes;
    if (bytes < 0 || this.fill >= LADDER.low) this.lookAgain();
  }

  /** The volume has changed. */
  lookAgain(): void {
    this.#lookedAt = Number.NEGATIVE_INFINITY;
  }

  admission(): Admission {
    const { minFreeBytes, maxBytes } = this.#options;
    if (this.#usable < minFreeBytes) {
      return refused(`${this.#usable} bytes free on the spool's volume, ${minFreeBytes} must stay free`);
    }
    if (this.#used >= maxBytes)
      return refused(`scans take ${this.#used} of ${maxBytes} bytes and none may go yet`);
    return { ok: true };
  }

  /** How full the spool is, 0 to 1: of its quota, or of what it may take of the volume, whichever is more. */
  get fill(): number {
    if (this.#usable < this.#options.minFreeBytes) return 1;
    return this.#limit === 0 ? 0 : Math.min(1, this.#used / this.#limit);
  }

  /** Bytes of planes that must go for the spool to be filled to this share. */
  above(share: number): number {
    const missing = Math.max(0, this.#options.minFreeBytes - this.#usable);
    return Math.ceil(Math.max(0, this.#used - share * this.#limit, missing));
  }

  /** Bytes that planes may take: of the quota, and of the volume. */
  get #limit(): number {
    const { maxBytes, minFreeBytes } = this.#options;
    return Math.min(maxBytes, this.#used + Math.max(0, this.#usable - minFreeBytes));
  }

  /** Free bytes that images may take. */
  get #usable(): number {
    return Math.max(0, this.free - this.#lent);
  }

  #look(): void {
    const { path, ballastBytes = 0, log } = this.#options;
    try {
      this.#lent = ballastBytes === 0 || isLaid(path, "first") ? 0 : ballastBytes;
      this.#free = freeBytes(path);
    } catch (error) {
      log.warn({ error }, "cannot look at the spool's volume");
      this.#free = 0;
    }
  }
}

function refused(message: string): Admission {
  return { ok: false, code: "SPOOL_FULL", message };
}
