import { type MassCalibration, type MassCurve, OPAQUE_TRANSMISSION } from "./mass-calibration.ts";
import { rowAir } from "./row-air.ts";

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
  /**
   * Share of `kg` that the rays do not tell, 0..1: all of it where they hardly pass (the true mass may be any larger one), and
   * behind what is thicker than the last step of the wedge's densest material, what the goods would weigh less if they were of
   * that. There the low energy is down to scatter, so that copper has the ratio of paper.
   */
  readonly opaqueShare: number;
  readonly opaquePixels: number;
}

/** Share of the mass that the rays do not tell from which the figure is no longer the item's mass: as much as it may be wrong. */
export const MOST_OPAQUE = 0.05;

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
/** Rows of the lookup tables: steps of attenuation from 0 to the darkest. */
const TABLE_STEPS = 512;
const TABLE_END = -Math.log(DARKEST);
/**
 * Between organics and steel a ratio has two readings: aluminium and its like, or steel before organics, which weigh a fifth
 * less. No single pixel tells which; a mean keeps the error of either small. What is uneven within a block (spread over mean of
 * its attenuation, from this on wholly) is steel: zips, screws, wires.
 */
const MIXED_SHARE = 0.6;
const UNEVEN = 0.3;
/**
 * Blur takes more from the darker plane, so that a thing of a few pixels shows less than its ratio: the excess over organics is
 * raised by the spread, at most doubled and not beyond steel. Without it, zips and wires counted for half as much again as they weigh.
 */
const WASHED_OUT = 1;
/** Materials of a wedge from which its first two are both organic (polyethylene and PET, say): between these nothing is mixed. */
const TWO_ORGANICS_FROM = 4;
/** Ratios beyond the materials of the wedge are followed only so far; share of the distance of the outer curves. */
const BEYOND = 0.3;

/**
 * Mass from the projection, without learning: Σ areal density × pixel area. The density of a pixel is its high-energy
 * attenuation times the g/cm² per attenuation of the material that the ratio of its block stands for, from the wedge's curves
 * at the pixel's own attenuation, so that beam hardening is in them and the rim of a thing counts as what it is.
 */
export function weighView(view: MassView, calibration: MassCalibration): MassEstimate {
  const { width, height, pixelPitchMm } = view;
  const rows = new BlockRow(view, attenuationTable(view.airLevel));
  const density = new DensityTable(calibration);
  const totals: Totals = { sum: 0, opaque: 0, opaquePixels: 0, covered: 0 };
  for (let top = 0; top < height; top += BLOCK) {
    rows.gather(top);
    for (let block = 0; block * BLOCK < width; block++) {
      const pixels = rows.pixels(block);
      const high = rows.high[block]!;
      const mean = high / pixels;
      if (mean > RATIO_FROM) {
        const spread = Math.sqrt(Math.max(0, rows.square[block]! / pixels - mean * mean)) / mean;
        density.choose(rows.square[block]! / high, rows.low[block]! / high, spread);
      } else density.chooseOrganic();
      rows.weigh(block, density, totals);
      totals.covered += mean > COVERED_FROM ? pixels : 0;
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

/** What is summed over a view: areal density in g/cm² over pixels, and pixels. */
interface Totals {
  sum: number;
  opaque: number;
  opaquePixels: number;
  covered: number;
}

/** Attenuation of one row of blocks: of each pixel, and summed over blocks. */
class BlockRow {
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Of the squares of the high-energy attenuation: over `high` the depth where most of the attenuation is. */
  readonly square: Float64Array;
  readonly #deep: Float32Array;
  readonly #view: MassView;
  readonly #attenuation: Float32Array;
  #lines = 0;

  constructor(view: MassView, attenuation: Float32Array) {
    const blocks = Math.ceil(view.width / BLOCK);
    this.low = new Float64Array(blocks);
    this.high = new Float64Array(blocks);
    this.square = new Float64Array(blocks);
    this.#deep = new Float32Array(view.width * BLOCK);
    this.#view = view;
    this.#attenuation = attenuation;
  }

  /** Pixels of a block: fewer at the right and lower edge. */
  pixels(block: number): number {
    return this.#lines * Math.min(BLOCK, this.#view.width - block * BLOCK);
  }

  gather(top: number): void {
    for (const sums of [this.low, this.high, this.square]) sums.fill(0);
    this.#lines = Math.min(BLOCK, this.#view.height - top);
    for (let line = 0; line < this.#lines; line++) this.#add(top + line, line);
  }

  /** Adds a block's pixels, of the material that was chosen. */
  weigh(block: number, density: DensityTable, totals: Totals): void {
    const { width } = this.#view;
    const opaqueFrom = -Math.log(OPAQUE_TRANSMISSION);
    for (let line = 0; line < this.#lines; line++) {
      const end = line * width + Math.min(width, (block + 1) * BLOCK);
      for (let i = line * width + block * BLOCK; i < end; i++) {
        const deep = this.#deep[i]!;
        const areal = deep * density.at(deep);
        totals.sum += areal;
        if (deep >= opaqueFrom) {
          totals.opaque += areal;
          totals.opaquePixels += 1;
        } else if (density.beyond) totals.opaque += Math.max(0, areal - deep * density.ofDensest(deep));
      }
    }
  }

  #add(y: number, line: number): void {
    const { low, high, width, airLevel } = this.#view;
    const table = this.#attenuation;
    const start = y * width;
    const lowAir = rowAir(low, start, start + width, airLevel);
    const highAir = rowAir(high, start, start + width, airLevel);
    for (let x = 0, i = start; x < width; x++, i++) {
      const block = (x / BLOCK) | 0;
      const deep = table[high[i]!]! - (highAir.first + x * highAir.step);
      this.#deep[line * width + x] = deep;
      this.low[block]! += table[low[i]!]! - (lowAir.first + x * lowAir.step);
      this.high[block]! += deep;
      this.square[block]! += deep * deep;
    }
  }
}

/** The wedge's curves at evenly spaced attenuations, and the mixture of them that a block is taken for. */
class DensityTable {
  readonly #ratios: readonly Float64Array[];
  readonly #densities: readonly Float64Array[];
  /** Share of each curve in the chosen mixture, sum 1. */
  readonly #shares: Float64Array;
  /** The last curve that is organic. */
  readonly #organic: number;
  /** Where the densest curve ends: an attenuation. */
  readonly #reach: number;
  /** Whether what follows is deeper than the densest material was seen. */
  beyond = false;

  constructor({ curves }: MassCalibration) {
    this.#reach = curves.at(-1)!.points.at(-1)!.attenuation;
    this.#ratios = curves.map((curve) => sampled(curve, "ratio"));
    this.#densities = curves.map((curve) => sampled(curve, "density"));
    this.#shares = new Float64Array(curves.length);
    this.#organic = curves.length >= TWO_ORGANICS_FROM ? 1 : 0;
  }

  /** Takes what follows for organic matter: too thin for a ratio. */
  chooseOrganic(): void {
    this.beyond = false;
    this.#shares.fill(0);
    for (let k = 0; k <= this.#organic; k++) this.#shares[k] = 1 / (this.#organic + 1);
  }

  /** Takes what follows for the material of this attenuation and ratio; `spread`: of the attenuation around, over its mean. */
  choose(depth: number, seen: number, spread: number): void {
    this.#shares.fill(0);
    this.beyond = depth > this.#reach;
    const organic = this.#organic;
    const last = this.#ratios.length - 1;
    const step = stepOf(depth);
    const excess = Math.max(0, seen - this.#ratios[organic]![step]!);
    const raised = seen + excess * WASHED_OUT * Math.min(1, spread);
    const ratio = Math.max(seen, Math.min(raised, this.#ratios[last]![step]!));
    let k = 1;
    while (k < last && ratio > this.#ratios[k]![step]!) k++;
    const mixed = k <= organic ? 1 : MIXED_SHARE * Math.max(0, 1 - spread / UNEVEN);
    this.#add(k - 1, k, step, ratio, mixed);
    if (mixed < 1) this.#add(organic, last, step, ratio, 1 - mixed);
  }

  /** g/cm² per unit of high-energy attenuation of the chosen material at this attenuation. */
  at(depth: number): number {
    const step = stepOf(depth);
    let density = 0;
    for (let k = 0; k < this.#shares.length; k++) density += this.#shares[k]! * this.#densities[k]![step]!;
    return density;
  }

  /** The same of the densest material. */
  ofDensest(depth: number): number {
    return this.#densities.at(-1)![stepOf(depth)]!;
  }

  #add(k: number, l: number, at: number, ratio: number, weight: number): void {
    const [from, to] = [this.#ratios[k]![at]!, this.#ratios[l]![at]!];
    const share = to > from ? (ratio - from) / (to - from) : 0;
    const held = Math.min(1 + BEYOND, Math.max(-BEYOND, share));
    this.#shares[k]! += weight * (1 - held);
    this.#shares[l]! += weight * held;
  }
}

function stepOf(depth: number): number {
  return Math.min(TABLE_STEPS - 1, Math.max(0, Math.round((depth / TABLE_END) * (TABLE_STEPS - 1))));
}

/** Between two steps of the wedge linear in the root of the attenuation: the beam hardens fastest at first. */
function sampled({ points }: MassCurve, member: "ratio" | "density"): Float64Array {
  let k = 0;
  return Float64Array.from({ length: TABLE_STEPS }, (_, step) => {
    const attenuation = (step / (TABLE_STEPS - 1)) * TABLE_END;
    while (k < points.length - 2 && attenuation > points[k + 1]!.attenuation) k++;
    const [one, other] = [points[k]!, points[k + 1]!];
    const root = Math.sqrt(one.attenuation);
    const share = (Math.sqrt(attenuation) - root) / (Math.sqrt(other.attenuation) - root);
    return one[member] + Math.min(1, Math.max(0, share)) * (other[member] - one[member]);
  });
}
