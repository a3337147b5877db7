import type { Random } from "../random.ts";
import type { Canvas } from "../scene/canvas.ts";
import { displace, repairDead } from "./sampling.ts";
import type { DetectorSettings } from "./settings.ts";
import { beamWeights } from "./spectrum.ts";
import { transmit } from "./transmission.ts";

export const AIR_LEVEL = 60_000;

/** Noisy low and high planes (counts, airLevel × transmission) of what the canvas holds. */
export function expose(
  canvas: Canvas,
  settings: DetectorSettings,
  random: Random,
): [Uint16Array, Uint16Array] {
  const clean = transmissions(canvas, settings);
  const drift = (settings.gainDrift ?? 0) / canvas.width;
  const dose = Float32Array.from(
    { length: canvas.width },
    (_, x) => 1 + settings.doseSpread * random.normal() + drift * x,
  );
  const dead = Array.from({ length: settings.deadPixels ?? 0 }, () => random.int(1, canvas.height - 2));
  return ([0, 1] as const).map((energy) => {
    const plane = clean[energy];
    const wider = energy === 0 ? (settings.blurLow ?? 1) : 1;
    displace(plane, canvas, settings, energy === 0 ? (settings.lagLines ?? 0) : 0);
    blur(plane, canvas, settings.blurLines * wider, settings.blurPixels * wider);
    addGlare(plane, canvas, settings.glare, settings.floor?.[energy] ?? 0);
    if (dead.length > 0) repairDead(plane, canvas, dead);
    return readOut(plane, canvas, settings, dose, settings.photons[energy], random.fork(energy));
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
function blur(plane: Float32Array, canvas: Canvas, a: number, b: number): void {
  const { width, height } = canvas;
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

/** Mixes in a coarse, smoothed image of itself: light and scatter from around lift dense places, and nothing is darker than the floor. */
function addGlare(plane: Float32Array, canvas: Canvas, share: number, floor: number): void {
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
      const lifted = (plane[i] as number) * (1 - share) + share * (top * (1 - fy + cy) + low * (fy - cy));
      plane[i] = lifted * (1 - floor) + floor;
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
  const kept = settings.afterglow ?? 0;
  const rest = Math.sqrt(1 - kept * kept);
  let module = 0;
  for (let y = 0; y < height; y++) {
    if (y % MODULE_PIXELS === 0) module = 0.6 * settings.gainSpread * random.normal();
    const gain = 1 + module + settings.gainSpread * random.normal();
    random.normals(noise);
    if (kept > 0)
      for (let x = 1; x < width; x++)
        noise[x] = (noise[x] as number) * rest + (noise[x - 1] as number) * kept;
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const transmission = (plane[i] as number) * (dose[x] as number);
      const sigma = Math.sqrt(variance * transmission + floor);
      const value = transmission * AIR_LEVEL * gain + sigma * (noise[x] as number) + 0.5;
      out[i] = value <= 0 ? 0 : Math.min(value, 65535);
    }
  }
  return out;
}
