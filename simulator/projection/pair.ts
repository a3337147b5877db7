import { LynceusError } from "../../protocols/errors.ts";

/** Counts of air in the planes that are written. */
export const OUTPUT_AIR_LEVEL = 60_000;
/** Sides of a pair, pixels. */
export const MIN_PAIR_SIDE = 32;
export const MAX_PAIR_SIDE = 8192;
const AIR_BINS = 120;
/** Air is looked for in this range about the 99.5 % quantile: a few pixels are always too bright. */
const AIR_FROM = 0.9;
const AIR_TO = 1.02;
/** Share of the fullest bin from which a peak counts. */
const STRONG_PEAK = 0.35;

/** A dual-energy scan as transmissions (air = 1), row-major, low energy first. */
export interface Pair {
  readonly width: number;
  readonly height: number;
  readonly planes: readonly [Float32Array, Float32Array];
}

export interface RawPair {
  readonly width: number;
  readonly height: number;
  /** Counts, row-major. */
  readonly low: Uint16Array;
  readonly high: Uint16Array;
  /** Counts in air of both planes; each plane's own is estimated where it is absent. */
  readonly airLevel?: number;
}

/**
 * Transmissions of a pair.
 * @throws LynceusError `LYN_SIMULATION` where the sides or the lengths of the planes cannot be used.
 */
export function pairOf(raw: RawPair): Pair {
  const { width, height, low, high } = raw;
  const sides = [width, height];
  if (!sides.every((side) => Number.isInteger(side) && side >= MIN_PAIR_SIDE && side <= MAX_PAIR_SIDE)) {
    throw unusable(`it has ${width} × ${height} pixels`, `${MIN_PAIR_SIDE} to ${MAX_PAIR_SIDE} a side`);
  }
  if (low.length !== width * height || high.length !== width * height) {
    throw unusable("its planes differ in size", "two planes of the same acquisition");
  }
  const scaled = (plane: Uint16Array): Float32Array => {
    const air = raw.airLevel ?? airLevelOf(plane);
    return Float32Array.from(plane, (count) => count / air);
  };
  return { width, height, planes: [scaled(low), scaled(high)] };
}

function unusable(reason: string, wanted: string): LynceusError {
  return new LynceusError("LYN_SIMULATION", `Nothing can be projected into this pair: ${reason}`, {
    remedy: `Give ${wanted}`,
  });
}

/** Counts of air: the brightest strong peak among the bright values; thin goods have theirs below it. */
export function airLevelOf(plane: Uint16Array): number {
  const sorted = Uint16Array.from(plane).sort();
  const top = Math.max(1, sorted[Math.floor(0.995 * (sorted.length - 1))] ?? 1);
  const from = AIR_FROM * top;
  const step = (AIR_TO * top - from) / AIR_BINS;
  const bins = new Float64Array(AIR_BINS);
  for (const count of plane) {
    const bin = Math.floor((count - from) / step);
    if (bin >= 0 && bin < AIR_BINS) bins[bin] = (bins[bin] as number) + 1;
  }
  const smooth = bins.map((_, k) => {
    let near = 0;
    for (let d = -2; d <= 2; d++) near += bins[k + d] ?? 0;
    return near;
  });
  const strong = STRONG_PEAK * Math.max(...smooth);
  for (let k = AIR_BINS - 1; k >= 0; k--) {
    const here = smooth[k] as number;
    const isPeak = here >= (smooth[k - 1] ?? 0) && here > (smooth[k + 1] ?? 0);
    if (isPeak && here >= strong) return from + (k + 0.5) * step;
  }
  return top;
}

/** Counts of a plane of transmissions, air at {@link OUTPUT_AIR_LEVEL}. */
export function countsOf(plane: Float32Array): Uint16Array {
  const out = new Uint16Array(plane.length);
  for (let i = 0; i < plane.length; i++) {
    const value = (plane[i] as number) * OUTPUT_AIR_LEVEL + 0.5;
    out[i] = value <= 0 ? 0 : Math.min(65_535, value);
  }
  return out;
}
