import { statfsSync } from "node:fs";
import type { Database } from "../sqlite.ts";
import { type Retention, USUAL_MAX_BYTES } from "./retention.ts";

/** How long a look at the volume is good for, ms. */
const LOOK_MS = 1000;
/** Of a store that is over its bound, so many of the oldest go for each that comes: it gets smaller. */
const OVER_STEP = 2;

/**
 * How far the store may grow. Who may send declarations could else fill the disk with them, and then no scan is taken: beyond
 * the bound the oldest go for new ones, in the space that they leave.
 */
export class Crowding {
  readonly #path: string;
  readonly #retention: Retention;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #low = false;

  /** `path`: a folder on the store's volume. */
  constructor(options: { readonly path: string; readonly retention: Retention }) {
    this.#path = options.path;
    this.#retention = options.retention;
  }

  /** Records that are to go before another is taken; 0: there is room. */
  toGo(database: Database): number {
    const { maxBytes = USUAL_MAX_BYTES } = this.#retention;
    if (usedBytes(database) > maxBytes) return OVER_STEP;
    return this.#isVolumeLow() ? 1 : 0;
  }

  #isVolumeLow(): boolean {
    const { minFreeBytes = 0 } = this.#retention;
    if (minFreeBytes === 0) return false;
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_MS) return this.#low;
    this.#lookedAt = now;
    const { bavail, bsize } = statfsSync(this.#path);
    this.#low = bavail * bsize < minFreeBytes;
    return this.#low;
  }
}

/** Bytes of the file that hold something. */
function usedBytes(database: Database): number {
  const figure = (name: string) => Number(database.get(`PRAGMA ${name}`)?.[name] ?? 0);
  return (figure("page_count") - figure("freelist_count")) * figure("page_size");
}
