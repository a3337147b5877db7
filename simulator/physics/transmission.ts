import type { BeamWeights } from "./spectrum.ts";

/** As many as there are bin energies: their sum is written out below, since this runs for each pixel. */
const BINS = 8;
const STEPS_PER_UNIT = 256;
const LIMIT = 20;
const EXP = Float32Array.from({ length: LIMIT * STEPS_PER_UNIT + 2 }, (_, i) =>
  Math.exp(-i / STEPS_PER_UNIT),
);

/**
 * Transmissions (0–1) of `count` pixels from their line integrals `bins[pixel × BINS + k]`, from a table of the
 * exponential (within 2e-6). `first` is the first pixel in `bins`, `at` its place in the outputs.
 */
export function transmit(
  bins: Float32Array,
  first: number,
  count: number,
  weights: BeamWeights,
  low: Float32Array,
  high: Float32Array,
  at: number,
): void {
  const wl = weights.low;
  const wh = weights.high;
  const [l0, l1, l2, l3] = [wl[0] as number, wl[1] as number, wl[2] as number, wl[3] as number];
  const [l4, l5, l6, l7] = [wl[4] as number, wl[5] as number, wl[6] as number, wl[7] as number];
  const [h0, h1, h2, h3] = [wh[0] as number, wh[1] as number, wh[2] as number, wh[3] as number];
  const [h4, h5, h6, h7] = [wh[4] as number, wh[5] as number, wh[6] as number, wh[7] as number];
  for (let pixel = 0, k = first * BINS; pixel < count; pixel++, k += BINS) {
    const t0 = decay(bins[k] as number);
    const t1 = decay(bins[k + 1] as number);
    const t2 = decay(bins[k + 2] as number);
    const t3 = decay(bins[k + 3] as number);
    const t4 = decay(bins[k + 4] as number);
    const t5 = decay(bins[k + 5] as number);
    const t6 = decay(bins[k + 6] as number);
    const t7 = decay(bins[k + 7] as number);
    low[at + pixel] = t0 * l0 + t1 * l1 + t2 * l2 + t3 * l3 + t4 * l4 + t5 * l5 + t6 * l6 + t7 * l7;
    high[at + pixel] = t0 * h0 + t1 * h1 + t2 * h2 + t3 * h3 + t4 * h4 + t5 * h5 + t6 * h6 + t7 * h7;
  }
}

/** exp(−depth) from the table; 1 below 0, 0 beyond its end. */
function decay(depth: number): number {
  const t = depth * STEPS_PER_UNIT;
  if (t >= LIMIT * STEPS_PER_UNIT) return 0;
  if (t <= 0) return 1;
  const i = t | 0;
  const here = EXP[i] as number;
  return here + (t - i) * ((EXP[i + 1] as number) - here);
}
