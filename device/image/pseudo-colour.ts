import { isEightBit } from "./kind.ts";
import type { PicturePlanes } from "./picture-planes.ts";

/**
 * Low over high attenuation, R, at which the usual palette changes: below, light elements (organic); above, metals. Light
 * goods have R near 1.3, aluminium and salts near 1.5, iron near 2 on a 140–160 kV sandwich detector.
 */
const ORGANIC_UNTIL = 1.38;
const METAL_FROM = 1.72;
/** Attenuation (−ln of transmission) below which a ratio is noise: the hue fades in above it. */
const HUE_FROM = 0.02;
const HUE_FULL = 0.12;

/** Beam hardening lowers the ratio of thick metal; what is added back to it for each unit of attenuation, up to a limit. */
const HARDENING = 0.09;
const HARDENING_UNTIL = 5;

/** Opens the dark parts of counts, as viewing stations do. */
const VIEWING_GAMMA = 0.55;

interface Hue {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}
const ORGANIC: Hue = { r: 1.0, g: 0.58, b: 0.1 };
const MIXED: Hue = { r: 0.3, g: 0.72, b: 0.22 };
const METAL: Hue = { r: 0.12, g: 0.38, b: 0.95 };

/**
 * What an analyst is used to see, interleaved 8-bit R, G, B: organic orange, mixed green, metal blue, white air, black where
 * nothing gets through. A single energy is shown grey, a pseudo-colour image as it came.
 */
export function pseudoColour(planes: PicturePlanes): Uint8Array<ArrayBuffer> {
  const { low, high, single, rgb } = planes;
  if (rgb) return Uint8Array.from(rgb);
  if (low && high) return dualEnergy(low, high, planes);
  if (single) return grey(single, planes.airLevel);
  throw new TypeError("a scan without planes cannot be shown");
}

function grey(plane: Uint16Array, airLevel: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(plane.length * 3);
  // An 8-bit image has its tones already: it is shown as it is.
  const table = isEightBit(plane) ? toneTable(65_535, 1) : toneTable(airLevel, VIEWING_GAMMA);
  for (let i = 0, o = 0; i < plane.length; i++, o += 3) {
    const value = Math.round(255 * table[plane[i]!]!);
    out[o] = value;
    out[o + 1] = value;
    out[o + 2] = value;
  }
  return out;
}

function dualEnergy(low: Uint16Array, high: Uint16Array, planes: PicturePlanes): Uint8Array<ArrayBuffer> {
  const { width, height, airLevel } = planes;
  const attenuation = attenuationTable(airLevel);
  const lowSum = boxSum(low, width, height, attenuation);
  const highSum = boxSum(high, width, height, attenuation);
  const tones = toneTable(airLevel, VIEWING_GAMMA);
  const out = new Uint8Array(low.length * 3);
  for (let i = 0, o = 0; i < low.length; i++, o += 3) {
    const lightness = 0.5 * (tones[low[i]!]! + tones[high[i]!]!);
    paint(out, o, lightness, highSum[i]! / 9, highSum[i]! > 0 ? lowSum[i]! / highSum[i]! : 1);
  }
  return out;
}

/** One pixel: `lightness` 0 opaque … 1 air, `depth` the high-energy attenuation around it, `ratio` low over high. */
function paint(out: Uint8Array, at: number, lightness: number, depth: number, ratio: number): void {
  const hue = hueOf(ratio + HARDENING * Math.min(depth, HARDENING_UNTIL));
  const strength = Math.min(1, Math.max(0, (depth - HUE_FROM) / (HUE_FULL - HUE_FROM)));
  for (let channel = 0; channel < 3; channel++) {
    const tint = channel === 0 ? hue.r : channel === 1 ? hue.g : hue.b;
    const value = lightness + strength * (shade(tint, lightness) - lightness);
    out[at + channel] = Math.round(255 * Math.min(1, Math.max(0, value)));
  }
}

/** White over the pure hue to black as the lightness falls. */
function shade(tint: number, lightness: number): number {
  const middle = 0.62;
  if (lightness >= middle) return tint + ((1 - tint) * (lightness - middle)) / (1 - middle);
  return tint * (lightness / middle);
}

function hueOf(ratio: number): Hue {
  const centre = (ORGANIC_UNTIL + METAL_FROM) / 2;
  if (ratio <= centre)
    return blend(
      ORGANIC,
      MIXED,
      smooth((ratio - (2 * ORGANIC_UNTIL - centre)) / (2 * (centre - ORGANIC_UNTIL))),
    );
  return blend(MIXED, METAL, smooth((ratio - centre) / (2 * (METAL_FROM - centre))));
}

function smooth(x: number): number {
  const t = Math.min(1, Math.max(0, x));
  return t * t * (3 - 2 * t);
}

function blend(a: Hue, b: Hue, t: number): Hue {
  return { r: a.r + (b.r - a.r) * t, g: a.g + (b.g - a.g) * t, b: a.b + (b.b - a.b) * t };
}

/** −ln of transmission for each count, 0 from air on; the darkest count that tells anything is 0.1 % of air. */
function attenuationTable(airLevel: number): Float32Array {
  const table = new Float32Array(65_536);
  for (let count = 0; count < 65_536; count++) {
    table[count] = Math.max(0, -Math.log(Math.max(count / airLevel, 0.001)));
  }
  return table;
}

/** Lightness 0..1 for each count. */
function toneTable(airLevel: number, gamma: number): Float32Array {
  const table = new Float32Array(65_536);
  for (let count = 0; count < 65_536; count++) table[count] = Math.min(1, count / airLevel) ** gamma;
  return table;
}

/** Sum of attenuation over 3 × 3 pixels, edges repeated: a ratio of sums is calmer than a ratio of pixels. */
function boxSum(plane: Uint16Array, width: number, height: number, table: Float32Array): Float32Array {
  const rows = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) {
      const left = table[plane[row + (x > 0 ? x - 1 : 0)]!]!;
      const right = table[plane[row + (x < width - 1 ? x + 1 : x)]!]!;
      rows[row + x] = left + table[plane[row + x]!]! + right;
    }
  }
  const out = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    const up = (y > 0 ? y - 1 : 0) * width;
    const down = (y < height - 1 ? y + 1 : y) * width;
    for (let x = 0; x < width; x++)
      out[y * width + x] = rows[up + x]! + rows[y * width + x]! + rows[down + x]!;
  }
  return out;
}
