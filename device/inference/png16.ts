import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** Largest payload of a stored deflate block (RFC 1951, 3.2.4). */
const STORED_MAX = 65_535;
const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Largest number of bytes whose Adler sums stay within 32 bits unreduced (RFC 1950, reference code). */
const ADLER_RUN = 5552;
const ADLER_BASE = 65_521;
const ZLIB_HEADER = Uint8Array.of(0x78, 0x01);
/** Signature, IHDR and IEND, and length, type and CRC of IDAT. */
const PNG_FIXED_BYTES = 8 + 25 + 12 + 12;

/** A PNG rendition of a plane: 16-bit grey (`grey16`, big-endian inside) or 8-bit colour (`rgb8`). */
export type PngPlane =
  | { readonly width: number; readonly height: number; readonly grey16: Uint16Array }
  | { readonly width: number; readonly height: number; readonly rgb8: Uint8Array };

/** Takes the next bytes of a file; they are overwritten afterwards. */
type Sink = (part: Uint8Array) => void;

/**
 * Encodes a plane as PNG (ISO/IEC 15948) without compression: stored deflate blocks, filter 0, one IDAT. The digest of these
 * bytes is evidence (`mqtt.md`, Hit `images`), so they must not depend on the version of a compression library.
 */
export function encodePng(plane: PngPlane): Uint8Array<ArrayBuffer> {
  const { line } = shapeOf(plane);
  const out = new Uint8Array(PNG_FIXED_BYTES + zlibBytes(line * plane.height));
  let at = 0;
  writePng(plane, (part) => {
    out.set(part, at);
    at += part.length;
  });
  return out;
}

/** Size and SHA-256 (hex) of {@link encodePng}, made block by block: the file itself is never held. */
export function digestPng(plane: PngPlane): { readonly sha256: string; readonly bytes: number } {
  const hash = createHash("sha256");
  let bytes = 0;
  writePng(plane, (part) => {
    hash.update(part);
    bytes += part.length;
  });
  return { sha256: hash.digest("hex"), bytes };
}

function writePng(plane: PngPlane, sink: Sink): void {
  const { depth, colour, line } = shapeOf(plane);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, plane.width);
  view.setUint32(4, plane.height);
  header.set([depth, colour, 0, 0, 0], 8);
  sink(SIGNATURE);
  writeChunk(sink, "IHDR", header.length, (data) => data(header));
  writeChunk(sink, "IDAT", zlibBytes(line * plane.height), (data) => writeStored(data, plane, line));
  writeChunk(sink, "IEND", 0, () => {});
}

/** Bits of a sample, PNG colour type and bytes of a scan line with its filter byte. */
function shapeOf(plane: PngPlane): { depth: number; colour: number; line: number } {
  return "grey16" in plane
    ? { depth: 16, colour: 0, line: 2 * plane.width + 1 }
    : { depth: 8, colour: 2, line: 3 * plane.width + 1 };
}

/** Bytes of a zlib stream (RFC 1950) that stores so many. */
function zlibBytes(stored: number): number {
  return 2 + stored + 5 * Math.max(1, Math.ceil(stored / STORED_MAX)) + 4;
}

/** Length and type before, CRC after what `write` gives. */
function writeChunk(sink: Sink, type: string, length: number, write: (data: Sink) => void): void {
  const head = new Uint8Array(8);
  const view = new DataView(head.buffer);
  view.setUint32(0, length);
  for (let i = 0; i < 4; i++) head[4 + i] = type.charCodeAt(i);
  sink(head);
  let crc = crc32(head.subarray(4));
  write((part) => {
    crc = crc32(part, crc);
    sink(part);
  });
  sink(bigEndian32(crc));
}

/** Scan lines with their filter byte (0, none) in stored blocks; each block stays in the cache until it is digested. */
function writeStored(data: Sink, plane: PngPlane, line: number): void {
  const left = { bytes: line * plane.height };
  const block = new Uint8Array(5 + Math.min(STORED_MAX, left.bytes));
  const view = new DataView(block.buffer);
  const row = new Uint8Array(line);
  const sums = { a: 1, b: 0 };
  let filled = 0;
  const flush = () => {
    left.bytes -= filled;
    block[0] = left.bytes === 0 ? 1 : 0;
    view.setUint16(1, filled, true);
    view.setUint16(3, filled ^ 0xffff, true);
    data(block.subarray(0, 5 + filled));
    filled = 0;
  };
  data(ZLIB_HEADER);
  for (let y = 0; y < plane.height; y++) {
    if ("grey16" in plane) greyRow(row, plane.grey16, y * plane.width, sums);
    else colourRow(row, plane.rgb8, y * (line - 1), sums);
    for (let from = 0; from < line; ) {
      const size = Math.min(line - from, STORED_MAX - filled);
      block.set(size === line ? row : row.subarray(from, from + size), 5 + filled);
      filled += size;
      from += size;
      if (filled === STORED_MAX) flush();
    }
  }
  if (left.bytes > 0) flush();
  data(bigEndian32(((sums.b << 16) | sums.a) >>> 0));
}

/** Sums of Adler-32 (RFC 1950), below {@link ADLER_BASE} between rows. */
interface Sums {
  a: number;
  b: number;
}

/**
 * One scan line of big-endian samples and their checksum, two bytes a step: a' = a + high + low, b' = b + 2a + 2·high + low;
 * this runs for every plane of every scan.
 */
function greyRow(row: Uint8Array, samples: Uint16Array, start: number, sums: Sums): void {
  let { a } = sums;
  let b = (sums.b + a) % ADLER_BASE;
  const width = (row.length - 1) / 2;
  for (let x = 0; x < width; ) {
    const run = Math.min(width, x + ADLER_RUN / 2);
    for (; x < run; x++) {
      const sample = samples[start + x]!;
      const high = sample >> 8;
      const both = high + (sample & 0xff);
      row[2 * x + 1] = high;
      row[2 * x + 2] = sample;
      b += 2 * a + high + both;
      a += both;
    }
    a %= ADLER_BASE;
    b %= ADLER_BASE;
  }
  sums.a = a;
  sums.b = b;
}

function colourRow(row: Uint8Array, rgb: Uint8Array, start: number, sums: Sums): void {
  row.set(rgb.subarray(start, start + row.length - 1), 1);
  let { a, b } = sums;
  for (let i = 0; i < row.length; ) {
    const end = Math.min(i + ADLER_RUN, row.length);
    for (; i < end; i++) {
      a += row[i]!;
      b += a;
    }
    a %= ADLER_BASE;
    b %= ADLER_BASE;
  }
  sums.a = a;
  sums.b = b;
}

function bigEndian32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
