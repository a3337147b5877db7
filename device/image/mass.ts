import { type MassCalibration, type MassCurve, OPAQUE_TRANSMISSION } from "./mass-calibration.ts";

/** A dual-energy view with one air level and a known pitch; planes in counts, row-major. */
export interface MassView {
  readonly width: number;
  readonly height: number;
  readonly airLevel: number;
  readonly low: Uint16Array;
  readonly high: Uint16Array;
  /** At the plane where the goods are, mm. */
  readonly pixelPitchMm: { readonly x: number; readonly y: number };
}

/** What a view weighs. */
export interface MassEstimate {
  readonly kg: number;
  /** Share of `kg` where the rays hardly pass: there the true mass may be any larger one, 0..1. */
  readonly opaqueShare: number;
  readonly opaquePixels: number;
}

/** Share of the mass behind opaque pixels from which the figure is no longer the item's mass. */
export const MOST_OPAQUE = 0.02;

/** Darkest transmission that is looked at. */
const DARKEST = 0.0005;
/** Side of the blocks in which the ratio is taken, pixels: that of one pixel is noise. */
const BLOCK = 4;
/** Attenuation below which even a block has no ratio: thin goods count as the first (organic) material. */
const RATIO_FROM = 0.02;
/** Attenuation from which a block belongs to the item. */
const COVERED_FROM = 0.03;
/**
 * g/cm³ of an item as a whole, packaging and air in it (carriers reckon with 0.17, soft goods pack looser); and the highest
 * that the middle of one is taken to be, mm.
 */
const PACKED_DENSITY = 0.13;
const HIGHEST_MIDDLE_MM = 100;
/** Lines at either end of a scan that show air, and how far from air they may be to be taken for it (−ln). */
const END_LINES = 6;
const NEAR_AIR = 0.03;
/** Rows of the lookup tables: steps of attenuation from 0 to the darkest. */
const TABLE_STEPS = 512;
const TABLE_END = -Math.log(DARKEST);
/**
 * Between organic and steel a ratio has two readings: aluminium and its like, or steel before organics, which weigh a fifth
 * less. No single pixel tells which; the middle halves the error of either.
 */
const MIXED_SHARE = 0.5;
/** Ratios beyond the materials of the wedge are followed only so far; share of the distance of the outer curves. */
const BEYOND = 0.3;

/**
 * Mass from the projection, without learning: Σ areal density × pixel area. The density of a block is its high-energy
 * attenuation times the g/cm² per attenuation of the material that its ratio stands for, from the wedge's curves at the
 * same attenuation, so that beam hardening is in them.
 */
export function weighView(view: MassView, calibration: MassCalibration): MassEstimate {
  const { width, height, pixelPitchMm } = view;
  const attenuation = attenuationTable(view.airLevel);
  const density = new DensityTable(calibration);
  const totals = { sum: 0, opaque: 0, opaquePixels: 0, covered: 0 };
  const rows = new BlockRow(view, attenuation);
  for (let top = 0; top < height; top += BLOCK) {
    rows.gather(top);
    for (let block = 0; block * BLOCK < width; block++) {
      const pixels = rows.pixels(block);
      const depth = rows.high[block]! / pixels;
      const ratio = depth > RATIO_FROM ? rows.low[block]! / rows.high[block]! : 0;
      const perAttenuation = density.at(depth, ratio);
      totals.sum += rows.high[block]! * perAttenuation;
      totals.opaque += rows.opaque[block]! * perAttenuation;
      totals.opaquePixels += rows.opaquePixels[block]!;
      totals.covered += depth > COVERED_FROM ? pixels : 0;
    }
  }
  const { sum, opaque, opaquePixels, covered } = totals;
  const factor = areaFactor(calibration, covered > 0 ? sum / covered : 0);
  return {
    // g/cm² × mm² = 10 mg.
    kg: Math.max(0, (sum * pixelPitchMm.x * pixelPitchMm.y * factor) / 100_000),
    opaqueShare: sum > 0 ? Math.min(1, Math.max(0, opaque / sum)) : 0,
    opaquePixels,
  };
}

/**
 * True area of a pixel over the stated one at the height where the middle of the item probably is: goods are packed alike, so
 * that twice the areal density stands for twice the height. One view tells no more.
 */
function areaFactor({ areas }: MassCalibration, arealDensity: number): number {
  const [low, high] = areas.toSorted((a, b) => a.heightMm - b.heightMm);
  if (low === undefined) return 1;
  if (high === undefined || high.heightMm === low.heightMm) return low.factor;
  const middleMm = Math.min(HIGHEST_MIDDLE_MM, (arealDensity / PACKED_DENSITY) * 5);
  const share = (middleMm - low.heightMm) / (high.heightMm - low.heightMm);
  return low.factor * (high.factor / low.factor) ** share;
}

/** −ln of transmission for each count. */
function attenuationTable(airLevel: number): Float32Array {
  const table = new Float32Array(65_536);
  for (let count = 0; count < table.length; count++) {
    table[count] = -Math.log(Math.max(DARKEST, count / airLevel));
  }
  return table;
}

/** Sums of attenuation over one row of blocks. */
class BlockRow {
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** High-energy attenuation of the opaque pixels alone, and their number. */
  readonly opaque: Float64Array;
  readonly opaquePixels: Uint32Array;
  readonly #view: MassView;
  readonly #attenuation: Float32Array;
  #lines = 0;

  constructor(view: MassView, attenuation: Float32Array) {
    const blocks = Math.ceil(view.width / BLOCK);
    this.low = new Float64Array(blocks);
    this.high = new Float64Array(blocks);
    this.opaque = new Float64Array(blocks);
    this.opaquePixels = new Uint32Array(blocks);
    this.#view = view;
    this.#attenuation = attenuation;
  }

  /** Pixels of a block: fewer at the right and lower edge. */
  pixels(block: number): number {
    return this.#lines * Math.min(BLOCK, this.#view.width - block * BLOCK);
  }

  gather(top: number): void {
    for (const sums of [this.low, this.high, this.opaque, this.opaquePixels]) sums.fill(0);
    this.#lines = Math.min(BLOCK, this.#view.height - top);
    for (let y = top; y < top + this.#lines; y++) this.#add(y);
  }

  #add(y: number): void {
    const { low, high, width } = this.#view;
    const table = this.#attenuation;
    const start = y * width;
    const lowAir = airOf(table, low, start, start + width);
    const highAir = airOf(table, high, start, start + width);
    const opaqueFrom = -Math.log(OPAQUE_TRANSMISSION);
    for (let x = 0, i = start; x < width; x++, i++) {
      const block = (x / BLOCK) | 0;
      const deep = table[high[i]!]! - (highAir.first + x * highAir.step);
      this.low[block]! += table[low[i]!]! - (lowAir.first + x * lowAir.step);
      this.high[block]! += deep;
      if (deep < opaqueFrom) continue;
      this.opaque[block]! += deep;
      this.opaquePixels[block]! += 1;
    }
  }
}

/** Attenuation that air shows along a row, `first + x × step`: it is taken off, since detectors drift. */
interface RowAir {
  readonly first: number;
  readonly step: number;
}

/** From the air at both ends of a row; level where one end shows none, 0 where neither does. */
function airOf(table: Float32Array, plane: Uint16Array, start: number, end: number): RowAir {
  if (end - start < 4 * END_LINES) return { first: 0, step: 0 };
  const means = [start, end - END_LINES].map((from) => {
    let mean = 0;
    for (let i = from; i < from + END_LINES; i++) mean += table[plane[i]!]! / END_LINES;
    return Math.abs(mean) <= NEAR_AIR ? mean : null;
  });
  const [left, right] = [means[0] ?? means[1] ?? 0, means[1] ?? means[0] ?? 0];
  return { first: left, step: (right - left) / (end - start) };
}

/** The wedge's curves at evenly spaced attenuations. */
class DensityTable {
  readonly #ratios: readonly Float64Array[];
  readonly #densities: readonly Float64Array[];

  constructor({ curves }: MassCalibration) {
    this.#ratios = curves.map((curve) => sampled(curve, "ratio"));
    this.#densities = curves.map((curve) => sampled(curve, "density"));
  }

  /** g/cm² per unit of high-energy attenuation, where a block has this attenuation and ratio; ratio 0: unknown. */
  at(depth: number, ratio: number): number {
    const step = Math.min(TABLE_STEPS - 1, Math.max(0, Math.round((depth / TABLE_END) * (TABLE_STEPS - 1))));
    if (ratio === 0) return this.#densities[0]![step]!;
    const last = this.#ratios.length - 1;
    let k = 1;
    while (k < last && ratio > this.#ratios[k]![step]!) k++;
    const direct = this.#between(0, last, step, ratio);
    return direct + MIXED_SHARE * (this.#between(k - 1, k, step, ratio) - direct);
  }

  #between(k: number, l: number, at: number, ratio: number): number {
    const [from, to] = [this.#ratios[k]![at]!, this.#ratios[l]![at]!];
    const share = to > from ? (ratio - from) / (to - from) : 0;
    const held = Math.min(1 + BEYOND, Math.max(-BEYOND, share));
    return this.#densities[k]![at]! + held * (this.#densities[l]![at]! - this.#densities[k]![at]!);
  }
}

function sampled({ points }: MassCurve, member: "ratio" | "density"): Float64Array {
  let k = 0;
  return Float64Array.from({ length: TABLE_STEPS }, (_, step) => {
    const attenuation = (step / (TABLE_STEPS - 1)) * TABLE_END;
    while (k < points.length - 2 && attenuation > points[k + 1]!.attenuation) k++;
    const [one, other] = [points[k]!, points[k + 1]!];
    const share = (attenuation - one.attenuation) / (other.attenuation - one.attenuation);
    return one[member] + Math.min(1, Math.max(0, share)) * (other[member] - one[member]);
  });
}
