import type { BeamWeights } from "./spectrum.ts";

/** As many as there are bin energies: their sum is written out below, since this runs for each pixel. */
const BINS = 8;
const STEPS_PER_UNIT = 256;
const LIMIT = 20;
const END = LIMIT * STEPS_PER_UNIT;
/** exp(−i / STEPS_PER_UNIT) of each step, and what is to be added to it on the way to the next one. */
const EXP = table();
/** Of the table's length, a power of two: shows at a glance that an index lies within it. */
const MASK = EXP.length - 1;

function table(): Float64Array {
  const out = new Float64Array(2 ** Math.ceil(Math.log2(2 * END)));
  for (let i = 0; i < END; i++) {
    const here = Math.fround(Math.exp(-i / STEPS_PER_UNIT));
    out[2 * i] = here;
    out[2 * i + 1] = Math.fround(Math.exp(-(i + 1) / STEPS_PER_UNIT)) - here;
  }
  return out;
}

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
  const l0 = wl[0] as number;
  const l1 = wl[1] as number;
  const l2 = wl[2] as number;
  const l3 = wl[3] as number;
  const l4 = wl[4] as number;
  const l5 = wl[5] as number;
  const l6 = wl[6] as number;
  const l7 = wl[7] as number;
  const h0 = wh[0] as number;
  const h1 = wh[1] as number;
  const h2 = wh[2] as number;
  const h3 = wh[3] as number;
  const h4 = wh[4] as number;
  const h5 = wh[5] as number;
  const h6 = wh[6] as number;
  const h7 = wh[7] as number;
  for (let pixel = 0, k = first * BINS; pixel < count; pixel++, k += BINS) {
    const t0 = decay(bins[k] as number);
    const t1 = decay(bins[k | 1] as number);
    const t2 = decay(bins[k | 2] as number);
    const t3 = decay(bins[k | 3] as number);
    const t4 = decay(bins[k | 4] as number);
    const t5 = decay(bins[k | 5] as number);
    const t6 = decay(bins[k | 6] as number);
    const t7 = decay(bins[k | 7] as number);
    low[at + pixel] = t0 * l0 + t1 * l1 + t2 * l2 + t3 * l3 + t4 * l4 + t5 * l5 + t6 * l6 + t7 * l7;
    high[at + pixel] = t0 * h0 + t1 * h1 + t2 * h2 + t3 * h3 + t4 * h4 + t5 * h5 + t6 * h6 + t7 * h7;
  }
}

/** exp(−depth) from the table; 1 below 0, 0 beyond its end. A depth is less than 2³¹ ÷ {@link STEPS_PER_UNIT}. */
function decay(depth: number): number {
  const t = depth * STEPS_PER_UNIT;
  const i = t | 0;
  if (i >= END) return 0;
  if (i <= 0 && t <= 0) return 1;
  const at = (i << 1) & MASK;
  return (EXP[at] as number) + (t - i) * (EXP[at | 1] as number);
}
