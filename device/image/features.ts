/** What an image looks like, in numbers that do not depend on its size: the input of the recogniser in `subject.ts`. */

import type { PicturePlanes } from "./picture-planes.ts";

/** Longest side of the shrunk image that structure is measured on. */
const SMALL = 64;
/** Bands that rows and columns are averaged in. */
const BANDS = 12;
/** Rows looked at for what is only visible at full size: noise, exact repetition, edges. */
const FINE_ROWS = 96;
/** Transmission from which a pixel counts as air, below which as black. */
const AIR = 0.93;
const BLACK = 0.04;
const LUMA = [0.299, 0.587, 0.114] as const;

interface Small {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/**
 * Features of a view, each about −3…3: shape, tones, border, bands of rows and columns, fine structure, colours, and how
 * the two energies go together. Their order is fixed: weights refer to it.
 */
export function imageFeatures(view: PicturePlanes): Float64Array {
  const grey = greyPlane(view);
  const small = shrink(grey, view.width, view.height);
  const values = [
    Math.log(view.width / view.height),
    ...tones(small),
    ...borders(small),
    ...bands(small),
    ...gradients(small),
    ...fine(grey, view.width, view.height),
    ...colours(view.rgb),
    ...energies(view),
  ];
  return Float64Array.from(values, (value) =>
    Number.isFinite(value) ? Math.max(-4, Math.min(4, value)) : 0,
  );
}

/** Transmission, or luma where the image is coloured. */
function greyPlane({ width, height, airLevel, high, single, low, rgb }: PicturePlanes): Float32Array {
  const out = new Float32Array(width * height);
  const plane = high ?? single ?? low;
  if (plane) {
    for (let i = 0; i < out.length; i++) out[i] = Math.min(1.1, plane[i]! / airLevel);
  } else if (rgb) {
    for (let i = 0, k = 0; i < out.length; i++, k += 3)
      out[i] = (LUMA[0] * rgb[k]! + LUMA[1] * rgb[k + 1]! + LUMA[2] * rgb[k + 2]!) / 255;
  }
  return out;
}

/** Means over equal boxes, at most {@link SMALL} a side. */
function shrink(grey: Float32Array, width: number, height: number): Small {
  const scale = Math.min(1, SMALL / Math.max(width, height));
  const w = Math.max(4, Math.round(width * scale));
  const h = Math.max(4, Math.round(height * scale));
  const sums = new Float64Array(w * h);
  const counts = new Uint32Array(w * h);
  const columns = Uint8Array.from({ length: width }, (_, x) => Math.min(w - 1, Math.floor((x * w) / width)));
  for (let y = 0; y < height; y++) {
    const row = Math.min(h - 1, Math.floor((y * h) / height)) * w;
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const at = row + columns[x]!;
      sums[at]! += grey[i]!;
      counts[at]!++;
    }
  }
  return { width: w, height: h, values: Float32Array.from(sums, (sum, i) => sum / Math.max(1, counts[i]!)) };
}

/** Mean, spread, and shares of ten tones. */
function tones({ values }: Small): number[] {
  const histogram = new Array<number>(10).fill(0);
  for (const value of values) histogram[Math.min(9, Math.max(0, Math.floor(value * 10)))]!++;
  const mean = meanOf(values);
  const spread = Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
  return [mean * 2 - 1, spread * 4, ...histogram.map((count) => Math.sqrt(count / values.length) * 2)];
}

/** Of each side and of the whole rim: mean, share of air, share of black, spread. */
function borders({ width, height, values }: Small): number[] {
  const sides = [
    Array.from({ length: width }, (_, x) => values[x]!),
    Array.from({ length: width }, (_, x) => values[(height - 1) * width + x]!),
    Array.from({ length: height }, (_, y) => values[y * width]!),
    Array.from({ length: height }, (_, y) => values[y * width + width - 1]!),
  ];
  const facts = (side: readonly number[]) => [
    meanOf(side) * 2 - 1,
    shareOf(side, (value) => value >= AIR),
    shareOf(side, (value) => value < BLACK),
  ];
  const rim = sides.flat();
  const mean = meanOf(rim);
  return [...sides.flatMap(facts), Math.sqrt(meanOf(rim.map((value) => (value - mean) ** 2))) * 4];
}

/** Means of row and column bands, and how much of all variance lies between rows, and between columns. */
function bands({ width, height, values }: Small): number[] {
  const rows = Array.from({ length: height }, (_, y) => meanOf(values.subarray(y * width, (y + 1) * width)));
  const columns = Array.from({ length: width }, (_, x) => {
    let sum = 0;
    for (let y = 0; y < height; y++) sum += values[y * width + x]!;
    return sum / height;
  });
  const mean = meanOf(values);
  const variance = (all: ArrayLike<number>) => meanOf(Array.from(all, (value) => (value - mean) ** 2));
  const total = variance(values) + 1e-6;
  return [
    ...resampled(rows).map((value) => value * 2 - 1),
    ...resampled(columns).map((value) => value * 2 - 1),
    variance(rows) / total,
    variance(columns) / total,
  ];
}

function resampled(line: readonly number[]): number[] {
  return Array.from({ length: BANDS }, (_, band) => {
    const from = Math.floor((band * line.length) / BANDS);
    return meanOf(line.slice(from, Math.max(from + 1, Math.floor(((band + 1) * line.length) / BANDS))));
  });
}

/** Strength and direction of steps in the shrunk image, its likeness to its mirror image. */
function gradients({ width, height, values }: Small): number[] {
  let across = 0;
  let down = 0;
  let strong = 0;
  let mirrored = 0;
  for (let y = 0; y + 1 < height; y++) {
    for (let x = 0; x + 1 < width; x++) {
      const here = values[y * width + x]!;
      const dx = Math.abs(values[y * width + x + 1]! - here);
      const dy = Math.abs(values[(y + 1) * width + x]! - here);
      across += dx;
      down += dy;
      if (dx + dy > 0.15) strong++;
      mirrored += Math.abs(here - values[y * width + width - 1 - x]!);
    }
  }
  const count = (width - 1) * (height - 1);
  const ratio = Math.log((across + 1e-4) / (down + 1e-4));
  return [(20 * across) / count, (20 * down) / count, ratio, (4 * strong) / count, (4 * mirrored) / count];
}

/** At full size: exact repetition, noise, correlation of neighbours, hard steps; among all pixels and outside of air. */
function fine(grey: Float32Array, width: number, height: number): number[] {
  const step = Math.max(1, Math.floor(height / FINE_ROWS));
  let count = 0;
  let equal = 0;
  let equalInside = 0;
  let inside = 0;
  let steps = 0;
  let sum = 0;
  let squares = 0;
  let differences = 0;
  let curvature = 0;
  for (let y = 0; y < height; y += step) {
    for (let i = y * width + 1, end = (y + 1) * width - 1; i < end; i++) {
      const here = grey[i]!;
      const next = grey[i + 1]! - here;
      const bend = Math.abs(grey[i - 1]! - 2 * here + grey[i + 1]!);
      count++;
      sum += here;
      squares += here * here;
      differences += next * next;
      curvature += Math.min(0.1, bend);
      if (next === 0) equal++;
      if (Math.abs(next) > 0.2) steps++;
      if (here < AIR && here > BLACK) {
        inside++;
        if (next === 0) equalInside++;
      }
    }
  }
  const total = Math.max(1, count);
  const variance = squares / total - (sum / total) ** 2 + 1e-6;
  return [
    (2 * equal) / total,
    (2 * equalInside) / Math.max(1, inside),
    (2 * inside) / total,
    differences / total / variance,
    0.3 * Math.log(curvature / total + 1e-5) + 1.5,
    Math.min(3, (30 * steps) / total),
  ];
}

/** Of coloured images: white ground, chroma, the share of each hue, chroma against brightness; zeros for grey ones. */
function colours(rgb: Uint8Array | undefined): number[] {
  const hues = new Array<number>(8).fill(0);
  if (!rgb) return [0, 0, 0, 0, 0, ...hues];
  const step = 3 * Math.max(1, Math.floor(rgb.length / 3 / 20_000));
  let count = 0;
  let white = 0;
  let object = 0;
  let chromaSum = 0;
  let black = 0;
  let bright = 0;
  for (let i = 0; i + 2 < rgb.length; i += step) {
    const [r, g, b] = [rgb[i]!, rgb[i + 1]!, rgb[i + 2]!];
    const high = Math.max(r, g, b);
    const chroma = high - Math.min(r, g, b);
    count++;
    if (high - chroma >= 235) {
      white++;
      continue;
    }
    object++;
    if (high < 40) black++;
    if (high > 150 && chroma < 25) bright++;
    chromaSum += chroma / 255;
    if (chroma > 24) hues[Math.min(7, Math.floor(hueOf(r, g, b, high, chroma) * 8))]! += chroma / 255;
  }
  const objects = Math.max(1, object);
  const coloured = hues.reduce((sum, value) => sum + value, 0) + 1e-6;
  return [
    (2 * white) / Math.max(1, count),
    (3 * chromaSum) / objects,
    (2 * black) / objects,
    (2 * bright) / objects,
    1,
    ...hues.map((value) => (2 * value) / coloured),
  ];
}

/** Hue 0..1, red at 0, green at ⅓. */
function hueOf(r: number, g: number, b: number, high: number, chroma: number): number {
  const sector =
    high === r ? ((g - b) / chroma + 6) % 6 : high === g ? (b - r) / chroma + 2 : (r - g) / chroma + 4;
  return sector / 6;
}

/**
 * Of a pair: quartiles of the low energy's attenuation over the high one's where both tell something, and the share of
 * pixels where the high energy is attenuated more; zeros where there is no pair.
 */
function energies({ airLevel, low, high }: PicturePlanes): number[] {
  if (!low || !high) return [0, 0, 0, 0, 0];
  const { ratios, reversed } = attenuationRatios(low, high, airLevel);
  if (ratios.length < LEAST_RATIOS) return [0, 0, 0, 0, 0.5];
  const at = (share: number) => ratios[Math.floor(share * (ratios.length - 1))]! - 1;
  return [3 * at(0.25), 3 * at(0.5), 3 * at(0.75), (3 * reversed) / ratios.length, 1];
}

/** Pixels of a pair that are looked at. */
const RATIO_PIXELS = 6000;
/** Pixels that must tell something before their ratios do. */
const LEAST_RATIOS = 50;

/** Median of the low energy's attenuation over the high one's; null where too little is in the way or nothing gets through. */
export function medianRatio(low: Uint16Array, high: Uint16Array, airLevel: number): number | null {
  const { ratios } = attenuationRatios(low, high, airLevel);
  return ratios.length < LEAST_RATIOS ? null : ratios[ratios.length >> 1]!;
}

function attenuationRatios(low: Uint16Array, high: Uint16Array, airLevel: number) {
  const step = Math.max(1, Math.floor(low.length / RATIO_PIXELS));
  const ratios = new Float32Array(Math.ceil(low.length / step));
  let count = 0;
  let reversed = 0;
  for (let i = 0; i < low.length; i += step) {
    const depth = -Math.log(Math.max(1, high[i]!) / airLevel);
    if (depth < 0.15 || depth > 3.5) continue;
    const lower = -Math.log(Math.max(1, low[i]!) / airLevel);
    if (lower < 0.97 * depth) reversed++;
    ratios[count++] = lower / depth;
  }
  return { ratios: ratios.subarray(0, count).sort(), reversed };
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return values.length === 0 ? 0 : sum / values.length;
}

function shareOf(values: readonly number[], test: (value: number) => boolean): number {
  return values.length === 0 ? 0 : values.filter(test).length / values.length;
}
