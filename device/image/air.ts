/** What unattenuated radiation looks like in a plane, estimated from the plane itself. */
export interface AirEstimate {
  /** Counts of air: the brightest level that a substantial part of the plane shares. */
  readonly level: number;
  /** Standard deviation around that level over the level: noise in air, 0..1. */
  readonly noise: number;
  /** Share of the plane at that level, 0..1. */
  readonly share: number;
  /** No level is shared by enough pixels: the plane is cropped to the object, the level is its brightest part. */
  readonly doubtful: boolean;
  /** The plane is stored as attenuation (air dark); `level` is that of the plane turned round by {@link invert}. */
  readonly inverted: boolean;
}

const BINS = 1024;
const FULL_SCALE = 65_535;
/** Half width of the window a level may spread over: ±0.6 % of the range, above noise and rounding of 8-bit data. */
const HALF_WINDOW = 6;
/** Range of the histogram over the 99.9th percentile: detectors use 10 … 16 of the 16 bits, and a few pixels are broken. */
const HEADROOM = 1.1;
/** Between air and the thinnest goods lies a gap: so far below a level, half as many pixels. A plateau has none. */
const GAP = { reach: 0.12, factor: 2 } as const;
/** Share of pixels that makes a level air rather than an edge effect (lag and gain steps stay below 1 %). */
const MIN_SHARE = 0.015;
/** A level that bright, and far more common, below a first peak: the first one was overshoot beside an object. */
const OVERSHOOT_REACH = 0.08;
const OVERSHOOT_FACTOR = 3;
/** A level below this share of the 99th percentile is the object, not air. */
const NEAR_TOP = 0.85;
/** Air this much brighter than stated belongs to another calibration; overshoot and noise stay below. */
const STALE_FACTOR = 1.1;
/** Pixels looked at: a level shared by 1.5 % of them is known to 0.1 % from so many. */
const MAX_SAMPLES = 1 << 15;

/**
 * Estimates the counts of air of a plane where no calibration came with it. Air is the brightest narrow level that at least
 * 1.5 % of the pixels share: not the maximum, since detectors overshoot at edges, nor a percentile, since a bag may leave
 * little air. A plane whose border is nearly all at the dark end is taken for an inverted one.
 */
export function estimateAir(plane: Uint16Array, width: number): AirEstimate {
  const stored = sample(plane, width);
  const inverted = isInverted(plane, stored, width);
  const samples = inverted ? invert(stored) : stored;
  const binWidth = binWidthOf(samples);
  const histogram = new Uint32Array(BINS);
  for (const value of samples) histogram[Math.min(BINS - 1, Math.floor(value / binWidth))]!++;
  const top = percentileBin(histogram, samples.length, 0.99);
  const peak = brightestPeak(histogram, samples.length * MIN_SHARE, top * NEAR_TOP);
  const around = momentsAround(samples, ((peak ?? top) + 0.5) * binWidth, 2 * HALF_WINDOW * binWidth);
  return {
    level: around.mean,
    noise: around.mean > 0 ? around.deviation / around.mean : 0,
    share: samples.length === 0 ? 0 : around.count / samples.length,
    doubtful: peak === null,
    inverted,
  };
}

/** How a plane compares with the air level stated for it: `noise` 0 where it shows no air at that level. */
export function compareAir(plane: Uint16Array, width: number, airLevel: number) {
  const samples = sample(plane, width);
  const around = momentsAround(samples, airLevel, (2 * HALF_WINDOW * airLevel) / BINS);
  const shown = around.count >= samples.length * MIN_SHARE;
  const brighter = shareOf(samples, (value) => value > airLevel * STALE_FACTOR);
  return { noise: shown ? around.deviation / airLevel : 0, brighter: brighter > MIN_SHARE };
}

/** The plane with bright and dark exchanged. */
export function invert(plane: Uint16Array): Uint16Array {
  return plane.map((value) => FULL_SCALE - value);
}

/** The plane with its counts multiplied, so that planes of one scan share one air level; rounded, capped at full scale. */
export function rescale(plane: Uint16Array, factor: number): Uint16Array {
  const out = new Uint16Array(plane.length);
  for (let i = 0; i < plane.length; i++) {
    out[i] = Math.min(FULL_SCALE, plane[i]! * factor + 0.5);
  }
  return out;
}

/** Every n-th pixel, n chosen so that it does not fall on the same columns of each row. */
function sample(plane: Uint16Array, width: number): Uint16Array {
  let stride = Math.max(1, Math.floor(plane.length / MAX_SAMPLES));
  while (stride > 1 && width % stride === 0) stride++;
  const out = new Uint16Array(Math.ceil(plane.length / stride));
  for (let i = 0, j = 0; i < plane.length; i += stride, j++) out[j] = plane[i]!;
  return out;
}

function brightestPeak(histogram: Uint32Array, needed: number, lowest: number): number | null {
  const mass = windowed(histogram);
  let bin = BINS - 1;
  while (bin >= lowest && mass[bin]! < needed) bin--;
  if (bin < lowest) return null;
  const first = highest(mass, bin - 2 * HALF_WINDOW, bin);
  const below = highest(mass, Math.max(lowest, first * (1 - OVERSHOOT_REACH)), first);
  const peak = mass[below]! >= OVERSHOOT_FACTOR * mass[first]! ? below : first;
  return standsOut(mass, peak) ? peak : null;
}

function standsOut(mass: Float64Array, peak: number): boolean {
  const below = mass.subarray(Math.max(0, Math.floor(peak * (1 - GAP.reach))), peak + 1);
  return Math.min(...below) * GAP.factor <= mass[peak]!;
}

function binWidthOf(samples: Uint16Array): number {
  const sorted = samples.toSorted();
  const top = sorted[Math.floor(sorted.length * 0.999)] ?? FULL_SCALE;
  return Math.max(1, (Math.min(FULL_SCALE, top * HEADROOM) + 1) / BINS);
}

/** The bin of the largest mass between `from` and `to`, the brightest of equals. */
function highest(mass: Float64Array, from: number, to: number): number {
  let best = to;
  for (let bin = to; bin >= Math.max(0, Math.ceil(from)); bin--) if (mass[bin]! > mass[best]!) best = bin;
  return best;
}

function windowed(histogram: Uint32Array): Float64Array {
  const mass = new Float64Array(BINS);
  for (let bin = 0; bin < BINS; bin++) {
    const last = Math.min(BINS - 1, bin + HALF_WINDOW);
    for (let other = Math.max(0, bin - HALF_WINDOW); other <= last; other++) mass[bin]! += histogram[other]!;
  }
  return mass;
}

function percentileBin(histogram: Uint32Array, total: number, share: number): number {
  let seen = 0;
  for (let bin = 0; bin < BINS; bin++) {
    seen += histogram[bin]!;
    if (seen >= total * share) return bin;
  }
  return BINS - 1;
}

/** Mean and spread of the samples within `reach` counts of `middle`. */
function momentsAround(samples: Uint16Array, middle: number, reach: number) {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const value of samples) {
    const delta = value - middle;
    if (delta > reach || delta < -reach) continue;
    count++;
    sum += delta;
    squares += delta * delta;
  }
  const mean = count === 0 ? 0 : sum / count;
  return {
    count,
    mean: Math.min(FULL_SCALE, Math.max(1, Math.round(middle + mean))),
    deviation: count === 0 ? 0 : Math.sqrt(Math.max(0, squares / count - mean * mean)),
  };
}

/**
 * Whether a plane of a parcel or bag looks stored as attenuation: its border is nearly all at the dark end and what it
 * surrounds is brighter. Of containers that says nothing: their frames are dark.
 */
export function looksInverted(plane: Uint16Array, width: number): boolean {
  const height = plane.length / width;
  if (width < 8 || height < 8) return false;
  const samples = sample(plane, width);
  const { low, span } = rangeOf(samples);
  if (span < FULL_SCALE / 16) return false;
  const border = borderOf(plane, width, height);
  if (shareOf(border, (value) => value < low + span * 0.15) < 0.6) return false;
  if (shareOf(border, (value) => value > low + span * 0.8) > 0.05) return false;
  return shareOf(samples, (value) => value > low + span * 0.3) > 0.05;
}

function rangeOf(samples: Uint16Array): { readonly low: number; readonly span: number } {
  let low = FULL_SCALE;
  let high = 0;
  for (const value of samples) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, span: high - low };
}

/** Air surrounds an object: a border that is mostly darkest, with next to nothing at the bright end, is inverted. */
function isInverted(plane: Uint16Array, samples: Uint16Array, width: number): boolean {
  const height = plane.length / width;
  if (width < 8 || height < 8) return false;
  const { low, span } = rangeOf(samples);
  if (span < FULL_SCALE / 16) return false;
  const bright = low + span * 0.8;
  const border = borderOf(plane, width, height);
  if (shareOf(border, (value) => value < low + span * 0.1) < 0.6) return false;
  return (
    shareOf(border, (value) => value > bright) < 0.02 && shareOf(samples, (value) => value > bright) < 0.15
  );
}

function borderOf(plane: Uint16Array, width: number, height: number): Uint16Array {
  const border = new Uint16Array(2 * width + 2 * (height - 2));
  border.set(plane.subarray(0, width), 0);
  border.set(plane.subarray((height - 1) * width), width);
  for (let y = 1, i = 2 * width; y < height - 1; y++, i += 2) {
    border[i] = plane[y * width]!;
    border[i + 1] = plane[y * width + width - 1]!;
  }
  return border;
}

function shareOf(values: Uint16Array, test: (value: number) => boolean): number {
  let count = 0;
  for (const value of values) if (test(value)) count++;
  return values.length === 0 ? 0 : count / values.length;
}
