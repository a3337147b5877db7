import type { ImageFigures } from "../scan.ts";

/** Scans that make the machine's own standard. */
export const STANDARD_SCANS = 50;
/** Scans that are compared with it. */
export const RECENT_SCANS = 20;

/** What is watched: the figures of the image, and the quality of it, 0..1. */
export type Watched = keyof ImageFigures | "quality";

/** How far a figure may move from the machine's standard before it is told, and how near it must come back. */
interface Rule {
  /** Above 1 it has moved too far. */
  readonly moved: (standard: number, now: number) => number;
}

const RULES: Readonly<Record<Watched, Rule>> = {
  quality: { moved: (standard, now) => (standard - now) / 0.15 },
  noise: { moved: (standard, now) => (now - standard) / Math.max(0.002, 0.4 * standard) },
  stripes: { moved: (standard, now) => (now - standard) / 0.004 },
  airShift: { moved: (standard, now) => Math.abs(now - standard) / 0.03 },
  penetration: { moved: (standard, now) => (standard - now) / 0.5 },
  ratio: { moved: (standard, now) => Math.abs(now / standard - 1) / 0.08 },
};
/** Told again only after it has come back to this share of what is too far. */
const RECOVERED = 1 / 3;

export const WATCHED = Object.keys(RULES) as readonly Watched[];

/** A figure that has moved. */
export interface Moved {
  readonly figure: Watched;
  readonly standard: number;
  readonly now: number;
}

/**
 * Watches one figure of one machine: its first scans are the standard, and that the median of the last ones has moved from it
 * is told once. Memory: {@link STANDARD_SCANS} figures. Pure: no clock.
 */
export class FigureDrift {
  readonly #figure: Watched;
  readonly #first: number[];
  readonly #recent: number[] = [];
  #told = false;

  /** `first`: the figures of the first scans as {@link kept} gave them before a restart. */
  constructor(figure: Watched, first: readonly number[] = []) {
    this.#figure = figure;
    this.#first = first.slice(0, STANDARD_SCANS);
  }

  /** What is to be kept over a restart: a machine that has moved must not become its own standard. */
  get kept(): readonly number[] {
    return this.#first;
  }

  /** Median of the machine's first scans; null until there are enough. */
  get standard(): number | null {
    return this.#first.length < STANDARD_SCANS ? null : median(this.#first);
  }

  /** Takes the figure of a scan; returns what is to be told. */
  take(value: number): Moved | null {
    if (!Number.isFinite(value)) return null;
    const { standard } = this;
    if (standard === null) {
      this.#first.push(value);
      return null;
    }
    this.#recent.push(value);
    if (this.#recent.length > RECENT_SCANS) this.#recent.shift();
    if (this.#recent.length < RECENT_SCANS) return null;
    const now = median(this.#recent);
    const moved = RULES[this.#figure].moved(standard, now);
    if (this.#told) {
      if (moved <= RECOVERED) this.#told = false;
      return null;
    }
    if (moved <= 1) return null;
    this.#told = true;
    return { figure: this.#figure, standard, now };
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
