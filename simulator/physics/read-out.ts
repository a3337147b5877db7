import type { Random } from "../random.ts";
import type { DetectorSettings } from "./settings.ts";

/** Counts of air. */
export const AIR_LEVEL = 60_000;
/** Pixels of one detector module: they share a part of their gain. */
const MODULE_PIXELS = 64;
const MOST_COUNTS = 65_535;

/** One energy while it is read out. */
interface Channel {
  /** What reaches each pixel, row-major, 1 = air. */
  readonly light: Float32Array;
  readonly out: Uint16Array;
  readonly random: Random;
  /** Variance of the noise in air, counts². */
  readonly variance: number;
  /** Of the row at hand. */
  readonly noise: Float32Array;
  /** Of the module at hand, above 1. */
  module: number;
}

/**
 * Counts (airLevel × transmission) of both energies, low before high, with the gains of modules and pixels and with noise that
 * partly stays from line to line. `light`: transmissions, row-major; `dose`: of each of the `dose.length` lines.
 */
export function readOut(
  light: readonly [Float32Array, Float32Array],
  settings: DetectorSettings,
  dose: Float64Array,
  random: Random,
): [Uint16Array, Uint16Array] {
  const low = channel(light[0], settings.photons[0], dose.length, random.fork(0));
  const high = channel(light[1], settings.photons[1], dose.length, random.fork(1));
  const height = light[0].length / dose.length;
  for (let y = 0; y < height; y++) readRows(low, high, y, settings, dose);
  return [low.out, high.out];
}

function channel(light: Float32Array, photons: number, width: number, random: Random): Channel {
  const variance = AIR_LEVEL * (AIR_LEVEL / photons);
  const out = new Uint16Array(light.length);
  return { light, out, random, variance, noise: new Float32Array(width), module: 0 };
}

/** Gain of row y, and the noise of its pixels before it is scaled. */
function prepare(one: Channel, y: number, spread: number): number {
  const { random } = one;
  if (y % MODULE_PIXELS === 0) one.module = 0.6 * spread * random.normal();
  const gain = 1 + one.module + spread * random.normal();
  random.normals(one.noise);
  return gain;
}

/** Row y of both energies at once: what stays of a line's noise is waited for, and meanwhile the other energy's can be worked on. */
function readRows(
  low: Channel,
  high: Channel,
  y: number,
  { gainSpread, electronicCounts, afterglow: kept = 0 }: DetectorSettings,
  dose: Float64Array,
): void {
  const lowGain = prepare(low, y, gainSpread);
  const highGain = prepare(high, y, gainSpread);
  const { light: lowLight, out: lowOut, noise: lowNoise, variance: lowVariance } = low;
  const { light: highLight, out: highOut, noise: highNoise, variance: highVariance } = high;
  const width = dose.length;
  const floor = electronicCounts ** 2;
  const rest = Math.sqrt(1 - kept * kept);
  let lowGlow = lowNoise[0] as number;
  let highGlow = highNoise[0] as number;
  for (let x = 0, i = y * width; x < width; x++, i++) {
    if (x > 0) {
      lowGlow = Math.fround((lowNoise[x] as number) * rest + lowGlow * kept);
      highGlow = Math.fround((highNoise[x] as number) * rest + highGlow * kept);
    }
    const line = dose[x] as number;
    const lowPart = (lowLight[i] as number) * line;
    const highPart = (highLight[i] as number) * line;
    const lowSigma = Math.sqrt(lowVariance * lowPart + floor);
    const highSigma = Math.sqrt(highVariance * highPart + floor);
    const lowValue = lowPart * AIR_LEVEL * lowGain + lowSigma * lowGlow + 0.5;
    const highValue = highPart * AIR_LEVEL * highGain + highSigma * highGlow + 0.5;
    lowOut[i] = counts(lowValue | 0);
    highOut[i] = counts(highValue | 0);
  }
}

/** `value`: a whole number. */
function counts(value: number): number {
  return Math.max(0, Math.min(value, MOST_COUNTS));
}
