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
  const stride = plane.width * (grey ? 2 : 3) + 1;
  const raw = stride * plane.height;
  const blocks = Math.max(1, Math.ceil(raw / STORED_MAX));
  const idat = 2 + raw + 5 * blocks + 4;
  const out = new Uint8Array(SIGNATURE.length + 25 + 12 + idat + 12);
  const view = new DataView(out.buffer);
  out.set(SIGNATURE, 0);
  writeHeader(out, view, plane, grey ? 16 : 8, grey ? 0 : 2);
  const data = 8 + 25 + 8;
  const rows = scanlines(plane, stride);
  writeStored(out, view, data, rows);
  view.setUint32(data + idat - 4, adler32(rows));
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

/** Rows with their filter byte (0, none). */
function scanlines(plane: PngPlane, stride: number): Uint8Array {
  const rows = new Uint8Array(stride * plane.height);
  const bytes = "grey16" in plane ? bigEndian(plane.grey16) : plane.rgb8;
  const line = stride - 1;
  for (let y = 0; y < plane.height; y++) rows.set(bytes.subarray(y * line, (y + 1) * line), y * stride + 1);
  return rows;
}

function bigEndian(samples: Uint16Array): Uint8Array {
  const copy = Buffer.from(samples.slice().buffer);
  return new Uint16Array(Uint8Array.of(1, 0).buffer)[0] === 1 ? copy.swap16() : copy;
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
