import type { Pair } from "./pair.ts";

/** Pixels looked at on each side of an edge. */
const REACH = 6;
const STEEPEST_FROM = 0.04;
const LEAST_STEP = 0.12;
/** A side may vary by this share of the step and still count as level. */
const LEVEL = 0.08;
const ENOUGH_EDGES = 30;
/** What a pixel's own width and the straight lines between pixels add to an edge, as a standard deviation. */
const PIXEL_SIGMA = 0.4;
/** 10–90 % width of a Gaussian edge in standard deviations. */
const RISE_PER_SIGMA = 2.563;
/** Of the widths found, the share that true single edges stay below: others are oblique or rounded. */
const SHARP_SHARE = 0.3;
const USUAL_SIGMA = 0.6;
const MAX_SIGMA = 3;
const MAX_LAG = 2;

type Size = Pick<Pair, "width" | "height">;

/**
 * Standard deviation (pixels) of the point spread along one axis, beyond the pixel's own width, from clear single steps of
 * transmission; a usual value where there are too few.
 */
export function edgeSpread(plane: Float32Array, { width, height }: Size, axis: "x" | "y"): number {
  const step = axis === "x" ? 1 : width;
  const across = axis === "x" ? width : 1;
  const widths: number[] = [];
  for (let y = REACH + 1; y < height - REACH - 1; y++) {
    for (let x = REACH + 1; x < width - REACH - 1; x++) {
      const at = y * width + x;
      if (!isCrest(plane, at, step, across)) continue;
      const rise = riseAt(plane, at, step);
      if (rise !== undefined) widths.push(rise);
    }
  }
  if (widths.length < ENOUGH_EDGES) return USUAL_SIGMA;
  widths.sort((a, b) => a - b);
  const rise = widths[Math.floor(SHARP_SHARE * widths.length)] as number;
  return Math.min(MAX_SIGMA, Math.sqrt(Math.max(0, (rise / RISE_PER_SIGMA) ** 2 - PIXEL_SIGMA ** 2)));
}

/** Whether the slope along the axis is steepest here and hardly any runs across. */
function isCrest(plane: Float32Array, at: number, step: number, across: number): boolean {
  const slope = (i: number, by: number): number =>
    Math.abs((plane[i + by] as number) - (plane[i - by] as number)) / 2;
  const here = slope(at, step);
  if (here < STEEPEST_FROM || slope(at, across) > 0.3 * here) return false;
  return here >= slope(at - step, step) && here > slope(at + step, step);
}

/** 10–90 % width of the step through `at`; undefined where its sides are not level. */
function riseAt(plane: Float32Array, at: number, step: number): number | undefined {
  const value = (k: number): number => plane[at + k * step] as number;
  const left = (value(-REACH) + value(1 - REACH) + value(2 - REACH)) / 3;
  const right = (value(REACH) + value(REACH - 1) + value(REACH - 2)) / 3;
  const height = right - left;
  if (Math.abs(height) < LEAST_STEP) return undefined;
  const uneven = (a: number, b: number, c: number): boolean =>
    Math.max(a, b, c) - Math.min(a, b, c) > LEVEL * Math.abs(height);
  if (uneven(value(-REACH), value(1 - REACH), value(2 - REACH))) return undefined;
  if (uneven(value(REACH), value(REACH - 1), value(REACH - 2))) return undefined;
  const crossing = (level: number): number => {
    let before = 0;
    for (let k = -REACH; k <= REACH; k++) {
      const part = (value(k) - left) / height;
      if (part >= level) return k === -REACH ? k : k - 1 + (level - before) / (part - before);
      before = part;
    }
    return REACH;
  };
  return crossing(0.9) - crossing(0.1);
}

/** Pixels by which the low plane's edges lie behind the high plane's along the belt, −2 … 2. */
export function lagAlongBelt({ width, height, planes }: Pair): number {
  const reach = MAX_LAG + 1;
  const scores = Array.from({ length: 2 * reach + 1 }, () => 0);
  const slope = (plane: Float32Array, i: number): number =>
    Math.log(Math.max(0.08, plane[i] as number)) - Math.log(Math.max(0.08, plane[i + 1] as number));
  for (let y = 0; y < height; y += 2) {
    const low = new Float32Array(width - 1);
    const high = new Float32Array(width - 1);
    for (let x = 0; x + 1 < width; x++) {
      low[x] = slope(planes[0], y * width + x);
      high[x] = slope(planes[1], y * width + x);
    }
    for (let x = reach; x + reach < width - 1; x++) {
      const here = low[x] as number;
      for (let k = -reach; k <= reach; k++) {
        scores[k + reach] = (scores[k + reach] as number) + here * (high[x - k] as number);
      }
    }
  }
  const best = scores.indexOf(Math.max(...scores));
  if (best === 0 || best === 2 * reach) return 0;
  const [before, here, after] = scores.slice(best - 1, best + 2) as [number, number, number];
  const curve = before - 2 * here + after;
  return curve < 0 ? best - reach + (0.5 * (before - after)) / curve : 0;
}
