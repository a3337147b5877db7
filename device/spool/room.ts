import type { Log } from "../log.ts";
import { freeBytes } from "./ballast.ts";
import type { Admission } from "./port.ts";

/** How long a look at the disk is good for, ms. */
const LOOK_MS = 1000;

export interface RoomOptions {
  readonly path: string;
  /** Free space below which no scan is admitted, bytes. */
  readonly minFreeBytes: number;
  /** Bytes that planes may take. */
  readonly maxBytes: number;
  readonly log: Log;
}

/** How much room the spool has: what admits a scan, and what must go. */
export class Room {
  readonly #options: RoomOptions;
  #used = 0;
  #free = Number.POSITIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** Bytes that planes take. */
  get used(): number {
    return this.#used;
  }

  /** Free bytes of the volume, looked up at most once a second. */
  get free(): number {
    const now = performance.now();
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now;
      this.#free = this.#look();
    }
    return this.#free;
  }

  /** Scans were stored (positive) or removed (negative). */
  change(bytes: number): void {
    this.#used += bytes;
    if (bytes < 0) this.#lookedAt = Number.NEGATIVE_INFINITY;
  }

  admission(): Admission {
    const { minFreeBytes, maxBytes } = this.#options;
    if (this.free < minFreeBytes) {
      return refused(`${this.#free} bytes free on the spool's volume, ${minFreeBytes} must stay free`);
    }
    if (this.#used >= maxBytes)
      return refused(`scans take ${this.#used} of ${maxBytes} bytes and none may go yet`);
    return { ok: true };
  }

  /** How full the spool is, 0 to 1: of its quota, or of what it may take of the volume, whichever is more. */
  get fill(): number {
    if (this.free < this.#options.minFreeBytes) return 1;
    return this.#limit === 0 ? 0 : Math.min(1, this.#used / this.#limit);
  }

  /** Bytes of planes that must go for the spool to be filled to this share. */
  above(share: number): number {
    const missing = Math.max(0, this.#options.minFreeBytes - this.free);
    return Math.ceil(Math.max(0, this.#used - share * this.#limit, missing));
  }

  /** Bytes that planes may take: of the quota, and of the volume. */
  get #limit(): number {
    const { maxBytes, minFreeBytes } = this.#options;
    return Math.min(maxBytes, this.#used + Math.max(0, this.free - minFreeBytes));
  }

  #look(): number {
    try {
      return freeBytes(this.#options.path);
    } catch (error) {
      this.#options.log.warn({ error }, "cannot look at the spool's volume");
      return 0;
    }
  }
}

function refused(message: string): Admission {
  return { ok: false, code: "SPOOL_FULL", message };
}
