import { makeBenign, makeTarget } from "../goods/catalogue.ts";
import { TARGET_CLASSES, type TargetClass } from "../goods/item.ts";
import { AIR_LEVEL } from "../physics/detector.ts";
import type { DetectorSettings } from "../physics/settings.ts";
import { type BeamWeights, beamWeights } from "../physics/spectrum.ts";
import { transmit } from "../physics/transmission.ts";
import type { Random } from "../random.ts";
import { lying } from "./augment.ts";
import { maskOf } from "./mask.ts";
import { drawThing, type Stencil } from "./stencil.ts";

/** Sides of a companion, pixels: larger things do not fit into a parcel beside others. */
export const MAX_COMPANION_SIDE = 260;
/** Share of companions that hold no target, so that being put in says nothing. */
const BENIGN_SHARE = 0.4;
/** How often each class comes: the flat organic ones are the hardest to tell apart. */
const WEIGHTS: Readonly<Record<TargetClass, number>> = {
  firearm: 0.7,
  blade: 1.2,
  battery: 0.6,
  narcotic: 2,
  tobacco: 1.3,
  currency: 1.6,
  liquid: 0.8,
  ammunition: 1.1,
  explosive: 2,
};
const MAX_TRIES = 8;

/** A thing seen alone by the machine of a scan, free of noise: what a training run multiplies into that scan. */
export interface Companion {
  readonly width: number;
  readonly height: number;
  /** AIR_LEVEL × transmission, row-major. */
  readonly low: Uint16Array;
  readonly high: Uint16Array;
  readonly targets: readonly {
    readonly class: TargetClass;
    readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  }[];
}

/** `count` things as a machine of `settings` sees them at `pitch` mm a pixel; fewer where some are too large. */
export function companions(
  settings: DetectorSettings,
  pitch: number,
  count: number,
  random: Random,
): Companion[] {
  const weights = beamWeights(settings);
  const found: Companion[] = [];
  for (let tries = 0; found.length < count && tries < count * MAX_TRIES; tries++) {
    const own = random.fork(tries);
    const item = own.chance(BENIGN_SHARE) ? makeBenign(own) : makeTarget(own.weighted(CLASSES), own);
    const stencil = drawThing(item, lying(item, own), pitch, MAX_COMPANION_SIDE);
    if (stencil !== undefined) found.push(seen(stencil, settings, weights));
  }
  return found;
}

const CLASSES: readonly (readonly [TargetClass, number])[] = TARGET_CLASSES.map((name) => [
  name,
  WEIGHTS[name],
]);

function seen(stencil: Stencil, settings: DetectorSettings, weights: BeamWeights): Companion {
  const { width, height, lines, targets } = stencil;
  const low = new Float32Array(width * height);
  const high = new Float32Array(width * height);
  transmit(lines, 0, width * height, weights, low, high, 0);
  const wider = settings.blurLow ?? 1;
  const counts = (plane: Float32Array, spread: number): Uint16Array =>
    countsOf(blurred(plane, width, height, settings, spread));
  const whole = { x: 0, y: 0 };
  const boxes = targets.flatMap(({ class: name, mask }) => {
    const shown = maskOf(mask, stencil, whole, stencil);
    return shown === undefined ? [] : [{ class: name, box: shown.box }];
  });
  return { width, height, low: counts(low, wider), high: counts(high, 1), targets: boxes };
}

function countsOf(plane: Float32Array): Uint16Array {
  const out = new Uint16Array(plane.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.round((plane[i] as number) * AIR_LEVEL);
  return out;
}

/** Three-tap point spread of the machine, along both axes. */
function blurred(
  plane: Float32Array,
  width: number,
  height: number,
  { blurLines, blurPixels }: DetectorSettings,
  spread: number,
): Float32Array {
  const across = tapped(plane, width, height, 1, blurLines * spread);
  return tapped(across, width, height, width, blurPixels * spread);
}

function tapped(plane: Float32Array, width: number, height: number, step: number, weight: number) {
  const out = plane.slice();
  for (let y = 1; y + 1 < height; y++) {
    for (let x = 1; x + 1 < width; x++) {
      const i = y * width + x;
      const here = plane[i] as number;
      out[i] = here + weight * ((plane[i - step] as number) + (plane[i + step] as number) - 2 * here);
    }
  }
  return out;
}
