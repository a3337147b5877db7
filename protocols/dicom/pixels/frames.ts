import { dicomError } from "../errors.ts";
import type { PixelDescription } from "./description.ts";

/** Decodes one compressed frame to samples as an uncompressed object has them, little endian. Passed in: it may be WebAssembly. */
export type FrameDecoder = (frame: Uint8Array, description: PixelDescription) => Uint8Array;

/** Decoders by transfer syntax. */
export type FrameDecoders = ReadonlyMap<string, FrameDecoder>;

/**
 * The frames that fragments of encapsulated pixel data make (PS3.5 A.4): one a fragment, all of one frame, or by the basic
 * offset table, the first fragment.
 * @throws LYN_DICOM_PIXELS where fragments and frames cannot be matched.
 */
export function framesOf(
  fragments: readonly Uint8Array[],
  frames: number,
): readonly (readonly Uint8Array[])[] {
  const [table, ...rest] = fragments;
  if (table === undefined || rest.length < frames) {
    throw dicomError("LYN_DICOM_PIXELS", `${rest.length} fragments for ${frames} frames`);
  }
  if (frames === 1) return [rest];
  if (rest.length === frames) return rest.map((fragment) => [fragment]);
  return byTable(table, rest, frames);
}

function byTable(
  table: Uint8Array,
  fragments: readonly Uint8Array[],
  frames: number,
): readonly (readonly Uint8Array[])[] {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const starts = Array.from({ length: Math.floor(table.length / 4) }, (_, index) =>
    view.getUint32(index * 4, true),
  );
  const known = new Map(starts.map((start, frame) => [start, frame]));
  const out: Uint8Array[][] = [];
  let at = 0;
  for (const fragment of fragments) {
    if (known.has(at)) out.push([]);
    out.at(-1)?.push(fragment);
    at += 8 + fragment.length;
  }
  if (out.length === frames) return out;
  throw dicomError(
    "LYN_DICOM_PIXELS",
    `${fragments.length} fragments for ${frames} frames, and no offset table that parts them`,
  );
}

/** The bytes of one compressed frame in a piece. */
export function joinFragments(fragments: readonly Uint8Array[]): Uint8Array {
  const [first] = fragments;
  if (fragments.length === 1 && first !== undefined) return first;
  const bytes = new Uint8Array(fragments.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const fragment of fragments) {
    bytes.set(fragment, at);
    at += fragment.length;
  }
  return bytes;
}
