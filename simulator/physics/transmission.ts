import { BIN_ENERGIES_KEV } from "./attenuation.ts";
import type { BeamWeights } from "./spectrum.ts";

const BINS = BIN_ENERGIES_KEV.length;
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
  for (let pixel = 0, bin = first * BINS; pixel < count; pixel++) {
    let tl = 0;
    let th = 0;
    for (let k = 0; k < BINS; k++, bin++) {
      let t = (bins[bin] as number) * STEPS_PER_UNIT;
      if (t >= LIMIT * STEPS_PER_UNIT) continue;
      if (t < 0) t = 0;
      const i = t | 0;
      const e0 = EXP[i] as number;
      const e = e0 + (t - i) * ((EXP[i + 1] as number) - e0);
      tl += e * (wl[k] as number);
      th += e * (wh[k] as number);
    }
    low[at + pixel] = tl;
    high[at + pixel] = th;
  }
}
