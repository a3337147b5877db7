import type { ScanPlanes } from "../../models/planes.ts";
import type { ImageFigures } from "../scan.ts";

/** What counts as air: this near to the air that the image itself shows, of the level. */
const AIR_WINDOW = 0.05;
/** A stated level of air is looked for so far around it, in so many steps, in every so many-th pixel. */
const LEVEL_REACH = 0.15;
const LEVEL_STEPS = 120;
const LEVEL_STRIDE = 7;
/** Pixels of air that a detector row needs for a mean worth comparing, and rows with one. */
const MIN_AIR_PIXELS = 24;
const MIN_ROWS = 16;
/** Rows on each side that a row is compared with: the beam is brighter in the middle, pixels are not. */
const NEIGHBOURS = 8;
/** Transmissions in which the noise behind thick goods is measured. */
const DARK_FROM = 0.012;
const DARK_TO = 0.12;
const MIN_DARK_PAIRS = 200;
/** Attenuations (−ln) of the high energy in which the ratio of the two is taken: neither noise nor hardening. */
const RATIO_FROM = 0.15;
const RATIO_TO = 0.8;
const MIN_RATIO_PIXELS = 500;
/** Every n-th pixel is looked at for ratio and dark noise. */
const STRIDE = 3;
/** Median of the absolute differences of two normal deviates over their standard deviation. */
const MAD_OF_DIFFERENCE = 0.9539;

/**
 * What the image says of the machine rather than of the goods. Each is null where the image does not show it (no air, nothing
 * thick, one energy).
 * @param planes as the models see them.
 * @param air what is known of it: counts that came with the scan (null: estimated from the image), and whether the image shows
 * none that the estimate could rest on.
 */
export function imageFigures(
  planes: ScanPlanes,
  { stated, doubtful }: { readonly stated: number | null; readonly doubtful: boolean },
): ImageFigures {
  const plane = planes.high ?? planes.single;
  if (plane === undefined) return NOTHING;
  const { width } = planes;
  const level = stated === null ? planes.airLevel : shownLevel(plane, stated);
  const rows = stated === null && doubtful ? [] : airRows(plane, width, level);
  const enough = rows.length >= MIN_ROWS;
  const pairs = rows.reduce((sum, row) => sum + row.pairs, 0);
  const noise = enough
    ? Math.sqrt(rows.reduce((sum, row) => sum + row.squares, 0) / (2 * pairs)) / level
    : null;
  return {
    noise: rounded(noise),
    stripes: rounded(noise === null ? null : stripesOf(rows, level, noise)),
    airShift: rounded(enough && stated !== null ? median(rows.map(({ mean }) => mean)) / stated - 1 : null),
    penetration: rounded(penetrationOf(plane, width, planes.airLevel)),
    ratio: rounded(ratioOf(planes)),
  };
}

const NOTHING: ImageFigures = { noise: null, stripes: null, airShift: null, penetration: null, ratio: null };

/** The most common level around the stated one. */
function shownLevel(plane: Uint16Array, stated: number): number {
  const from = stated * (1 - LEVEL_REACH);
  const step = (2 * LEVEL_REACH * stated) / LEVEL_STEPS;
  const counts = new Uint32Array(LEVEL_STEPS);
  for (let i = 0; i < plane.length; i += LEVEL_STRIDE) {
    const at = Math.floor((plane[i]! - from) / step);
    if (at >= 0 && at < LEVEL_STEPS) counts[at]!++;
  }
  return from + (counts.indexOf(Math.max(...counts)) + 0.5) * step;
}

/** One row of the detector where it sees air. */
interface AirRow {
  readonly mean: number;
  readonly count: number;
  /** Squared differences of neighbours along the belt, summed, and how many: noise without stripes. */
  readonly squares: number;
  readonly pairs: number;
}

function airRows(plane: Uint16Array, width: number, level: number): AirRow[] {
  const [from, to] = [level * (1 - AIR_WINDOW), level * (1 + AIR_WINDOW)];
  const rows: AirRow[] = [];
  for (let start = 0; start + width <= plane.length; start += width) {
    let [sum, count, squares, pairs] = [0, 0, 0, 0];
    let last = -1;
    for (let i = start; i < start + width; i++) {
      const value = plane[i]!;
      if (value < from || value > to) {
        last = -1;
        continue;
      }
      sum += value;
      count++;
      if (last >= 0) {
        squares += (value - last) ** 2;
        pairs++;
      }
      last = value;
    }
    if (count >= MIN_AIR_PIXELS && pairs > 0) rows.push({ mean: sum / count, count, squares, pairs });
  }
  return rows;
}

/** How far rows differ from their neighbours, root mean square over the level; what noise alone would give is taken off. */
function stripesOf(rows: readonly AirRow[], level: number, noise: number): number {
  const means = rows.map(({ mean }) => mean);
  let sum = 0;
  rows.forEach(({ mean, count }, at) => {
    const others = [
      ...means.slice(Math.max(0, at - NEIGHBOURS), at),
      ...means.slice(at + 1, at + 1 + NEIGHBOURS),
    ];
    const usual = others.reduce((total, other) => total + other, 0) / others.length;
    sum += ((mean - usual) / level) ** 2 - noise ** 2 / count;
  });
  return Math.sqrt(Math.max(0, sum / rows.length));
}

/** Attenuation (−ln) at which the noise in dark parts is as large as the signal: what is thicker cannot be seen. */
function penetrationOf(plane: Uint16Array, width: number, airLevel: number): number | null {
  const [from, to] = [DARK_FROM * airLevel, DARK_TO * airLevel];
  const differences: number[] = [];
  for (let i = 1; i < plane.length; i += STRIDE) {
    const [one, other] = [plane[i - 1]!, plane[i]!];
    if (i % width !== 0 && one > from && one < to && other > from && other < to)
      differences.push(Math.abs(one - other));
  }
  if (differences.length < MIN_DARK_PAIRS) return null;
  const sigma = Math.max(1, median(differences) / MAD_OF_DIFFERENCE) / airLevel;
  return -Math.log(sigma);
}

/** Low over high attenuation, median over the goods: it moves with the voltage of the tube. */
function ratioOf({ low, high, airLevel }: ScanPlanes): number | null {
  if (low === undefined || high === undefined) return null;
  const [from, to] = [airLevel * Math.exp(-RATIO_TO), airLevel * Math.exp(-RATIO_FROM)];
  const ratios: number[] = [];
  for (let i = 0; i < high.length; i += STRIDE) {
    const [dim, bright] = [low[i]!, high[i]!];
    if (bright > from && bright < to && dim > 0)
      ratios.push(Math.log(dim / airLevel) / Math.log(bright / airLevel));
  }
  return ratios.length < MIN_RATIO_PIXELS ? null : median(ratios);
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length >> 1] ?? 0;
}

function rounded(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Math.round(value * 1e5) / 1e5;
}
