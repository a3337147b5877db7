import { dicomError } from "../errors.ts";
import type { PixelDescription } from "./description.ts";

const HEADER_BYTES = 64;
const MAX_SEGMENTS = 15;

/**
 * Decodes a frame of RLE Lossless (PS3.5 annex G): one segment for each byte of each sample, most significant first, each
 * packed by itself. Result little endian, colours pixel by pixel.
 * @throws LYN_DICOM_CODEC
 */
export function decodeRle(frame: Uint8Array, description: PixelDescription): Uint8Array {
  const { rows, columns, samplesPerPixel, bitsAllocated, frameBytes } = description;
  const sampleBytes = bitsAllocated / 8;
  const segments = samplesPerPixel * sampleBytes;
  const offsets = segmentOffsets(frame, segments);
  const out = new Uint8Array(frameBytes);
  const stride = segments;
  const pixels = rows * columns;
  for (let segment = 0; segment < segments; segment++) {
    const sample = Math.floor(segment / sampleBytes);
    const byte = sampleBytes - 1 - (segment % sampleBytes);
    const end = offsets[segment + 1] ?? frame.length;
    const target = { out, start: sample * sampleBytes + byte, stride, count: pixels };
    unpack(frame.subarray(offsets[segment], end), target);
  }
  return out;
}

function segmentOffsets(frame: Uint8Array, expected: number): readonly number[] {
  if (frame.length < HEADER_BYTES) throw broken("its header is cut short");
  const view = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES);
  const count = view.getUint32(0, true);
  if (count !== expected || count > MAX_SEGMENTS) throw broken(`${count} segments, ${expected} expected`);
  const offsets = Array.from({ length: count }, (_, index) => view.getUint32(4 + index * 4, true));
  const ordered = offsets.every(
    (at, index) => at >= (index === 0 ? HEADER_BYTES : (offsets[index - 1] ?? 0)),
  );
  if (!ordered || (offsets.at(-1) ?? 0) > frame.length) throw broken("its segments do not follow each other");
  return offsets;
}

/** PackBits into every `stride`th byte; a segment that ends early is an error, padding behind it is not. */
function unpack(
  packed: Uint8Array,
  { out, start, stride, count }: { out: Uint8Array; start: number; stride: number; count: number },
): void {
  const end = start + count * stride;
  let to = start;
  let from = 0;
  while (to < end) {
    if (from >= packed.length) throw broken("a segment ends early");
    const code = packed[from++]!;
    if (code === 128) continue;
    if (code < 128) {
      const stop = from + code + 1;
      if (stop > packed.length) throw broken("a segment ends inside a run");
      for (; from < stop && to < end; to += stride) out[to] = packed[from++]!;
      from = stop;
    } else {
      if (from >= packed.length) throw broken("a segment ends inside a run");
      const value = packed[from++]!;
      for (let left = 257 - code; left > 0 && to < end; left--, to += stride) out[to] = value;
    }
  }
}

function broken(message: string) {
  return dicomError("LYN_DICOM_CODEC", `a frame of RLE cannot be decoded: ${message}`);
}
