import { constants, crc32, deflateSync } from "node:zlib";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const FILTER_SUB = 1;
const FILTER_NONE = 0;

/** 16-bit grey PNG (ISO/IEC 15948) of row-major samples. The same samples give the same bytes on any machine. */
export function encodeGrey16(width: number, height: number, samples: Uint16Array): Uint8Array {
  const stride = 1 + 2 * width;
  const rows = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    let at = y * stride;
    rows[at++] = FILTER_SUB;
    let high = 0;
    let low = 0;
    for (let x = 0; x < width; x++) {
      const sample = samples[y * width + x] as number;
      rows[at++] = (sample >> 8) - high;
      rows[at++] = (sample & 255) - low;
      high = sample >> 8;
      low = sample & 255;
    }
  }
  return png(width, height, 16, rows);
}

/** 8-bit grey PNG of row-major values. */
export function encodeGrey8(width: number, height: number, values: Uint8Array): Uint8Array {
  const rows = new Uint8Array((1 + width) * height);
  for (let y = 0; y < height; y++) {
    rows[y * (1 + width)] = FILTER_NONE;
    rows.set(values.subarray(y * width, (y + 1) * width), y * (1 + width) + 1);
  }
  return png(width, height, 8, rows);
}

function png(width: number, height: number, depth: number, rows: Uint8Array): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, 0, 0, 0, 0], 8);
  // Run lengths and Huffman codes only: zlib's string search depends on the processor's instruction set.
  const data = deflateSync(rows, { strategy: constants.Z_RLE, level: 6, memLevel: 8 });
  return joined([SIGNATURE, chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", new Uint8Array(0))]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
