/**
 * Pseudo-colour back to a dual-energy pair: the generic inverse for images whose counts are gone. Every vendor's palette
 * shows the low/high ratio as hue (orange organic, green mixed, blue metal) and the attenuation as darkness; how exactly is
 * not known, so that the result is a pseudo pair: the right order of materials and thicknesses, never a measurement.
 *
 * The same definition is used in training (Python); `pseudo-pair-vectors.json` beside this file holds both to it.
 */

/** Air level of the pseudo pair, counts. */
export const PSEUDO_AIR_LEVEL = 60_000;
/** Steps of lightness: maximum plus minimum of the three 8-bit channels. */
const LIGHTNESS_STEPS = 510;
/** White is the brightest lightness that this share of the pixels reaches … */
const WHITE_SHARE = 0.01;
/** … if it is at least so bright; below, the image shows no air and white stays at full scale. */
const WHITE_FROM = 0.8;
/** Viewing stations open the dark parts: lightness = transmission ^ 0.55. */
const VIEWING_GAMMA = 0.55;
/** Darkest lightness that tells anything: one step of an 8-bit image. */
const DARKEST = 1 / 255;
/** Ratio of a pixel without colour, and how much chroma (0..1) it takes until half of the hue's ratio counts. */
const GREY_RATIO = 1.4;
const HALF_CHROMA = 0.06;
/**
 * Hue in degrees → low over high attenuation, linear in between and around the circle. Orange is organic (1.2 on a 160 kV
 * sandwich detector), green light metal and salts (1.5), blue iron (2). Violet and red do not come from a material: lines
 * drawn by the machine, or its word for too dense; they fade back to organic.
 */
const HUE_RATIO: readonly (readonly [degrees: number, ratio: number])[] = [
  [0, 1.15],
  [30, 1.2],
  [60, 1.33],
  [120, 1.5],
  [180, 1.68],
  [225, 1.95],
  [260, 2.1],
  [300, 2.1],
  [330, 1.15],
  [360, 1.15],
];

/** A pseudo pair: row-major counts with {@link PSEUDO_AIR_LEVEL} as air. */
export interface PseudoPair {
  readonly low: Uint16Array;
  readonly high: Uint16Array;
}

/**
 * Interleaved 8-bit R, G, B → pseudo pair of the same size. Lightness (max + min) over white gives the mean attenuation of
 * both energies of the pixel itself; hue and chroma of its 3 × 3 surroundings (JPEG keeps colour coarser than light) give
 * the ratio that splits it into low and high.
 */
export function pseudoPair(rgb: Uint8Array, width: number, height: number): PseudoPair {
  const attenuation = attenuationTable(whiteOf(rgb));
  const low = new Uint16Array(width * height);
  const high = new Uint16Array(width * height);
  const around = new RowMeans(rgb, width, height);
  for (let y = 0, i = 0, at = 0; y < height; y += 1) {
    const colours = around.of(y);
    for (let x = 0; x < 3 * width; x += 3, i += 1, at += 3) {
      const mean = attenuation[lightnessOf(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!)]!;
      const ratio = ratioOf(colours[x]!, colours[x + 1]!, colours[x + 2]!);
      const ofHigh = (2 * mean) / (1 + ratio);
      low[i] = Math.round(PSEUDO_AIR_LEVEL * Math.exp(-ratio * ofHigh));
      high[i] = Math.round(PSEUDO_AIR_LEVEL * Math.exp(-ofHigh));
    }
  }
  return { low, high };
}

function lightnessOf(r: number, g: number, b: number): number {
  return Math.max(r, g, b) + Math.min(r, g, b);
}

/** Lightness of air, 1…510. */
function whiteOf(rgb: Uint8Array): number {
  const histogram = new Uint32Array(LIGHTNESS_STEPS + 1);
  for (let at = 0; at + 2 < rgb.length; at += 3) {
    histogram[lightnessOf(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!)]! += 1;
  }
  const needed = (WHITE_SHARE * rgb.length) / 3;
  let seen = 0;
  for (let level = LIGHTNESS_STEPS; level >= WHITE_FROM * LIGHTNESS_STEPS; level -= 1) {
    seen += histogram[level]!;
    if (seen >= needed) return level;
  }
  return LIGHTNESS_STEPS;
}

/** Lightness step → mean attenuation (−ln of transmission) of both energies. */
function attenuationTable(white: number): Float64Array {
  return Float64Array.from(
    { length: LIGHTNESS_STEPS + 1 },
    (_, step) => -Math.log(Math.min(1, Math.max(DARKEST, step / white))) / VIEWING_GAMMA,
  );
}

/** Low over high attenuation that a colour (channels 0..255) stands for. */
function ratioOf(r: number, g: number, b: number): number {
  const most = Math.max(r, g, b);
  const chroma = (most - Math.min(r, g, b)) / 255;
  if (chroma === 0) return GREY_RATIO;
  const span = 255 * chroma;
  let sector: number;
  if (most === r) sector = (g - b) / span + (g < b ? 6 : 0);
  else if (most === g) sector = (b - r) / span + 2;
  else sector = (r - g) / span + 4;
  const weight = chroma / (chroma + HALF_CHROMA);
  return GREY_RATIO + weight * (interpolate(60 * sector) - GREY_RATIO);
}

function interpolate(degrees: number): number {
  for (let i = 1; i < HUE_RATIO.length; i += 1) {
    const [to, ratio] = HUE_RATIO[i]!;
    if (degrees > to) continue;
    const [from, before] = HUE_RATIO[i - 1]!;
    return before + ((ratio - before) * (degrees - from)) / (to - from);
  }
  return HUE_RATIO[HUE_RATIO.length - 1]![1];
}

/** Mean colours of 3 × 3 pixels, edges repeated, a row at a time: an image of 64 Mpx must not cost a gigabyte. */
class RowMeans {
  readonly #rgb: Uint8Array;
  readonly #row: number;
  readonly #last: number;
  readonly #sums: Uint16Array[];
  readonly #means: Float64Array;

  constructor(rgb: Uint8Array, width: number, height: number) {
    this.#rgb = rgb;
    this.#row = 3 * width;
    this.#last = height - 1;
    this.#sums = [0, 1, 2].map(() => new Uint16Array(3 * width));
    this.#means = new Float64Array(3 * width);
  }

  /** Means around row `y`, valid until the next call; rows are asked for in order from 0. */
  of(y: number): Float64Array {
    if (y === 0) this.#addUp(0);
    if (y < this.#last) this.#addUp(y + 1);
    const up = this.#sums[Math.max(0, y - 1) % 3]!;
    const here = this.#sums[y % 3]!;
    const down = this.#sums[Math.min(this.#last, y + 1) % 3]!;
    for (let x = 0; x < this.#row; x += 1) this.#means[x] = (up[x]! + here[x]! + down[x]!) / 9;
    return this.#means;
  }

  #addUp(y: number): void {
    const sums = this.#sums[y % 3]!;
    const start = y * this.#row;
    for (let x = 0; x < this.#row; x += 1) {
      const at = start + x;
      sums[x] =
        this.#rgb[x < 3 ? at : at - 3]! + this.#rgb[at]! + this.#rgb[x >= this.#row - 3 ? at : at + 3]!;
    }
  }
}
