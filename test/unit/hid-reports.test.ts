import { describe, expect, it } from "vitest";
import { isLynceusError } from "../../protocols/errors.ts";
import { MAX_DESCRIPTOR_BYTES, parseReportDescriptor } from "../../protocols/hid/descriptor.ts";
import { INPUT_EVENT_BYTES, WedgeDecoder, type WedgeResult } from "../../protocols/hid/evdev.ts";
import { encodePosCommand, PosDecoder } from "../../protocols/hid/pos.ts";
import { MAX_SCAN_TEXT } from "../../protocols/identifiers/identify.ts";
import { HONEYWELL_TYPE, honeywellReport, MINIMAL_TYPE, NEWLAND_TYPE } from "../fixtures/hid-descriptors.ts";
import { Dice, fuzzPatienceMs, fuzzRounds, mutate } from "../fixtures/mutate.ts";

const ascii = (text: string) => Array.from(text, (character) => character.charCodeAt(0));
const decoder = (descriptor: Uint8Array) => new PosDecoder(parseReportDescriptor(descriptor));
const label = (text: string) => ({ kind: "label", text });

describe("HID POS reports", () => {
  it("are read by the offsets of the descriptor, whatever the make", () => {
    const honeywell = decoder(HONEYWELL_TYPE);
    expect(honeywell.push(honeywellReport("]C1", "00106141412345678908"))).toEqual(
      label("]C100106141412345678908"),
    );
    const minimal = new Uint8Array(62);
    minimal.set([2, 4, ...ascii("]C0"), ...ascii("AB12")]);
    expect(decoder(MINIMAL_TYPE).push(minimal)).toEqual(label("]C0AB12"));
    const newland = new Uint8Array(64);
    newland.set([2, 4, ...ascii("AB12")]);
    newland[62] = 7;
    expect(decoder(NEWLAND_TYPE).push(newland)).toEqual(label("AB12"));
    expect(parseReportDescriptor(HONEYWELL_TYPE).bytesOf("input", 2)).toBe(64);
    expect(parseReportDescriptor(MINIMAL_TYPE).bytesOf("input", 2)).toBe(62);
    expect(parseReportDescriptor(NEWLAND_TYPE).bytesOf("input", 2)).toBe(64);
  });

  it("are joined while they say that they are continued, the group separator kept", () => {
    const reader = decoder(HONEYWELL_TYPE);
    expect(reader.push(honeywellReport("]d2", "A".repeat(56), true))).toBeNull();
    expect(reader.push(honeywellReport("]d2", `B\u001dC`))).toEqual(label(`]d2${"A".repeat(56)}B\u001dC`));
    expect(reader.push(honeywellReport("]C0", "X"))).toEqual(label("]C0X"));
  });

  it("are dropped beyond the longest label, once, until the label is over", () => {
    const reader = decoder(HONEYWELL_TYPE);
    const results = Array.from({ length: 40 }, () =>
      reader.push(honeywellReport("]L0", "A".repeat(56), true)),
    );
    expect(results.filter((each) => each !== null)).toEqual([{ kind: "overlong", limit: MAX_SCAN_TEXT }]);
    expect(reader.push(honeywellReport("]L0", "END"))).toBeNull();
    expect(reader.push(honeywellReport("]L0", "NEXT"))).toEqual(label("]L0NEXT"));
  });

  it("are malformed where their length is more than they hold, and skipped where they are another's", () => {
    const reader = decoder(HONEYWELL_TYPE);
    const report = honeywellReport("]C0", "AB");
    report[1] = 60;
    expect(reader.push(report)).toEqual({ kind: "malformed" });
    expect(reader.push(honeywellReport("]C0", "AB").subarray(0, 4))).toEqual({ kind: "malformed" });
    expect(reader.push(Uint8Array.of(9, 1, 2))).toBeNull();
    expect(reader.push(new Uint8Array(0))).toBeNull();
    reader.push(honeywellReport("]C0", "HALF", true));
    reader.reset();
    expect(reader.push(honeywellReport("]C0", "NEXT"))).toEqual(label("]C0NEXT"));
  });

  it("can trigger and beep where the reader offers it", () => {
    const reports = parseReportDescriptor(HONEYWELL_TYPE);
    expect(encodePosCommand(reports, "trigger")).toEqual(Uint8Array.of(4, 0x20));
    expect(encodePosCommand(reports, "hold")).toEqual(Uint8Array.of(4, 0x04));
    expect(encodePosCommand(reports, "release")).toEqual(Uint8Array.of(4, 0));
    expect(encodePosCommand(reports, "beep-error")).toEqual(Uint8Array.of(4, 0x40));
    expect(encodePosCommand(reports, "beep-good")).toEqual(Uint8Array.of(4, 0x80));
    expect(encodePosCommand(parseReportDescriptor(MINIMAL_TYPE), "trigger")).toBeNull();
  });

  it("refuse descriptors of keyboards, cut ones and beyond the bounds", () => {
    expect(() => decoder(Uint8Array.of(0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0xc0))).toThrow(/POS/);
    expect(() => parseReportDescriptor(Uint8Array.of(0x27, 1))).toThrow(/cut short/);
    expect(() => parseReportDescriptor(new Uint8Array(MAX_DESCRIPTOR_BYTES + 1))).toThrow(/bytes/);
    expect(() =>
      parseReportDescriptor(Uint8Array.of(0x77, 255, 255, 255, 255, 0x97, 255, 255, 255, 255, 0x81, 2)),
    ).toThrow(/too long/);
  });

  it("survive mutated descriptors and reports", { timeout: fuzzPatienceMs(1_000_000) }, () => {
    Error.stackTraceLimit = 0;
    const dice = new Dice(15);
    const descriptors = [HONEYWELL_TYPE, MINIMAL_TYPE, NEWLAND_TYPE];
    const report = honeywellReport("]C0", "RR473124829GB");
    const sound = decoder(HONEYWELL_TYPE);
    for (let round = 0; round < fuzzRounds(1_000_000); round += 1) {
      sound.push(mutate(report, dice));
      if (sound.pending > MAX_SCAN_TEXT) throw new Error("beyond its limit");
      try {
        const reports = parseReportDescriptor(mutate(dice.pick(descriptors), dice));
        encodePosCommand(reports, "trigger");
        new PosDecoder(reports).push(report);
      } catch (error) {
        if (!isLynceusError(error)) throw error;
      }
    }
  });
});

/** Key events of a text typed with a pause before each key, us. */
function keys(text: string, gapMs = 2, startMs = 0): Uint8Array {
  const codes = "  1234567890-=  qwertyuiop[]  asdfghjkl;'` \\zxcvbnm,./";
  const events: Uint8Array[] = [];
  let at = startMs;
  const event = (code: number, value: number) => {
    const bytes = new DataView(new ArrayBuffer(INPUT_EVENT_BYTES));
    bytes.setBigInt64(0, BigInt(Math.floor(at / 1000)), true);
    bytes.setBigInt64(8, BigInt((at % 1000) * 1000), true);
    bytes.setUint16(16, 1, true);
    bytes.setUint16(18, code, true);
    bytes.setInt32(20, value, true);
    events.push(new Uint8Array(bytes.buffer), new Uint8Array(INPUT_EVENT_BYTES));
  };
  for (const character of text) {
    at += gapMs;
    const upper = character !== character.toLowerCase();
    const code = character === "\n" ? 28 : character === "\t" ? 15 : codes.indexOf(character.toLowerCase());
    if (upper) event(42, 1);
    event(code, 1);
    event(code, 0);
    if (upper) event(42, 0);
  }
  return Uint8Array.from(events.flatMap((each) => [...each]));
}

describe("a keyboard wedge", () => {
  const rules = { prefix: "]", suffix: "enter", maxGapMs: 50 } as const;
  const typed = (...parts: readonly Uint8Array[]): WedgeResult[] => {
    const wedge = new WedgeDecoder(rules);
    return parts.flatMap((part) => [...wedge.push(part)]);
  };

  it("types labels with their prefix and suffix, however the events are cut", () => {
    const stream = keys("]C0RR473124829GB\n]C0AB12\n");
    const wedge = new WedgeDecoder(rules);
    const results = Array.from(stream, (byte) => wedge.push(Uint8Array.of(byte))).flat();
    expect(results).toEqual([label("]C0RR473124829GB"), label("]C0AB12")]);
  });

  it("takes nothing that lacks the prefix or has a pause in it", () => {
    expect(typed(keys("hello\n"))).toEqual([{ kind: "rejected", why: "prefix" }]);
    expect(typed(keys("]C0AB12\n", 80))).toEqual([{ kind: "rejected", why: "gap" }]);
    expect(typed(keys("]C0AB", 2), keys("12\n", 2, 500))).toEqual([{ kind: "rejected", why: "gap" }]);
    expect(typed(keys("]C0AB", 2), keys("]C0XY\n", 2, 500))).toEqual([label("]C0XY")]);
    expect(typed(keys(`]${"1".repeat(MAX_SCAN_TEXT + 10)}\n]C0AB\n`))).toEqual([
      { kind: "rejected", why: "overlong" },
      label("]C0AB"),
    ]);
  });

  it("knows other prefixes and the tab", () => {
    const wedge = new WedgeDecoder({ prefix: "=-", suffix: "tab", maxGapMs: 50 });
    expect(wedge.push(keys("=-AB12\t"))).toEqual([label("AB12")]);
  });

  it("survives 10^6 mutated events", () => {
    const dice = new Dice(16);
    const seed = keys("]AB\n");
    const wedge = new WedgeDecoder(rules);
    for (let round = 0; round < fuzzRounds(1_000_000) / 8; round += 1) wedge.push(mutate(seed, dice));
    wedge.push(new Uint8Array(INPUT_EVENT_BYTES));
    expect(wedge).toBeDefined();
  });
});
