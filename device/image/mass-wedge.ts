import type { MeasuredStep } from "./mass-calibration.ts";

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

/** Mean transmission of a step over its middle. */
export function measureStep(
  { low, high, width, airLevel }: WedgeImage,
  step: { readonly material: string; readonly arealDensity: number; readonly box: WedgeBox },
): MeasuredStep {
  const { material, arealDensity, box } = step;
  const mean = (plane: Uint16Array) => {
    let sum = 0;
    for (let y = box.y; y < box.y + box.height; y++) {
      for (let x = box.x; x < box.x + box.width; x++) sum += plane[y * width + x]!;
    }
    return sum / (box.width * box.height * airLevel);
  };
  return { material, arealDensity, low: mean(low), high: mean(high) };
}

/**
 * True area of a pixel over the stated one, from a plate of known size at the height of goods: its attenuation, summed over a
 * box with air all around it, is that of its middle times the pixels that it covers, whatever blurs its rim. A fan shows what
 * is near its source larger; that is in it as well.
 */
export function areaFactorOf(
  image: WedgeImage,
  plate: { readonly areaMm2: number; readonly core: WedgeBox; readonly box: WedgeBox },
): number {
  const { sum } = attenuationIn(image, plate.box);
  const core = attenuationIn(image, plate.core);
  const pixels = sum / (core.sum / core.pixels);
  return plate.areaMm2 / (pixels * image.pixelPitchMm.x * image.pixelPitchMm.y);
}

/** High-energy attenuation summed over a box. */
function attenuationIn({ high, width, height, airLevel }: WedgeImage, box: WedgeBox) {
  let sum = 0;
  let pixels = 0;
  for (let y = Math.max(0, box.y); y < Math.min(height, box.y + box.height); y++) {
    for (let x = Math.max(0, box.x); x < Math.min(width, box.x + box.width); x++) {
      sum -= Math.log(Math.max(1, high[y * width + x]!) / airLevel);
      pixels++;
    }
  }
  return { sum, pixels };
}
