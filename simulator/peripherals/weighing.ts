import { Random } from "../random.ts";

/** Steps of the display, kg. */
export const DIVISION_KG = 0.001;
/** How long a weight swings after an item was put on or taken off, ms. */
export const SETTLE_MS = 250;
/** The swing dies away with this time constant, ms. */
const DAMPING_MS = 60;
/** Period of the swing, ms. */
const SWING_MS = 90;

/** What the scale shows at a moment. */
export interface Weight {
  /** kg, rounded to {@link DIVISION_KG}. */
  readonly kg: number;
  readonly stable: boolean;
}

/** The load cell: the weight swings into place and is stable {@link SETTLE_MS} after the last change. Times in ms. */
export class Weighing {
  readonly #random: Random;
  readonly #pace: number;
  readonly #changed = new Set<() => void>();
  #target = 0;
  #from = 0;
  #changedAt = Number.NEGATIVE_INFINITY;
  #phase = 0;

  /** `pace`: how many times faster than in life everything goes. */
  constructor(options: { readonly seed: number; readonly pace?: number }) {
    this.#pace = options.pace ?? 1;
    this.#random = new Random(options.seed, "weighing");
  }

  /** Puts `kg` on the scale (0 takes the item off) at time `now`. */
  put(kg: number, now: number): void {
    this.#from = this.at(now).kg;
    this.#target = kg;
    this.#changedAt = now;
    this.#phase = this.#random.range(0, 2 * Math.PI);
    for (const listener of this.#changed) listener();
  }

  at(now: number): Weight {
    const elapsed = (now - this.#changedAt) * this.#pace;
    if (elapsed >= SETTLE_MS) return { kg: round(this.#target), stable: true };
    const left = Math.exp(-elapsed / DAMPING_MS);
    const swing = Math.cos((2 * Math.PI * elapsed) / SWING_MS + this.#phase);
    const away = (this.#from - this.#target) * left * (0.8 + 0.2 * swing);
    return { kg: round(Math.max(0, this.#target + away)), stable: false };
  }

  /** When the weight will be (or became) stable, ms. */
  get stableAt(): number {
    return this.#changedAt + SETTLE_MS / this.#pace;
  }

  /** Calls `listener` when an item is put on or taken off; returns how to stop. */
  onChange(listener: () => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }
}

function round(kg: number): number {
  return Math.round(kg / DIVISION_KG) * DIVISION_KG;
}
