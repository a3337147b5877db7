import type { Random } from "../random.ts";
import type { Canvas } from "../scene/canvas.ts";
import { beamWeights } from "./spectrum.ts";
import { transmit } from "./transmission.ts";

export const AIR_LEVEL = 60_000;

export interface DetectorSettings {
  readonly kilovolts: number;
  readonly filterAluminiumMm: number;
  readonly filterCopperMm: number;
  /** Photons per pixel in air that carry the noise, per energy. */
  readonly photons: readonly [number, number];
  /** Electronic noise, counts of the output. */
  readonly electronicCounts: number;
  /** Weight of a pixel's neighbours in the point spread, each side. */
  readonly blurLines: number;
  readonly blurPixels: number;
  /** Share of the light that comes from around (scatter and glare). */
  readonly glare: number;
  readonly gainSpread: number;
  readonly doseSpread: number;
}

export function drawSettings(random: Random): DetectorSettings {
  const photons = 55_000 * Math.exp(random.range(-0.9, 0.7));
  return {
    kilovolts: 160 + random.range(-5, 5),
    filterAluminiumMm: random.range(3, 5),
    filterCopperMm: random.range(0.11, 0.22),
    photons: [photons, photons * random.range(0.9, 1.4)],
    electronicCounts: random.range(9, 22),
    blurLines: random.range(0.05, 0.14),
    blurPixels: random.range(0.07, 0.16),
    glare: random.range(0.004, 0.014),
    gainSpread: random.range(0.0008, 0.0035),
    doseSpread: random.range(0.0004, 0.0018),
  };
}

/** Noisy low and high planes (counts, airLevel × transmission) of what the canvas holds. */
export function expose(
  canvas: Canvas,
  settings: DetectorSettings,
  random: Random,
): [Uint16Array, Uint16Array] {
  const clean = transmissions(canvas, settings);
  const dose = Float32Array.from({ length: canvas.width }, () => 1 + settings.doseSpread * random.normal());
  return [0, 1].map((energy) => {
    const plane = clean[energy] as Float32Array;
    blur(plane, canvas, settings);
    addGlare(plane, canvas, settings.glare);
    return readOut(plane, canvas, settings, dose, settings.photons[energy] as number, random.fork(energy));
  }) as [Uint16Array, Uint16Array];
}

function transmissions(canvas: Canvas, settings: DetectorSettings): [Float32Array, Float32Array] {
  const { width, height, bins } = canvas;
  const low = new Float32Array(width * height).fill(1);
  const high = new Float32Array(width * height).fill(1);
  const weights = beamWeights(settings);
  for (let y = 0; y < height; y++) {
    const from = canvas.from[y] as number;
    const count = (canvas.to[y] as number) - from;
    if (count > 0) transmit(bins, y * width + from, count, weights, low, high, y * width + from);
  }
  return [low, high];
}

/** Separable three-tap point spread, in place, over the covered columns and one beyond. */
function blur(plane: Float32Array, canvas: Canvas, settings: DetectorSettings): void {
  const { width, height } = canvas;
  const a = settings.blurLines;
  for (let y = 0; y < height; y++) {
    const from = Math.max(1, (canvas.from[y] as number) - 1);
    const to = Math.min(width - 1, (canvas.to[y] as number) + 1);
    let before = plane[y * width + from - 1] as number;
    for (let i = y * width + from; i < y * width + to; i++) {
      const here = plane[i] as number;
      plane[i] = here + a * (before + (plane[i + 1] as number) - 2 * here);
      before = here;
    }
  }
  const b = settings.blurPixels;
  const above = plane.slice(0, width);
  for (let y = 1; y + 1 < height; y++) {
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const here = plane[i] as number;
      plane[i] = here + b * ((above[x] as number) + (plane[i + width] as number) - 2 * here);
      above[x] = here;
    }
  }
}

const GLARE_CELL = 16;
/** Pixels of one detector module: they share a part of their gain. */
const MODULE_PIXELS = 64;

/** Mixes in a coarse, smoothed image of itself: light and scatter from around lift dense places. */
function addGlare(plane: Float32Array, canvas: Canvas, share: number): void {
  const { width, height } = canvas;
  const cw = Math.ceil(width / GLARE_CELL) + 1;
  const ch = Math.ceil(height / GLARE_CELL) + 1;
  const coarse = new Float32Array(cw * ch);
  for (let cy = 0; cy < ch; cy++) {
    for (let cx = 0; cx < cw; cx++) coarse[cy * cw + cx] = around(plane, width, height, cx, cy);
  }
  for (let y = 0; y < height; y++) {
    const fy = y / GLARE_CELL;
    const cy = fy | 0;
    const to = canvas.to[y] as number;
    for (let x = canvas.from[y] as number; x < to; x++) {
      const cx = (x / GLARE_CELL) | 0;
      const fx = x / GLARE_CELL - cx;
      const at = cy * cw + cx;
      const top = (coarse[at] as number) * (1 - fx) + (coarse[at + 1] as number) * fx;
      const low = (coarse[at + cw] as number) * (1 - fx) + (coarse[at + cw + 1] as number) * fx;
      const i = y * width + x;
      plane[i] = (plane[i] as number) * (1 - share) + share * (top * (1 - fy + cy) + low * (fy - cy));
    }
  }
}

function around(plane: Float32Array, width: number, height: number, cx: number, cy: number): number {
  let sum = 0;
  let count = 0;
  for (let y = (cy - 1) * GLARE_CELL + 2; y < (cy + 1) * GLARE_CELL; y += 4) {
    for (let x = (cx - 1) * GLARE_CELL + 2; x < (cx + 1) * GLARE_CELL; x += 4) {
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      sum += plane[y * width + x] as number;
      count++;
    }
  }
  return count > 0 ? sum / count : 1;
}

function readOut(
  plane: Float32Array,
  canvas: Canvas,
  settings: DetectorSettings,
  dose: Float32Array,
  photons: number,
  random: Random,
): Uint16Array {
  const { width, height } = canvas;
  const out = new Uint16Array(width * height);
  const perPhoton = AIR_LEVEL / photons;
  const floor = settings.electronicCounts ** 2;
  const variance = AIR_LEVEL * perPhoton;
  const noise = new Float32Array(width);
  let module = 0;
  for (let y = 0; y < height; y++) {
    if (y % MODULE_PIXELS === 0) module = 0.6 * settings.gainSpread * random.normal();
    const gain = 1 + module + settings.gainSpread * random.normal();
    random.normals(noise);
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const transmission = (plane[i] as number) * (dose[x] as number);
      const sigma = Math.sqrt(variance * transmission + floor);
      const value = transmission * AIR_LEVEL * gain + sigma * (noise[x] as number) + 0.5;
      out[i] = value <= 0 ? 0 : Math.min(value, 65535);
    }
  }
  return out;
}
