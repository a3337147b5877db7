import { dicomError } from "../errors.ts";
import type { DataSet } from "../model.ts";
import { TAG } from "../tags.ts";
import { find, numbers } from "../values.ts";
import type { PixelDescription } from "./description.ts";
import type { Samples } from "./samples.ts";

const CHANNELS = [
  [TAG.redPalette, TAG.redPaletteData],
  [TAG.greenPalette, TAG.greenPaletteData],
  [TAG.bluePalette, TAG.bluePaletteData],
] as const;

/** Interleaved 8-bit R, G, B of palette indices (PS3.3 C.7.6.3.1.5). @throws LYN_DICOM_PIXELS for a missing or short palette. */
export function paletteColours(indices: Samples, dataset: DataSet): Uint8Array {
  const tables = CHANNELS.map(([descriptor, data]) => tableOf(dataset, descriptor, data));
  const rgb = new Uint8Array(indices.length * 3);
  for (let channel = 0; channel < 3; channel++) {
    const { first, values } = tables[channel]!;
    const last = values.length - 1;
    for (let at = 0, to = channel; at < indices.length; at++, to += 3) {
      rgb[to] = values[Math.min(last, Math.max(0, indices[at]! - first))]!;
    }
  }
  return rgb;
}

function tableOf(dataset: DataSet, descriptor: number, data: number): { first: number; values: Uint8Array } {
  const describing = find(dataset, descriptor);
  const stored = find(dataset, data)?.value;
  const [count = 0, first = 0, bits = 0] =
    describing === undefined ? [] : numbers({ ...describing, vr: "US" });
  const entries = count === 0 ? 65_536 : count;
  const bytes = stored?.kind === "bytes" ? stored.bytes : new Uint8Array(0);
  if ((bits !== 8 && bits !== 16) || bytes.length < entries * (bits / 8)) {
    throw dicomError("LYN_DICOM_PIXELS", "the colour palette is missing or shorter than it says");
  }
  const values = new Uint8Array(entries);
  // 8-bit entries may still stand in 16-bit words; the high byte of a 16-bit one is the colour.
  const words = bits === 16 || bytes.length >= entries * 2;
  for (let at = 0; at < entries; at++) {
    values[at] = words ? bytes[at * 2 + (bits === 16 ? 1 : 0)]! : bytes[at]!;
  }
  return { first, values };
}

/** Interleaved 8-bit R, G, B of colour samples; wider ones lose their low bits, YBR_FULL is converted (PS3.3 C.7.6.3.1.2). */
export function trueColours(
  samples: Samples,
  { planar, bitsStored, photometric }: PixelDescription,
): Uint8Array {
  const pixels = samples.length / 3;
  const rgb = new Uint8Array(samples.length);
  const down = 2 ** Math.max(0, bitsStored - 8);
  for (let at = 0; at < pixels; at++) {
    for (let channel = 0; channel < 3; channel++) {
      rgb[at * 3 + channel] = samples[planar ? channel * pixels + at : at * 3 + channel]! / down;
    }
  }
  if (photometric === "YBR_FULL") toRgb(rgb);
  if (photometric === "YBR_FULL_422") {
    throw dicomError("LYN_DICOM_PIXELS", "uncompressed YBR_FULL_422 is not read");
  }
  return rgb;
}

function toRgb(ybr: Uint8Array): void {
  const clamp = (value: number) => Math.max(0, Math.min(255, Math.round(value)));
  for (let at = 0; at + 2 < ybr.length; at += 3) {
    const y = ybr[at]!;
    const cb = ybr[at + 1]! - 128;
    const cr = ybr[at + 2]! - 128;
    ybr[at] = clamp(y + 1.402 * cr);
    ybr[at + 1] = clamp(y - 0.344136 * cb - 0.714136 * cr);
    ybr[at + 2] = clamp(y + 1.772 * cb);
  }
}
