import { dicomError } from "../errors.ts";
import type { PixelDescription } from "./description.ts";

/** Samples of a frame as numbers: stored values, before any rescaling. */
export type Samples =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The stored values of one uncompressed frame, little endian. A view of `frame` where nothing has to be changed. 64-bit
 * integers become doubles.
 * @throws LYN_DICOM_PIXELS where the frame is shorter than its description; padding behind it is left alone.
 */
export function samplesOf(frame: Uint8Array, description: PixelDescription): Samples {
  const { frameBytes, bitsAllocated, bitsStored, highBit, signed, float } = description;
  if (frame.length < frameBytes) {
    throw dicomError("LYN_DICOM_PIXELS", `${frame.length} bytes of pixel data, ${frameBytes} are described`);
  }
  const bytes = frame.subarray(0, frameBytes);
  const words = aligned(bytes, bitsAllocated / 8);
  if (float) return bitsAllocated === 64 ? new Float64Array(words) : new Float32Array(words);
  if (bitsAllocated === 64) return wide(words, signed);
  const typed = integers(words, bitsAllocated, signed);
  const shift = highBit + 1 - bitsStored;
  return bitsStored === bitsAllocated && shift === 0 ? typed : masked(typed, bitsStored, shift, signed);
}

/** A buffer that begins on a sample's border, in this machine's byte order. */
function aligned(bytes: Uint8Array, size: number): ArrayBuffer {
  const own = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength && LITTLE;
  if (own && bytes.buffer instanceof ArrayBuffer) return bytes.buffer;
  const copy = bytes.slice();
  if (!LITTLE && size > 1) {
    for (let at = 0; at + size <= copy.length; at += size) copy.subarray(at, at + size).reverse();
  }
  return copy.buffer;
}

function integers(
  words: ArrayBuffer,
  bits: number,
  signed: boolean,
): Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array {
  if (bits === 8) return signed ? new Int8Array(words) : new Uint8Array(words);
  if (bits === 16) return signed ? new Int16Array(words) : new Uint16Array(words);
  return signed ? new Int32Array(words) : new Uint32Array(words);
}

function wide(words: ArrayBuffer, signed: boolean): Float64Array {
  const values = signed ? new BigInt64Array(words) : new BigUint64Array(words);
  const out = new Float64Array(values.length);
  for (let at = 0; at < out.length; at++) out[at] = Number(values[at]);
  return out;
}

/** Takes out the bits above and below the stored ones (old overlays), and extends the sign. */
function masked<T extends Samples>(values: T, bits: number, shift: number, signed: boolean): T {
  const out = values.slice() as T;
  const up = 32 - bits;
  for (let at = 0; at < out.length; at++) {
    const raw = (out[at]! >>> shift) << up;
    out[at] = signed ? raw >> up : raw >>> up;
  }
  return out;
}
