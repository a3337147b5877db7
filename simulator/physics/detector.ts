import type { Random } from "../random.ts";
import type { Canvas } from "../scene/canvas.ts";
import { readOut } from "./read-out.ts";
import { displacements, repairDead, spreadLines } from "./sampling.ts";
import type { DetectorSettings } from "./settings.ts";
import { beamWeights } from "./spectrum.ts";
import { transmit } from "./transmission.ts";

export { AIR_LEVEL } from "./read-out.ts";

/** Clean transmissions of what the canvas holds, low and high energy, row-major; 1 where nothing lies. */
export function transmissionsOf(canvas: Canvas, settings: DetectorSettings): [Float32Array, Float32Array] {
  const { width, height, bins, memory } = canvas;
  const low = memory("low", width * height).fill(1);
  const high = memory("high", width * height).fill(1);
  const weights = beamWeights(settings);
  for (let y = 0; y < height; y++) {
    const from = canvas.from[y] as number;
    const count = (canvas.to[y] as number) - from;
    if (count > 0) transmit(bins, y * width + from, count, weights, low, high, y * width + from);
  }
  return [low, high];
}

/**
 * Noisy low and high planes (counts, airLevel × transmission) of what the canvas holds. `clean`: what {@link transmissionsOf}
 * gave for it, where that is at hand; it is overwritten.
 */
export function expose(
  canvas: Canvas,
  settings: DetectorSettings,
  random: Random,
  clean = transmissionsOf(canvas, settings),
): [Uint16Array, Uint16Array] {
  const drift = (settings.gainDrift ?? 0) / canvas.width;
  const dose = Float64Array.from({ length: canvas.width }, (_, x) =>
    Math.fround(1 + settings.doseSpread * random.normal() + drift * x),
  );
  const dead = Array.from({ length: settings.deadPixels ?? 0 }, () => random.int(1, canvas.height - 2));
  for (const energy of [0, 1] as const) {
    const plane = clean[energy];
    const wider = energy === 0 ? (settings.blurLow ?? 1) : 1;
    const lag = energy === 0 ? (settings.lagLines ?? 0) : 0;
    spreadLines(plane, canvas, settings.blurLines * wider, displacements(canvas.width, settings, lag));
    spreadPixels(plane, canvas, settings.blurPixels * wider);
    addGlare(plane, canvas, settings.glare, settings.floor?.[energy] ?? 0);
    if (dead.length > 0) repairDead(plane, canvas, dead);
  }
  return readOut(clean, settings, dose, random);
}

/** Columns beside covered ones that displacing lines by up to one and blurring them may have changed. */
const REACH = 2;

/** Three-tap point spread along the detector, in place, over what the one along the belt may have changed and one pixel beyond. */
function spreadPixels(plane: Float32Array, canvas: Canvas, share: number): void {
  const { width, height, from: rowsFrom, to: rowsTo } = canvas;
  const above = plane.slice(0, width);
  for (let y = 1; y + 1 < height; y++) {
    const first = Math.min(rowsFrom[y - 1] as number, rowsFrom[y] as number, rowsFrom[y + 1] as number);
    const last = Math.max(rowsTo[y - 1] as number, rowsTo[y] as number, rowsTo[y + 1] as number);
    const from = Math.max(0, first - REACH);
    const to = Math.min(width, last + REACH);
    for (let x = from, i = y * width + from; x < to; x++, i++) {
      const here = plane[i] as number;
      plane[i] = here + share * ((above[x] as number) + (plane[i + width] as number) - 2 * here);
      above[x] = here;
    }
  }
}

const GLARE_CELL = 16;
/** Which pixels of a cell are looked at, along both axes. */
const GLARE_FIRST = 2;
const GLARE_STEP = 4;

/** Mixes in a coarse, smoothed image of itself: light and scatter from around lift dense places, and nothing is darker than the floor. */
function addGlare(plane: Float32Array, canvas: Canvas, share: number, floor: number): void {
  const { width, height } = canvas;
  const cw = Math.ceil(width / GLARE_CELL) + 1;
  const ch = Math.ceil(height / GLARE_CELL) + 1;
  const coarse = new Float32Array(cw * ch);
  for (let cy = 0; cy < ch; cy++) {
    for (let cx = 0; cx < cw; cx++) coarse[cy * cw + cx] = around(plane, width, height, cx, cy);
  }
  const top = new Float64Array(width);
  const bottom = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    const fy = y / GLARE_CELL;
    const cy = fy | 0;
    if (fy === cy) {
      spread(coarse, cy * cw, top);
      spread(coarse, (cy + 1) * cw, bottom);
    }
    const weight = fy - cy;
    const rest = 1 - fy + cy;
    const to = canvas.to[y] as number;
    for (let x = canvas.from[y] as number, i = y * width + x; x < to; x++, i++) {
      const light = (top[x] as number) * rest + (bottom[x] as number) * weight;
      const lifted = (plane[i] as number) * (1 - share) + share * light;
      plane[i] = lifted * (1 - floor) + floor;
    }
  }
}

/** A row of coarse cells, its first at `first`, interpolated over the columns of the plane. */
function spread(coarse: Float32Array, first: number, out: Float64Array): void {
  for (let x = 0; x < out.length; x++) {
    const cell = (x / GLARE_CELL) | 0;
    const part = x / GLARE_CELL - cell;
    out[x] = (coarse[first + cell] as number) * (1 - part) + (coarse[first + cell + 1] as number) * part;
  }
}

/** Mean of every fourth pixel of the four cells that meet at a corner; of 1 outside the plane. */
function around(plane: Float32Array, width: number, height: number, cx: number, cy: number): number {
  const from = Math.max(0, cx - 1) * GLARE_CELL + GLARE_FIRST;
  const to = Math.min(width, (cx + 1) * GLARE_CELL);
  const last = Math.min(height, (cy + 1) * GLARE_CELL);
  let sum = 0;
  let count = 0;
  for (let y = Math.max(0, cy - 1) * GLARE_CELL + GLARE_FIRST; y < last; y += GLARE_STEP) {
    for (let x = from; x < to; x += GLARE_STEP) {
      sum += plane[y * width + x] as number;
      count++;
    }
  }
  return count > 0 ? sum / count : 1;
}
