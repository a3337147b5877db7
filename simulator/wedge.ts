import { expose } from "./physics/detector.ts";
import { type MaterialName, materialOf } from "./physics/materials.ts";
import type { DetectorSettings } from "./physics/settings.ts";
import { Random } from "./random.ts";
import { BINS, Canvas } from "./scene/canvas.ts";

/** One step as a laboratory knows it: what it is made of and how much of it the rays pass, g/cm². */
export interface WedgeStep {
  readonly material: MaterialName;
  readonly arealDensity: number;
  /** Where it lies in the image, pixels. */
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/** A step wedge as a machine sees it: counts, row-major, `airLevel` × transmission. */
export interface SimulatedWedge {
  readonly width: number;
  readonly height: number;
  readonly low: Uint16Array;
  readonly high: Uint16Array;
  readonly steps: readonly WedgeStep[];
}

/** Materials of the usual test pieces: an organic, a light and a heavy metal; the thickest step of each, g/cm². */
const LADDERS: readonly { readonly material: MaterialName; readonly most: number }[] = [
  { material: "nylon", most: 32 },
  { material: "aluminium", most: 30 },
  { material: "steel", most: 16 },
];
const STEPS = 14;
const STEP_PIXELS = 20;
const MARGIN = 12;
const PITCH_MM = 1.5;

/**
 * A step wedge of nylon, aluminium and steel, flat on the belt, seen by a machine of these settings. Steps grow as the square,
 * so that thin goods are as well known as thick ones.
 */
export function simulateWedge(options: {
  readonly settings: DetectorSettings;
  readonly seed: number;
}): SimulatedWedge {
  const width = 2 * MARGIN + STEPS * STEP_PIXELS;
  const height = 2 * MARGIN + LADDERS.length * STEP_PIXELS;
  const canvas = new Canvas(width, height, PITCH_MM);
  const steps = LADDERS.flatMap(({ material, most }, row) =>
    Array.from({ length: STEPS }, (_, n): WedgeStep => {
      const arealDensity = most * ((n + 1) / STEPS) ** 2;
      const left = MARGIN + n * STEP_PIXELS;
      const top = MARGIN + row * STEP_PIXELS;
      paint(canvas, { left, top }, material, arealDensity);
      // The rim of a step is blurred into its neighbours.
      const box = { x: left + 3, y: top + 3, width: STEP_PIXELS - 6, height: STEP_PIXELS - 6 };
      return { material, arealDensity, box };
    }),
  );
  const [low, high] = expose(canvas, options.settings, new Random(options.seed, "wedge"));
  return { width, height, low, high, steps };
}

function paint(
  canvas: Canvas,
  at: { readonly left: number; readonly top: number },
  material: MaterialName,
  arealDensity: number,
): void {
  const { attenuation } = materialOf(material);
  for (let y = at.top; y < at.top + STEP_PIXELS; y++) {
    canvas.from[y] = Math.min(canvas.from[y]!, at.left);
    canvas.to[y] = Math.max(canvas.to[y]!, at.left + STEP_PIXELS);
    for (let x = at.left; x < at.left + STEP_PIXELS; x++) {
      for (let k = 0; k < BINS; k++) {
        canvas.bins[(y * canvas.width + x) * BINS + k] = arealDensity * attenuation[k]!;
      }
    }
  }
}
