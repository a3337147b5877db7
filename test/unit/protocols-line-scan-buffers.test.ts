import { describe, expect, it } from "vitest";
import {
  decodeLines,
  encodeFrame,
  encodeLines,
  FRAME_TYPES,
  FrameDecoder,
} from "../../protocols/line-scan/index.ts";

const LINES = {
  scan: 1,
  view: 0,
  energy: 1,
  lineCount: 2,
  firstLine: 7,
  encoder: 1000,
  timestampNs: 1n,
  detectorPixels: 2,
  samples: Uint16Array.of(60_000, 30_000, 1, 65_535),
} as const;

/** A Node Buffer, as sockets give them, whose slice() shares memory, at an even or odd place of a larger buffer. */
function asBuffer(bytes: Uint8Array, offset: number): Buffer {
  const whole = Buffer.alloc(bytes.length + offset);
  whole.set(bytes, offset);
  return whole.subarray(offset);
}

describe("bytes that come as Node Buffers", () => {
  it.each([0, 1, 2, 3])("gives a payload its own memory, at offset %i", (offset) => {
    const chunk = asBuffer(
      encodeFrame({ type: FRAME_TYPES.LINES, sequence: 0, payload: encodeLines(LINES) }),
      offset,
    );
    const [frame] = new FrameDecoder().push(chunk);
    chunk.fill(0);
    if (frame?.kind !== "frame") throw new Error("no frame");
    expect(decodeLines(frame.payload).samples).toEqual(LINES.samples);
    expect(frame.payload.buffer.byteLength).toBe(frame.payload.length);
  });

  it.each([0, 1])("reads lines from a Buffer at offset %i", (offset) => {
    expect(decodeLines(asBuffer(encodeLines(LINES), offset)).samples).toEqual(LINES.samples);
  });
});
