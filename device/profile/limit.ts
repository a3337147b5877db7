import type { ImageFigures } from "../scan.ts";
import type { ScannerProfile } from "./schema.ts";

/** Scans whose median is compared with a limit. */
export const LIMIT_SCANS = 5;
/** Limits where a profile sets none: beyond these a calibration does not fit, whatever the machine. Of the air level. */
export const USUAL_LIMITS = { stripes: 0.01, airShift: 0.05 } as const;

export type Limits = ScannerProfile["limits"];

/** A figure beyond its limit. */
export interface Beyond {
  readonly figure: keyof Limits;
  readonly now: number;
  readonly limit: number;
}

/** Tells once when the median of the last scans is beyond a limit, and again after it was within. */
export class FigureLimit {
  readonly #figure: keyof Limits;
  readonly #limit: number;
  readonly #recent: number[] = [];
  #told = false;

  constructor(figure: keyof Limits, limit: number) {
    this.#figure = figure;
    this.#limit = limit;
  }

  take(value: number): Beyond | null {
    this.#recent.push(value);
    if (this.#recent.length > LIMIT_SCANS) this.#recent.shift();
    if (this.#recent.length < LIMIT_SCANS) return null;
    const now = this.#recent.toSorted((a, b) => a - b)[LIMIT_SCANS >> 1] ?? 0;
    const beyond = this.#figure === "penetration" ? now < this.#limit : Math.abs(now) > this.#limit;
    const told = this.#told;
    this.#told = beyond;
    return beyond && !told ? { figure: this.#figure, now, limit: this.#limit } : null;
  }
}

/** A watch for each figure that has a limit. */
export function limitsOf(limits: Limits): ReadonlyMap<keyof ImageFigures, FigureLimit> {
  const all = Object.entries({ ...USUAL_LIMITS, ...limits }) as [keyof Limits, number | undefined][];
  return new Map(
    all.flatMap(([figure, limit]) => (limit === undefined ? [] : [[figure, new FigureLimit(figure, limit)]])),
  );
}
