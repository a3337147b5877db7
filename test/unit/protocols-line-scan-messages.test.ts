import { describe, expect, it } from "vitest";
import {
  decodeLines,
  encodeLines,
  encodeMessage,
  FrameDecoder,
  type Lines,
  MAX_PAYLOAD_BYTES,
  nanosecondsOf,
  parseMessage,
  readMessage,
} from "../../protocols/line-scan/index.ts";

const AT = "2026-03-01T08:12:09.250Z";
const SCAN_ID = "0195512c-7e3a-7b51-8c0d-0123456789ab";
const HELLO = {
  protocol: 1,
  vendor: "Example",
  model: "X-100",
  serial: "SN-1",
  softwareVersion: "1.2",
  views: [
    {
      view: 0,
      name: "top",
      detectorPixels: 640,
      energies: ["low" as const, "high" as const],
      pixelPitchMm: { x: 1, y: 1 },
    },
  ],
  beltMmPerS: 200,
  lineRateHz: 400,
  encoderCountsPerMm: 10,
  kVp: 160,
  currentUa: 500,
};

function bytes(json: unknown): Uint8Array {
  return new TextEncoder().encode(typeof json === "string" ? json : JSON.stringify(json));
}

function lines(over: Partial<Lines> = {}): Lines {
  const samples = Uint16Array.from({ length: 12 }, (_, index) => index * 5000);
  return {
    scan: 7,
    view: 1,
    energy: 0,
    lineCount: 3,
    firstLine: 100,
    encoder: 5,
    timestampNs: 2n ** 63n,
    detectorPixels: 4,
    samples,
    ...over,
  };
}

describe("LINES", () => {
  it("a time in nanoseconds is a number as long as JSON keeps it exact", () => {
    expect(nanosecondsOf(2n ** 53n - 1n)).toBe(Number.MAX_SAFE_INTEGER);
    expect(nanosecondsOf(2n ** 53n)).toBe("9007199254740992");
  });

  it("comes back as it went, also from an odd place in a buffer", () => {
    const payload = encodeLines(lines());
    expect(decodeLines(payload)).toEqual(lines());
    const shifted = new Uint8Array(payload.length + 1);
    shifted.set(payload, 1);
    expect(decodeLines(shifted.subarray(1), 4)).toEqual(lines());
  });

  it.each<[string, Partial<Lines>, string]>([
    ["a view beyond 7", { view: 8 }, "LYN_LINES_PAYLOAD"],
    ["no lines", { lineCount: 0, samples: new Uint16Array(0) }, "LYN_LINES_PAYLOAD"],
    ["samples that are no whole lines", { samples: new Uint16Array(11) }, "LYN_LINES_PAYLOAD"],
    ["a time beyond u64", { timestampNs: 2n ** 64n }, "LYN_LINES_PAYLOAD"],
    ["a first line beyond 64 Mpx", { firstLine: 16_000_000 }, "LYN_PLANE_TOO_LARGE"],
    [
      "more than a frame holds",
      { detectorPixels: 175_000, samples: new Uint16Array(525_000) },
      "LYN_LINES_PAYLOAD",
    ],
  ])("is not encoded with %s", (_, over, code) => {
    expect(() => encodeLines(lines(over))).toThrow(expect.objectContaining({ code }));
  });

  it("is refused when it is short, odd, of another width or out of range", () => {
    const refused = expect.objectContaining({ code: "LYN_LINES_PAYLOAD" });
    const good = encodeLines(lines());
    expect(() => decodeLines(good.subarray(0, 23))).toThrow(refused);
    expect(() => decodeLines(good.subarray(0, -1))).toThrow(refused);
    expect(() => decodeLines(good, 5)).toThrow(refused);
    const energy = good.slice();
    energy[5] = 3;
    expect(() => decodeLines(energy)).toThrow(refused);
    const none = good.slice();
    none[6] = 0;
    expect(() => decodeLines(none)).toThrow(refused);
    const far = good.slice();
    far.fill(0xff, 8, 12);
    expect(() => decodeLines(far)).toThrow(expect.objectContaining({ code: "LYN_PLANE_TOO_LARGE" }));
  });
});

describe("JSON messages", () => {
  it("travel as JSON frames and come back with their defaults", () => {
    const decoder = new FrameDecoder();
    const stream = [
      encodeMessage("HELLO", HELLO, 0),
      encodeMessage(
        "SCAN_START",
        { scan: 1, scanRef: "A-1", startedAt: AT, identifiers: ["RR473124829GB"] },
        1,
      ),
      encodeMessage(
        "SCAN_END",
        {
          scan: 1,
          scanRef: "A-1",
          endedAt: AT,
          planes: [{ view: 0, energy: 0, lines: 9 }],
          acquisition: "SUCCESSFUL",
        },
        2,
      ),
      encodeMessage("NAK", { code: "LINES_MISSING", missing: [{ view: 0, energy: 1, from: 3, to: 5 }] }, 3),
      encodeMessage("ACK", { scanRef: "A-1", scanId: SCAN_ID }, 4),
      encodeMessage("HEARTBEAT", { at: AT, timestampNs: 12, encoder: 3 }, 5),
      encodeMessage("FLOW", { credit: 8 }, 6),
      encodeMessage("EVENT", { kind: "belt", state: "stopped", encoder: 1, at: AT }, 7),
    ];
    const messages = stream.flatMap((frame) =>
      decoder
        .push(frame)
        .map((output) => (output.kind === "frame" && output.json ? readMessage(output) : null)),
    );
    expect(messages.map((message) => message?.name)).toEqual([
      "HELLO",
      "SCAN_START",
      "SCAN_END",
      "NAK",
      "ACK",
      "HEARTBEAT",
      "FLOW",
      "EVENT",
    ]);
    expect(messages[0]?.message).toMatchObject({ airLevel: 60_000, deadPixels: [] });
    expect(messages[1]?.message).toMatchObject({ purpose: "OPERATIONAL", origin: "MACHINE" });
    expect(messages[2]?.message).toMatchObject({ acquisition: ["SUCCESSFUL"], final: false });
  });

  it("ignore members they do not know, and read another protocol number so that it can be refused", () => {
    expect(parseMessage("HELLO", bytes({ ...HELLO, protocol: 2, later: {} }))).toMatchObject({ protocol: 2 });
  });

  it("leave LINES and later types to others", () => {
    const payload = new Uint8Array(0);
    expect(readMessage({ kind: "frame", type: 3, json: false, sequence: 0, payload })).toBeNull();
    expect(readMessage({ kind: "frame", type: 99, json: true, sequence: 0, payload })).toBeNull();
  });

  it.each<[string, unknown]>([
    ["text that is no JSON", "{"],
    [
      "nine views",
      { ...HELLO, views: Array.from({ length: 9 }, (_, view) => ({ ...HELLO.views[0], view })) },
    ],
    ["a view twice", { ...HELLO, views: [HELLO.views[0], HELLO.views[0]] }],
    ["no serial number", { ...HELLO, serial: undefined }],
    [
      "a line that fits no frame",
      { ...HELLO, views: [{ ...HELLO.views[0], detectorPixels: MAX_PAYLOAD_BYTES }] },
    ],
    ["a JSON list", []],
  ])("are refused with %s", (_, json) => {
    expect(() => parseMessage("HELLO", bytes(json))).toThrow(
      expect.objectContaining({ code: "LYN_LINE_SCAN_MESSAGE", remedy: expect.stringContaining("HELLO") }),
    );
  });

  it("are refused when they are not UTF-8, and never quote what they hold", () => {
    expect(() => parseMessage("FLOW", Uint8Array.of(0xff, 0xfe))).toThrow("FLOW");
    try {
      parseMessage("SCAN_START", bytes({ scan: 1, scanRef: "A", startedAt: "Jane Doe" }));
      expect.unreachable();
    } catch (error) {
      expect(String(error)).toContain("/startedAt");
      expect(String(error)).not.toContain("Jane");
    }
  });
});
