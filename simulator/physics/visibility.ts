import { BINS, type Canvas } from "../scene/canvas.ts";
import type { TargetMark } from "../scene/target-mark.ts";
import { CLUTTER_WINDOW, type EnergyPair, type Visibility, visibilityOf } from "../tiers.ts";
import { AIR_LEVEL } from "./detector.ts";
import type { DetectorSettings } from "./settings.ts";
import { type BeamWeights, beamWeights } from "./spectrum.ts";
import { transmit } from "./transmission.ts";

/** Pixels around a target's box that count as its surroundings. */
const MARGIN = (CLUTTER_WINDOW - 1) / 2;

/**
 * Visibility of each target in a canvas that holds the whole scene: clean transmissions inside its box with and
 * without it, lifted by the same stray light as the image, and the detector's own noise.
 */
export function measureVisibility(
  canvas: Canvas,
  marks: readonly TargetMark[],
  settings: DetectorSettings,
): Visibility[] {
  const weights = beamWeights(settings);
  return marks.map((mark) => measure(canvas, mark, settings, weights));
}

function measure(
  canvas: Canvas,
  { box, mask, bins }: TargetMark,
  settings: DetectorSettings,
  weights: BeamWeights,
): Visibility {
  const x0 = Math.max(0, box.x - MARGIN);
  const y0 = Math.max(0, box.y - MARGIN);
  const width = Math.min(canvas.width, box.x + box.width + MARGIN) - x0;
  const height = Math.min(canvas.height, box.y + box.height + MARGIN) - y0;
  const pair = (photons: number): EnergyPair => ({
    with: new Float32Array(width * height),
    without: new Float32Array(width * height),
    photons,
  });
  const low = pair(settings.photons[0]);
  const high = pair(settings.photons[1]);
  const regionMask = new Uint8Array(width * height);
  const rest = new Float32Array(box.width * BINS);
  const all = canvas.bins;
  for (let y = 0; y < height; y++) {
    const pixel = (y0 + y) * canvas.width + x0;
    transmit(all, pixel, width, weights, low.with, high.with, y * width);
    low.without.set(low.with.subarray(y * width, (y + 1) * width), y * width);
    high.without.set(high.with.subarray(y * width, (y + 1) * width), y * width);
    const row = y0 + y - box.y;
    if (row < 0 || row >= box.height) continue;
    const source = ((y0 + y) * canvas.width + box.x) * BINS;
    const own = row * box.width * BINS;
    for (let k = 0; k < rest.length; k++) rest[k] = (all[source + k] as number) - (bins[own + k] as number);
    const at = y * width + box.x - x0;
    transmit(rest, 0, box.width, weights, low.without, high.without, at);
    regionMask.set(mask.subarray(row * box.width, (row + 1) * box.width), at);
  }
  lift(low, settings.glare, settings.floor?.[0] ?? 0);
  lift(high, settings.glare, settings.floor?.[1] ?? 0);
  const electronic = settings.electronicCounts / AIR_LEVEL;
  return visibilityOf({ width, height, mask: regionMask, low, high, electronic });
}

/** Stray light from around, here the mean of the region, and the detector's own floor under what is opaque. */
function lift(energy: EnergyPair, share: number, floor: number): void {
  let mean = 0;
  for (const t of energy.with) mean += t / energy.with.length;
  for (const plane of [energy.with, energy.without])
    for (let i = 0; i < plane.length; i++)
      plane[i] = ((plane[i] as number) * (1 - share) + share * mean) * (1 - floor) + floor;
}
