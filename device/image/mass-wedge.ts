import { weighView } from "./mass.ts";
import type { MassCalibration, MeasuredStep } from "./mass-calibration.ts";
import { rowAir } from "./row-air.ts";

/** Pixels, right and bottom exclusive. */
export interface WedgeBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A scan of a test piece: planes in counts, row-major, one air level. */
export interface WedgeImage {
  readonly width: number;
  readonly height: number;
  readonly airLevel: number;
  readonly low: Uint16Array;
  readonly high: Uint16Array;
  readonly pixelPitchMm: { readonly x: number; readonly y: number };
}

/**
 * Mean transmission of a step over its middle, against the air at the ends of its rows. With a `background`, a box beside the step that shows what the piece lies in
 * (a case, a tray), the attenuation of that is taken off.
 */
export function measureStep(
  { low, high, width, airLevel }: WedgeImage,
  step: {
    readonly material: string;
    readonly arealDensity: number;
    readonly box: WedgeBox;
    readonly background?: WedgeBox | undefined;
  },
): MeasuredStep {
  const { material, arealDensity, box, background } = step;
  const mean = (plane: Uint16Array, of: WedgeBox) => meanThrough(plane, width, airLevel, of);
  const through = (plane: Uint16Array) =>
    mean(plane, box) / (background === undefined ? 1 : mean(plane, background));
  return { material, arealDensity, low: through(low), high: through(high) };
}

function meanThrough(plane: Uint16Array, width: number, airLevel: number, box: WedgeBox): number {
  let sum = 0;
  for (let y = box.y; y < box.y + box.height; y++) {
    const air = rowAir(plane, y * width, (y + 1) * width, airLevel);
    for (let x = box.x; x < box.x + box.width; x++)
      sum += plane[y * width + x]! * Math.exp(air.first + x * air.step);
  }
  return Math.max(1 / airLevel, sum / (box.width * box.height * airLevel));
}

/**
 * True area of a pixel over the stated one at the height of a plate: its mass over the mass that its attenuation would stand for
 * if the stated pitch held. A fan shows what is near its source larger and crosses it aslant; both are in it.
 * @returns NaN where the box shows nothing.
 */
export function areaFactorOf(
  image: WedgeImage,
  plate: { readonly massKg: number; readonly box: WedgeBox },
  curves: MassCalibration,
): number {
  const { kg } = weighView(cut(image, plate.box), { ...curves, areas: [] });
  return kg > 0 ? plate.massKg / kg : Number.NaN;
}

function cut(image: WedgeImage, { x, y, width, height }: WedgeBox): WedgeImage {
  const part = (plane: Uint16Array): Uint16Array => {
    const out = new Uint16Array(width * height);
    for (let row = 0; row < height; row++) {
      const start = (y + row) * image.width + x;
      out.set(plane.subarray(start, start + width), row * width);
    }
    return out;
  };
  return { ...image, width, height, low: part(image.low), high: part(image.high) };
}
