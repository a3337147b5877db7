/** What a channel says; null: not measured, or the portal has none. */
export type ChannelState = "normal" | "alarm" | "fault" | null;

/** Slices kept of an occupancy, at most: ten minutes of 200 ms. An item that stands there longer is a stuck occupancy. */
export const MAX_SLICES = 3_000;

/** One slice of an occupancy: counts by detector. */
export interface Slice {
  /** ms since the epoch, the caller's clock. */
  readonly at: number;
  readonly channel: "gamma" | "neutron";
  readonly counts: readonly number[];
}

/** An item's way through a portal. Times: the caller's clock, ms. */
export interface Occupancy {
  readonly beganAt: number;
  readonly endedAt: number;
  readonly gamma: ChannelState;
  readonly neutron: ChannelState;
  /** Most standard deviations of a one-second window above background; null unknown. */
  readonly gammaSigma: number | null;
  readonly neutronSigma: number | null;
  /** Why a channel says `fault`, plain English. */
  readonly faults: readonly string[];
  /** Counts a second of all detectors before the item came; null unknown. */
  readonly background: { readonly gamma: number | null; readonly neutron: number | null };
  readonly slices: readonly Slice[];
}

/** The sigma to show: of the channel that alarms, else of gamma, which every portal has. */
export function sigmaOf({ gamma, neutron, gammaSigma, neutronSigma }: Occupancy): number | null {
  if (neutron === "alarm" && gamma !== "alarm") return neutronSigma;
  if (neutron === "alarm" && gammaSigma !== null && neutronSigma !== null)
    return Math.max(gammaSigma, neutronSigma);
  return gammaSigma ?? neutronSigma;
}

/**
 * The arithmetic that portals document: F = counts of all detectors over the last `intervals` slices, B = background over the
 * same time, sigma = (F − B) / √B, alarm threshold B + N × √B; the peak is the highest window.
 */
export class SigmaWindow {
  readonly #intervals: number;
  readonly #background: number | null;
  readonly #sums: number[] = [];
  #peak: number | null = null;

  /**
   * @param background expected counts of a whole window; null unknown.
   * @param intervals slices of a window.
   */
  constructor(options: { readonly background: number | null; readonly intervals: number }) {
    this.#background = options.background;
    this.#intervals = options.intervals;
  }

  /** Highest sigma of a whole window so far; null before one is whole or without a background. */
  get peak(): number | null {
    return this.#peak;
  }

  add(counts: readonly number[]): void {
    this.#sums.push(counts.reduce((sum, count) => sum + count, 0));
    if (this.#sums.length > this.#intervals) this.#sums.shift();
    if (this.#sums.length < this.#intervals || this.#background === null || this.#background <= 0) return;
    const foreground = this.#sums.reduce((sum, count) => sum + count, 0);
    const sigma = (foreground - this.#background) / Math.sqrt(this.#background);
    this.#peak = this.#peak === null ? sigma : Math.max(this.#peak, sigma);
  }
}
