import { BINS, type Canvas } from "../scene/canvas.ts";
import type { PixelBox, TargetMark } from "../scene/target-mark.ts";
import { CLUTTER_WINDOW, type EnergyPair, type Visibility, visibilityOf } from "../tiers.ts";
import { AIR_LEVEL, transmissionsOf } from "./detector.ts";
import type { DetectorSettings } from "./settings.ts";
import { type BeamWeights, beamWeights } from "./spectrum.ts";
import { transmit } from "./transmission.ts";

/** Pixels around a target's box that count as its surroundings. */
const MARGIN = (CLUTTER_WINDOW - 1) / 2;

/**
 * Visibility of each target in a canvas that holds the whole scene: clean transmissions inside its box with and
 * without it, lifted by the same stray light as the image, and the detector's own noise. `clean`: what
 * `transmissionsOf` gave for the canvas, where that is at hand.
 */
export function measureVisibility(
  canvas: Canvas,
  marks: readonly TargetMark[],
  settings: DetectorSettings,
  clean?: readonly [Float32Array, Float32Array],
): Visibility[] {
  if (marks.length === 0) return [];
  const whole = clean ?? transmissionsOf(canvas, settings);
  const weights = beamWeights(settings);
  return marks.map((mark) => measure(canvas, mark, settings, weights, whole));
}

function measure(
  canvas: Canvas,
  { box, mask, bins }: TargetMark,
  settings: DetectorSettings,
  weights: BeamWeights,
  clean: readonly [Float32Array, Float32Array],
): Visibility {
  const x = Math.max(0, box.x - MARGIN);
  const y = Math.max(0, box.y - MARGIN);
  const width = Math.min(canvas.width, box.x + box.width + MARGIN) - x;
  const height = Math.min(canvas.height, box.y + box.height + MARGIN) - y;
  const [low, high] = clean.map((plane, energy) => {
    const all = cropped(plane, canvas.width, { x, y, width, height });
    return { with: all, without: all.slice(), photons: settings.photons[energy] as number };
  }) as [EnergyPair, EnergyPair];
  const regionMask = new Uint8Array(width * height);
  const rest = new Float32Array(box.width * BINS);
  const all = canvas.bins;
  for (let row = 0; row < box.height; row++) {
    const source = ((box.y + row) * canvas.width + box.x) * BINS;
    const own = row * box.width * BINS;
    for (let k = 0; k < rest.length; k++) rest[k] = (all[source + k] as number) - (bins[own + k] as number);
    const at = (box.y + row - y) * width + box.x - x;
    transmit(rest, 0, box.width, weights, low.without, high.without, at);
    regionMask.set(mask.subarray(row * box.width, (row + 1) * box.width), at);
  }
  lift(low, settings.glare, settings.floor?.[0] ?? 0);
  lift(high, settings.glare, settings.floor?.[1] ?? 0);
  const electronic = settings.electronicCounts / AIR_LEVEL;
  return visibilityOf({ width, height, mask: regionMask, low, high, electronic });
}

function cropped(plane: Float32Array, stride: number, box: PixelBox): Float32Array {
  const out = new Float32Array(box.width * box.height);
  for (let y = 0; y < box.height; y++) {
    const from = (box.y + y) * stride + box.x;
    out.set(plane.subarray(from, from + box.width), y * box.width);
  }
  return out;
}

/** Stray light from around, here the mean of the region, and the detector's own floor under what is opaque. */
function lift(energy: EnergyPair, share: number, floor: number): void {
  const { with: whole, without } = energy;
  let mean = 0;
  for (let i = 0; i < whole.length; i++) mean += (whole[i] as number) / whole.length;
  const stray = share * mean;
  for (let i = 0; i < whole.length; i++) {
    whole[i] = ((whole[i] as number) * (1 - share) + stray) * (1 - floor) + floor;
    without[i] = ((without[i] as number) * (1 - share) + stray) * (1 - floor) + floor;
  }
}
