import { crc32 } from "node:zlib";

/** Largest payload of a stored deflate block (RFC 1951, 3.2.4). */
const STORED_MAX = 65_535;
const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Largest number of bytes whose Adler sums stay within 32 bits unreduced (RFC 1950, reference code). */
const ADLER_RUN = 5552;
const ADLER_BASE = 65_521;

/** A PNG rendition of a plane: 16-bit grey (`grey16`, big-endian inside) or 8-bit colour (`rgb8`). */
export type PngPlane =
  | { readonly width: number; readonly height: number; readonly grey16: Uint16Array }
  | { readonly width: number; readonly height: number; readonly rgb8: Uint8Array };

/**
 * Encodes a plane as PNG (ISO/IEC 15948) without compression: stored deflate blocks, filter 0, one IDAT. The digest of these
 * bytes is evidence (`mqtt.md`, Hit `images`), so they must not depend on the version of a compression library.
 */
export function encodePng(plane: PngPlane): Uint8Array<ArrayBuffer> {
  const grey = "grey16" in plane;
  const rows = grey ? greyRows(plane) : colourRows(plane);
  const blocks = Math.max(1, Math.ceil(rows.bytes.length / STORED_MAX));
  const idat = 2 + rows.bytes.length + 5 * blocks + 4;
  const out = new Uint8Array(SIGNATURE.length + 25 + 12 + idat + 12);
  const view = new DataView(out.buffer);
  out.set(SIGNATURE, 0);
  writeHeader(out, view, plane, grey ? 16 : 8, grey ? 0 : 2);
  const data = 8 + 25 + 8;
  writeStored(out, view, data, rows.bytes);
  view.setUint32(data + idat - 4, rows.adler);
  closeChunk(out, view, 8 + 25, idat, "IDAT");
  closeChunk(out, view, data + idat + 4, 0, "IEND");
  return out;
}

function writeHeader(out: Uint8Array, view: DataView, plane: PngPlane, depth: number, colour: number): void {
  view.setUint32(16, plane.width);
  view.setUint32(20, plane.height);
  out.set([depth, colour, 0, 0, 0], 24);
  closeChunk(out, view, 8, 13, "IHDR");
}

/** Writes length, type and CRC around a chunk's data, which is already in place. */
function closeChunk(out: Uint8Array, view: DataView, at: number, length: number, type: string): void {
  view.setUint32(at, length);
  for (let i = 0; i < 4; i++) out[at + 4 + i] = type.charCodeAt(i);
  view.setUint32(at + 8 + length, crc32(out.subarray(at + 4, at + 8 + length)));
}

/** Scan lines with their filter byte (0, none), and the Adler-32 of them all (RFC 1950). */
interface Rows {
  readonly bytes: Uint8Array;
  readonly adler: number;
}

/** Big-endian samples and their checksum; this runs for every plane of every scan. */
function greyRows(plane: { width: number; height: number; grey16: Uint16Array }): Rows {
  const { width, height, grey16 } = plane;
  const swapped = bigEndian(grey16);
  const bytes = new Uint8Array((2 * width + 1) * height);
  for (let y = 0; y < height; y++) {
    bytes.set(swapped.subarray(2 * y * width, 2 * (y + 1) * width), y * (2 * width + 1) + 1);
  }
  return { bytes, adler: adlerOfSamples(grey16, width) };
}

/** {@link adler32} of the scan lines, two bytes a step: a' = a + high + low, b' = b + 2a + 2·high + low. */
function adlerOfSamples(samples: Uint16Array, width: number): number {
  let a = 1;
  let b = 0;
  for (let row = 0; row < samples.length; row += width) {
    b = (b + a) % ADLER_BASE;
    for (let from = row; from < row + width; ) {
      const run = Math.min(row + width, from + ADLER_RUN / 2);
      for (; from < run; from++) {
        const high = samples[from]! >> 8;
        const both = high + (samples[from]! & 0xff);
        b += 2 * a + high + both;
        a += both;
      }
      a %= ADLER_BASE;
      b %= ADLER_BASE;
    }
  }
  return ((b << 16) | a) >>> 0;
}

function bigEndian(samples: Uint16Array): Uint8Array {
  const copy = Buffer.from(samples.slice().buffer);
  return new Uint16Array(Uint8Array.of(1, 0).buffer)[0] === 1 ? copy.swap16() : copy;
}

function colourRows(plane: { width: number; height: number; rgb8: Uint8Array }): Rows {
  const line = 3 * plane.width;
  const bytes = new Uint8Array((line + 1) * plane.height);
  for (let y = 0; y < plane.height; y++)
    bytes.set(plane.rgb8.subarray(y * line, (y + 1) * line), y * (line + 1) + 1);
  return { bytes, adler: adler32(bytes) };
}

function writeStored(out: Uint8Array, view: DataView, at: number, rows: Uint8Array): void {
  out[at] = 0x78;
  out[at + 1] = 0x01;
  let position = at + 2;
  for (let from = 0; from < rows.length; from += STORED_MAX) {
    const size = Math.min(STORED_MAX, rows.length - from);
    out[position] = from + size === rows.length ? 1 : 0;
    view.setUint16(position + 1, size, true);
    view.setUint16(position + 3, size ^ 0xffff, true);
    out.set(rows.subarray(from, from + size), position + 5);
    position += 5 + size;
  }
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let i = 0; i < bytes.length; ) {
    const end = Math.min(i + ADLER_RUN, bytes.length);
    for (; i < end; i++) {
      a += bytes[i]!;
      b += a;
    }
    a %= ADLER_BASE;
    b %= ADLER_BASE;
  }
  return ((b << 16) | a) >>> 0;
}
