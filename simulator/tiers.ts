/**
 * How well a target can be seen in one view, and the tier that follows from it. The definition is frozen with the
 * benchmark: a change here makes a new benchmark.
 *
 * Per pixel of the target's mask, in −ln of transmission, the mean of both energies:
 *
 * - signal: what the target adds;
 * - noise: the quantum and electronic noise of the pixel with the target in place, and the clutter, added in
 *   quadrature. Clutter is the standard deviation of the same scan without the target over a square of
 *   {@link CLUTTER_WINDOW} pixels: a smooth surrounding hides nothing, a busy one does.
 *
 * `contrast` is the median of signal / noise over the mask. `occluded` is the share of the mask where that ratio is
 * below {@link OCCLUDED_BELOW} or the rest of the path passes less than {@link OPAQUE_BELOW} of the high energy.
 */
export type Tier = "clear" | "partial" | "hidden";

export interface Visibility {
  /** Contrast-to-noise, median over the mask; 0 or more. */
  readonly contrast: number;
  /** Share of the mask that the rest of the scan hides, 0–1. */
  readonly occluded: number;
}

/** Side of the square over which clutter is measured, pixels. */
export const CLUTTER_WINDOW = 9;
/** Contrast-to-noise below which a pixel of the target counts as occluded. */
export const OCCLUDED_BELOW = 2;
/** High-energy transmission of the rest of the path below which a pixel counts as occluded. */
export const OPAQUE_BELOW = 0.01;

const CLEAR_FROM = 5;
const CLEAR_OCCLUDED_UP_TO = 0.3;
const HIDDEN_BELOW = 2;
const HIDDEN_OCCLUDED_OVER = 0.8;

export function tierOf({ contrast, occluded }: Visibility): Tier {
  if (contrast < HIDDEN_BELOW || occluded > HIDDEN_OCCLUDED_OVER) return "hidden";
  return contrast >= CLEAR_FROM && occluded <= CLEAR_OCCLUDED_UP_TO ? "clear" : "partial";
}

/** Transmissions 0–1 of one energy over the region, row-major, free of noise. */
export interface EnergyPair {
  readonly with: Float32Array;
  readonly without: Float32Array;
  /** Photons per pixel in air. */
  readonly photons: number;
}

export interface VisibilityInput {
  /** Size of the region in pixels: the target's box with a margin, so that clutter beside it counts. */
  readonly width: number;
  readonly height: number;
  /** Whether a pixel of the region belongs to the target; at least one does. */
  readonly mask: Uint8Array;
  readonly low: EnergyPair;
  readonly high: EnergyPair;
  /** Standard deviation of the electronic noise as a share of the air signal. */
  readonly electronic: number;
}

const DARKEST = 1e-5;

/** @throws RangeError for a mask without a pixel. */
export function visibilityOf(input: VisibilityInput): Visibility {
  const { mask, low, high, electronic } = input;
  const clutter = clutterVariance(input);
  const ratios = new Float64Array(mask.length);
  let count = 0;
  let occluded = 0;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    const signal = (added(low, i) + added(high, i)) / 2;
    const noise = (variance(low, i, electronic) + variance(high, i, electronic)) / 4 + (clutter[i] as number);
    const ratio = Math.max(0, signal) / Math.sqrt(noise);
    ratios[count++] = ratio;
    if (ratio < OCCLUDED_BELOW || (high.without[i] as number) < OPAQUE_BELOW) occluded++;
  }
  if (count === 0) throw new RangeError("a target without a pixel has no visibility");
  return { contrast: median(ratios.subarray(0, count)), occluded: occluded / count };
}

function added(energy: EnergyPair, i: number): number {
  return (
    Math.log(Math.max(DARKEST, energy.without[i] as number)) -
    Math.log(Math.max(DARKEST, energy.with[i] as number))
  );
}

/** Variance of −ln of the transmission with the target in place. */
function variance(energy: EnergyPair, i: number, electronic: number): number {
  const t = Math.max(DARKEST, energy.with[i] as number);
  return (t / energy.photons + electronic * electronic) / (t * t);
}

/** Variance of the mean −ln of the scan without the target, over the window around each pixel. */
function clutterVariance({ width, height, low, high }: VisibilityInput): Float64Array {
  const stride = width + 1;
  const sums = new Float64Array(stride * (height + 1));
  const squares = new Float64Array(stride * (height + 1));
  for (let y = 0; y < height; y++) {
    let rowSum = 0;
    let rowSquare = 0;
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const product = (low.without[i] as number) * (high.without[i] as number);
      const value = -0.5 * Math.log(Math.max(DARKEST * DARKEST, product));
      rowSum += value;
      rowSquare += value * value;
      const at = (y + 1) * stride + x + 1;
      sums[at] = (sums[at - stride] as number) + rowSum;
      squares[at] = (squares[at - stride] as number) + rowSquare;
    }
  }
  const reach = (CLUTTER_WINDOW - 1) / 2;
  const out = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    const top = Math.max(0, y - reach) * stride;
    const bottom = Math.min(height, y + reach + 1) * stride;
    for (let x = 0; x < width; x++) {
      const left = Math.max(0, x - reach);
      const right = Math.min(width, x + reach + 1);
      const count = ((bottom - top) / stride) * (right - left);
      const mean = block(sums, top, bottom, left, right) / count;
      out[y * width + x] = Math.max(0, block(squares, top, bottom, left, right) / count - mean * mean);
    }
  }
  return out;
}

function block(table: Float64Array, top: number, bottom: number, left: number, right: number): number {
  return (
    (table[bottom + right] as number) -
    (table[top + right] as number) -
    (table[bottom + left] as number) +
    (table[top + left] as number)
  );
}

/** Puts the values in another order. */
function median(values: Float64Array): number {
  const middle = values.length >> 1;
  const upper = nth(values, middle);
  if (values.length % 2 === 1) return upper;
  let lower = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < middle; i++) lower = Math.max(lower, values[i] as number);
  return (lower + upper) / 2;
}

/** The value that would stand at place `n` of the sorted ones (Hoare's selection); none before it is larger afterwards. */
function nth(values: Float64Array, n: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1] as number;
    let i = low;
    let j = high;
    while (i <= j) {
      while ((values[i] as number) < pivot) i++;
      while ((values[j] as number) > pivot) j--;
      if (i > j) break;
      const value = values[i] as number;
      values[i++] = values[j] as number;
      values[j--] = value;
    }
    if (n <= j) high = j;
    else if (n >= i) low = i;
    else break;
  }
  return values[n] as number;
}
