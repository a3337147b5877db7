import { describe, expect, it } from "vitest";
import { encodeMassReply, encodeMtSics, LineSplitter, parseMtSicsLine } from "../../protocols/mt-sics.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (line: string): Uint8Array => new TextEncoder().encode(line);

describe("MT-SICS", () => {
  it.each<[string, object]>([
    ["S S     100.00 g", { kind: "mass", command: "S", stable: true, value: 100, unit: "g", massKg: 0.1 }],
    ["S D      -1.25 kg", { kind: "mass", stable: false, value: -1.25, unit: "kg", massKg: -1.25 }],
    ["S S -     1.25 kg", { kind: "mass", value: -1.25 }],
    ["S S      2 lb", { kind: "mass", massKg: 0.90718474 }],
    ["S S     16.0 oz", { kind: "mass", massKg: 0.45359237 }],
    ["S S    0.0125 t", { kind: "mass", massKg: 12.5 }],
    ["S S   1500 mg ", { kind: "mass", massKg: 0.0015 }],
    ["T S      0.50 kg", { kind: "mass", command: "T", massKg: 0.5 }],
    ["TA A      0.50 kg", { kind: "mass", command: "TA", stable: true }],
    ["S I", { kind: "busy", command: "S" }],
    ["S +", { kind: "overload", command: "S" }],
    ["S -", { kind: "underload", command: "S" }],
    ["S L", { kind: "wrong-parameter", command: "S" }],
    ["Z A", { kind: "done", command: "Z" }],
    ["ZI D", { kind: "done", command: "ZI" }],
    ["TAC A", { kind: "done", command: "TAC" }],
    ['I4 A "B021002593"', { kind: "text", command: "I4", values: ["B021002593"], last: true }],
    ['I0 B 0 "SI"', { kind: "text", command: "I0", values: ["0", "SI"], last: false }],
    ["ES", { kind: "error", error: "syntax" }],
    ["ET", { kind: "error", error: "transmission" }],
    ["EL", { kind: "error", error: "logical" }],
  ])("reads %j", (line, wanted) => {
    expect(parseMtSicsLine(line)).toMatchObject(wanted);
  });

  it.each([
    "",
    "S",
    "S S",
    "S S 100.00",
    "S S 100.00 ct",
    "s s 100 g",
    "S S 1e3 g",
    "S S NaN g",
    "toString",
    "S S 1 g x",
  ])("refuses %j", (line) => {
    expect(() => parseMtSicsLine(line)).toThrow(expect.objectContaining({ code: "LYN_MT_SICS" }));
  });

  it("refuses a line beyond its limit", () => {
    expect(() => parseMtSicsLine(`S S ${" ".repeat(200)}1 g`)).toThrow(
      expect.objectContaining({ code: "LYN_MT_SICS" }),
    );
  });

  it("sends commands and simulated replies with CR LF", () => {
    expect(text(encodeMtSics("SI"))).toBe("SI\r\n");
    expect(text(encodeMassReply({ stable: true, value: 100, unit: "g", decimals: 2 }))).toBe(
      "S S     100.00 g\r\n",
    );
    const dynamic = text(encodeMassReply({ stable: false, value: 1.2344, unit: "kg", decimals: 3 }));
    expect(parseMtSicsLine(dynamic.trimEnd())).toMatchObject({ stable: false, massKg: 1.234 });
  });
});

describe("LineSplitter", () => {
  it("ends lines at CR LF, LF and CR, wherever the stream is cut", () => {
    const stream = bytes("one\r\ntwo\nthree\r\r\n\r\nfour\r\nfi");
    for (const step of [1, 2, 3, 7, 100]) {
      const splitter = new LineSplitter();
      const lines: string[] = [];
      for (let at = 0; at < stream.length; at += step) {
        for (const line of splitter.push(stream.subarray(at, at + step))) {
          lines.push(line.kind === "line" ? line.text : line.kind);
        }
      }
      expect(lines).toEqual(["one", "two", "three", "four"]);
      expect(splitter.flush()).toEqual({ kind: "line", text: "fi" });
      expect(splitter.flush()).toBeNull();
    }
  });

  it("tells a line beyond its limit once, drops it and reads the next", () => {
    const splitter = new LineSplitter({ maxLength: 8 });
    const first = splitter.push(bytes("12345678\r\n123456789"));
    expect(first).toEqual([
      { kind: "line", text: "12345678" },
      { kind: "overlong", limit: 8 },
    ]);
    expect(splitter.push(new Uint8Array(100_000).fill(65))).toEqual([]);
    expect(splitter.pendingBytes).toBe(8);
    expect(splitter.push(bytes("\nok\n"))).toEqual([{ kind: "line", text: "ok" }]);
  });
});
