import type { DataSet } from "../model.ts";
import { TAG } from "../tags.ts";
import { find, numberOf, numbers, textOf } from "../values.ts";
import { paletteColours, trueColours } from "./colour.ts";
import type { PixelDescription } from "./description.ts";
import { type Samples, samplesOf } from "./samples.ts";

/** A plane as image analysis reads it: row-major, bright where the beam came through. */
export type DecodedPlane =
  | {
      readonly kind: "grey";
      readonly width: number;
      readonly height: number;
      /** Counts, 0..65535. Fewer bits are stretched to 16; more, and floats, are scaled where they do not fit. */
      readonly grey: Uint16Array;
      /** `log`: values go with the logarithm of the intensity, at a scale that the object does not tell. */
      readonly relationship: "linear" | "log";
    }
  | { readonly kind: "colour"; readonly width: number; readonly height: number; readonly rgb: Uint8Array };

const FULL = 65_535;

/**
 * One uncompressed frame as a plane. The direction is that of Pixel Intensity Relationship Sign (0028,1041); without it, air
 * is taken to be bright as displayed: MONOCHROME1 is turned over, and so is a presentation LUT that is INVERSE.
 * @throws LYN_DICOM_PIXELS
 */
export function planeOf(frame: Uint8Array, description: PixelDescription, dataset: DataSet): DecodedPlane {
  const { columns: width, rows: height, photometric } = description;
  const samples = samplesOf(frame, description);
  if (photometric === "PALETTE COLOR") {
    return { kind: "colour", width, height, rgb: paletteColours(samples, dataset) };
  }
  if (description.samplesPerPixel === 3) {
    return { kind: "colour", width, height, rgb: trueColours(samples, description) };
  }
  const relationship = textOf(dataset, TAG.intensityRelationship) === "LOG" ? "log" : "linear";
  return { kind: "grey", width, height, grey: counts(samples, description, dataset), relationship };
}

function counts(samples: Samples, description: PixelDescription, dataset: DataSet): Uint16Array {
  const slope = numberOf(dataset, TAG.rescaleSlope) ?? 1;
  const intercept = numberOf(dataset, TAG.rescaleIntercept) ?? 0;
  const padding = paddingOf(dataset, description);
  const inverted = isInverted(dataset, description);
  const identity = slope === 1 && intercept === 0 && padding === null && !inverted;
  if (identity && samples instanceof Uint16Array && description.bitsStored === 16) return samples;
  const value = (at: number) => samples[at]! * slope + intercept;
  const top = topOf(samples, description, { slope, intercept }, padding);
  const scale = scaleOf(top, description);
  const out = new Uint16Array(samples.length);
  for (let at = 0; at < out.length; at++) {
    const stored = samples[at]!;
    if (padding !== null && stored >= padding.from && stored <= padding.to) {
      out[at] = Math.min(FULL, Math.round(top * scale));
      continue;
    }
    const number = inverted ? top - value(at) : value(at);
    const count = number * scale;
    out[at] = count >= FULL ? FULL : count > 0 ? Math.round(count) : 0;
  }
  return out;
}

/** The brightest value there can be (integers up to 16 bits) or is. */
function topOf(
  samples: Samples,
  { bitsStored, signed, float }: PixelDescription,
  { slope, intercept }: { slope: number; intercept: number },
  padding: { from: number; to: number } | null,
): number {
  if (!float && bitsStored <= 16) {
    const full = (2 ** (signed ? bitsStored - 1 : bitsStored) - 1) * slope + intercept;
    if (full > 0) return full;
  }
  let top = 0;
  for (let at = 0; at < samples.length; at++) {
    const stored = samples[at]!;
    if (padding !== null && stored >= padding.from && stored <= padding.to) continue;
    const value = stored * slope + intercept;
    if (value > top && value < Number.POSITIVE_INFINITY) top = value;
  }
  return top;
}

/** Up to 16 bits: full scale is full scale. Wider: as they are where they fit, else so that the brightest does; shares ×65535. */
function scaleOf(top: number, { bitsStored, float }: PixelDescription): number {
  if (top <= 0) return 1;
  if (!float && bitsStored <= 16) return FULL / top;
  if (float && top <= 2) return FULL / Math.max(1, top);
  return top > FULL ? FULL / top : 1;
}

function isInverted(dataset: DataSet, { photometric }: PixelDescription): boolean {
  const sign = numberOf(dataset, TAG.intensitySign);
  if (sign === 1 || sign === -1) return sign === -1;
  const turned = textOf(dataset, TAG.presentationLutShape) === "INVERSE";
  return (photometric === "MONOCHROME1") !== turned;
}

/** Pixels outside of the image (PS3.3 C.7.5.1.1.2), taken for air: nothing lies there. */
function paddingOf(dataset: DataSet, { signed }: PixelDescription): { from: number; to: number } | null {
  const vr = signed ? "SS" : "US";
  const read = (tag: number) => {
    const element = find(dataset, tag);
    return element === undefined ? undefined : numbers({ ...element, vr })[0];
  };
  const one = read(TAG.padding);
  if (one === undefined) return null;
  const other = read(TAG.paddingLimit) ?? one;
  return { from: Math.min(one, other), to: Math.max(one, other) };
}
