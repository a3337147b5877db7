import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type DecoderOutput,
  decodeLines,
  encodeFrame,
  encodeLines,
  FRAME_TYPES,
  FrameDecoder,
  MAX_FRAME_BYTES,
  MAX_PAYLOAD_BYTES,
} from "../../protocols/line-scan/index.ts";

const VECTOR =
  "4c585331030000000200000020000000010000000001020007000000e803000015cd5b070000000060ea30750100ffffa3f02140";

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function frame(sequence: number, bytes = 8): Uint8Array {
  return encodeFrame({
    type: FRAME_TYPES.LINES,
    sequence,
    payload: new Uint8Array(bytes).fill(sequence + 1),
  });
}

/** What came out, shortly: `3` a frame by its sequence, `BAD_CRC` a fault. */
function told(outputs: readonly DecoderOutput[]): readonly (number | string)[] {
  return outputs.map((output) => (output.kind === "frame" ? output.sequence : output.code));
}

/** A frame header that claims `length` bytes of payload. */
function header(length: number): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set([0x4c, 0x58, 0x53, 0x31, 3]);
  new DataView(bytes.buffer).setUint32(12, length, true);
  return bytes;
}

describe("the vector of line-scan.md", () => {
  it("decodes to what the document says and encodes to the same bytes", () => {
    const decoder = new FrameDecoder();
    decoder.push(joined(frame(0), frame(1)));
    const [output] = decoder.push(hex(VECTOR));
    if (output?.kind !== "frame") throw new Error("no frame");
    expect({ type: output.type, json: output.json, sequence: output.sequence }).toEqual({
      type: 3,
      json: false,
      sequence: 2,
    });
    const lines = decodeLines(output.payload, 2);
    expect(lines).toEqual({
      scan: 1,
      view: 0,
      energy: 1,
      lineCount: 2,
      firstLine: 7,
      encoder: 1000,
      timestampNs: 123456789n,
      detectorPixels: 2,
      samples: Uint16Array.of(60000, 30000, 1, 65535),
    });
    const again = encodeFrame({ type: FRAME_TYPES.LINES, sequence: 2, payload: encodeLines(lines) });
    expect(Buffer.from(again).toString("hex")).toBe(VECTOR);
  });
});

describe("encodeFrame", () => {
  it("refuses what does not fit a frame", () => {
    const refused = { code: "LYN_FRAME_ENCODE" };
    expect(() => encodeFrame({ type: 256, sequence: 0 })).toThrow(expect.objectContaining(refused));
    expect(() => encodeFrame({ type: 3, sequence: 2 ** 32 })).toThrow(expect.objectContaining(refused));
    const payload = new Uint8Array(MAX_PAYLOAD_BYTES + 1);
    expect(() => encodeFrame({ type: 3, sequence: 0, payload })).toThrow(expect.objectContaining(refused));
  });
});

describe("FrameDecoder", () => {
  it("gives the same frames however the stream is cut", () => {
    const sizes = [0, 1, 5, 300, 70_000, MAX_PAYLOAD_BYTES, 2, 131_072];
    const stream = joined(...sizes.map((size, index) => frame(index, size)));
    const whole = new FrameDecoder().push(stream);
    expect(told(whole)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const step of [1009, 65_536, 1_048_576]) {
      const decoder = new FrameDecoder();
      const outputs: DecoderOutput[] = [];
      for (let at = 0; at < stream.length; at += step)
        outputs.push(...decoder.push(stream.subarray(at, at + step)));
      expect(outputs).toEqual(whole);
      expect(decoder.capacityBytes).toBeLessThanOrEqual(2 * MAX_FRAME_BYTES);
      expect(decoder.unfinishedAt).toBeNull();
    }
  });

  it("takes a stream byte by byte", () => {
    const decoder = new FrameDecoder();
    const stream = joined(frame(0), frame(1, 0), frame(2, 33));
    const outputs = [...stream].flatMap((byte) => [...decoder.push(Uint8Array.of(byte))]);
    expect(told(outputs)).toEqual([0, 1, 2]);
  });

  it("tells a wrong CRC once and goes on with the next frame", () => {
    const bad = frame(1);
    bad[20] = (bad[20] ?? 0) ^ 1;
    const outputs = new FrameDecoder().push(joined(frame(0), bad, frame(2), frame(3)));
    expect(told(outputs)).toEqual([0, "BAD_CRC", 2, 3]);
    expect(outputs[1]).toMatchObject({ sequence: 1, offset: 28 });
  });

  it("tells an absurd length once and finds the frames behind it", () => {
    const outputs = new FrameDecoder().push(
      joined(frame(0), header(MAX_PAYLOAD_BYTES + 1), frame(1), frame(2)),
    );
    expect(told(outputs)).toEqual([0, "BAD_LENGTH", 1, 2]);
  });

  it("finds the frames that a torn one has covered", () => {
    const torn = frame(1, 200).subarray(0, 160);
    const outputs = new FrameDecoder().push(joined(frame(0), torn, frame(2), frame(3), frame(4)));
    expect(told(outputs)).toEqual([0, "BAD_CRC", 2, 3, 4]);
  });

  it("is not misled by magics within garbage", () => {
    const garbage = joined(
      header(90),
      header(2 ** 31),
      Uint8Array.of(0x4c, 0x58, 0x4c, 0x58, 0x53),
      header(60),
    );
    const outputs = new FrameDecoder().push(
      joined(frame(0), garbage, frame(1), frame(2), frame(3), frame(4)),
    );
    expect(told(outputs)).toEqual([0, "BAD_CRC", 1, 2, 3, 4]);
  });

  it("tells one fault for garbage without a magic, however it arrives", () => {
    const decoder = new FrameDecoder();
    const outputs = [
      ...decoder.push(frame(0)),
      ...decoder.push(new Uint8Array(5000).fill(0x4c)),
      ...decoder.push(new Uint8Array(5000).fill(7)),
      ...decoder.push(frame(1)),
    ];
    expect(told(outputs)).toEqual([0, "BAD_LENGTH", 1]);
  });

  it("tells each loss of sync when there are several", () => {
    const noise = new Uint8Array(50).fill(9);
    const outputs = new FrameDecoder().push(joined(frame(0), noise, frame(1), noise, frame(2)));
    expect(told(outputs)).toEqual([0, "BAD_LENGTH", 1, "BAD_LENGTH", 2]);
  });

  it("tells a gap, a repeat and a swapped pair once each and still hands the frames on", () => {
    expect(told(new FrameDecoder().push(joined(frame(0), frame(2), frame(3))))).toEqual([
      0,
      "BAD_SEQUENCE",
      2,
      3,
    ]);
    const repeated = joined(frame(0), frame(1), frame(1), frame(2));
    expect(told(new FrameDecoder().push(repeated))).toEqual([0, 1, "BAD_SEQUENCE", 1, 2]);
    const swapped = joined(frame(0), frame(2), frame(1), frame(3), frame(4), frame(6));
    const outputs = told(new FrameDecoder().push(swapped));
    expect(outputs).toEqual([0, "BAD_SEQUENCE", 2, 1, 3, 4, "BAD_SEQUENCE", 6]);
  });

  it("lets a new HELLO restart the sequence, and the sequence wrap at 2^32", () => {
    const hello = encodeFrame({ type: FRAME_TYPES.HELLO, sequence: 0, json: true });
    expect(told(new FrameDecoder().push(joined(frame(0), frame(1), hello, frame(1))))).toEqual([0, 1, 0, 1]);
    const late = encodeFrame({ type: FRAME_TYPES.HELLO, sequence: 2 ** 32 - 1, json: true });
    const outputs = new FrameDecoder().push(joined(late, encodeFrame({ type: 6, sequence: 0 })));
    expect(told(outputs)).toEqual([2 ** 32 - 1, 0]);
  });

  it("hands on frame types of a later version", () => {
    const [output] = new FrameDecoder().push(
      encodeFrame({ type: 77, sequence: 0, payload: Uint8Array.of(1) }),
    );
    expect(output).toMatchObject({ kind: "frame", type: 77 });
  });

  it("gives an unfinished frame up when told, and decodes what it had covered", () => {
    const decoder = new FrameDecoder();
    decoder.push(joined(frame(0), header(100_000), frame(1), frame(2)));
    expect(decoder.unfinishedAt).toBe(28);
    expect(told(decoder.abandonUnfinished())).toEqual(["BAD_LENGTH", 1, 2]);
    expect(decoder.unfinishedAt).toBeNull();
    expect(decoder.abandonUnfinished()).toEqual([]);
    decoder.push(Uint8Array.of(0x4c, 0x58));
    expect(decoder.unfinishedAt).not.toBeNull();
    expect(told(decoder.abandonUnfinished())).toEqual(["BAD_LENGTH"]);
    expect(told(decoder.push(frame(3)))).toEqual([3]);
  });

  it("keeps its memory and its work within bounds when every 16 bytes claim a megabyte", () => {
    const decoder = new FrameDecoder();
    const hostile = joined(...Array.from({ length: 4096 }, () => header(MAX_PAYLOAD_BYTES)));
    for (let round = 0; round < 64; round += 1) {
      decoder.push(hostile);
      expect(decoder.capacityBytes).toBeLessThanOrEqual(2 * MAX_FRAME_BYTES);
    }
    const heartbeat = encodeFrame({ type: FRAME_TYPES.HEARTBEAT, sequence: 1, json: true });
    const outputs = [
      ...decoder.push(heartbeat),
      ...decoder.abandonUnfinished(),
      ...decoder.push(frame(2, 9000)),
    ];
    expect(told(outputs).slice(-2)).toEqual([1, 2]);
  });

  it("loses no intact frame, whatever stands between them", () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ bytes, good: false })),
      fc.uint8Array({ maxLength: 60 }).map((payload) => ({ bytes: payload, good: true })),
      fc.integer({ min: 0, max: 500 }).map((length) => ({ bytes: header(length), good: false })),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.integer({ min: 1, max: 97 }), (parts, step) => {
        let sequence = -1;
        const stream = joined(
          ...parts.map(({ bytes, good }) => {
            if (good) sequence += 1;
            return good ? encodeFrame({ type: 3, sequence, payload: bytes }) : bytes;
          }),
        );
        const decoder = new FrameDecoder();
        const outputs: DecoderOutput[] = [];
        for (let at = 0; at < stream.length; at += step)
          outputs.push(...decoder.push(stream.subarray(at, at + step)));
        while (decoder.unfinishedAt !== null) outputs.push(...decoder.abandonUnfinished());
        const frames = outputs.filter((output) => output.kind === "frame");
        expect(frames.map((output) => output.sequence)).toEqual(
          Array.from({ length: sequence + 1 }, (_, i) => i),
        );
        const codes = told(outputs);
        expect(
          codes.some((code, index) => typeof code === "string" && typeof codes[index + 1] === "string"),
        ).toBe(false);
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  it("uses the CRC of zlib", () => {
    const bytes = frame(0);
    const view = new DataView(bytes.buffer);
    expect(view.getUint32(bytes.length - 4, true)).toBe(crc32(bytes.subarray(0, -4)));
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });
});
