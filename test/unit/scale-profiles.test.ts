import { describe, expect, it } from "vitest";
import { isLynceusError } from "../../protocols/errors.ts";
import { parseScaleFrame, ScaleFrameSplitter } from "../../protocols/scale/frame.ts";
import {
  builtInScaleProfile,
  MAX_SCALE_FRAME,
  SCALE_PROFILE_NAMES,
  scaleProfileSchema,
} from "../../protocols/scale/profile.ts";
import { Dice, fuzzRounds, mutate } from "../fixtures/mutate.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

function read(name: (typeof SCALE_PROFILE_NAMES)[number], stream: string) {
  const profile = builtInScaleProfile(name);
  return new ScaleFrameSplitter(profile)
    .push(bytes(stream))
    .map((frame) => (frame.kind === "frame" ? parseScaleFrame(frame.bytes, profile) : frame));
}

describe("scale profiles", () => {
  it("reads the header and columns of A&D standard output", () => {
    expect(
      read("and-standard", "ST,+00012.34 kg\r\nUS,-00001.50 kg\r\nOL,+99999999 kg\r\nQT,+00000.00 kg\r\n"),
    ).toEqual([
      { kind: "mass", command: "S", stable: true, value: 12.34, unit: "kg", massKg: 12.34 },
      { kind: "mass", command: "S", stable: false, value: -1.5, unit: "kg", massKg: -1.5 },
      { kind: "overload", command: "S" },
      { kind: "error", error: "logical" },
    ]);
  });

  it("reads SMA frames: motion, over and under capacity, faults, other units", () => {
    const frame = (status: string, motion: string, weight: string, unit: string) =>
      `\n${status}1G${motion} ${weight.padStart(10)}${unit}\r`;
    const stream =
      frame(" ", " ", "12.500", "lb ") +
      frame(" ", "M", "3.2", "kg ") +
      frame("O", " ", "", "kg ") +
      frame("E", " ", "0", "kg ");
    expect(read("sma", stream)).toEqual([
      { kind: "mass", command: "S", stable: true, value: 12.5, unit: "lb", massKg: 5.669904625 },
      { kind: "mass", command: "S", stable: false, value: 3.2, unit: "kg", massKg: 3.2 },
      { kind: "overload", command: "S" },
      { kind: "error", error: "logical" },
    ]);
  });

  it("reads Toledo continuous output: decimals, sign, motion and unit from bits", () => {
    const frame = (a: number, b: number, digits: string) =>
      `\x02${String.fromCharCode(a, b, 0x20)}${digits}000000\r`;
    const stream =
      frame(0x2c, 0x30, "001234") +
      frame(0x2d, 0x38, "001234") +
      frame(0x2b, 0x22, "000500") +
      frame(0x2c, 0x34, "999999");
    expect(read("toledo-continuous", stream)).toEqual([
      { kind: "mass", command: "S", stable: true, value: 12.34, unit: "kg", massKg: 12.34 },
      { kind: "mass", command: "S", stable: false, value: 1.234, unit: "kg", massKg: 1.234 },
      { kind: "mass", command: "S", stable: true, value: -50, unit: "lb", massKg: -22.6796185 },
      { kind: "overload", command: "S" },
    ]);
  });

  it("calls dynamic what no state calls stable, and refuses a profile without a stable state", () => {
    const profile = scaleProfileSchema.parse({
      mode: "continuous",
      value: { at: 1, length: 8, decimalComma: true },
      unit: "kg",
      states: [{ at: 0, text: "S", means: "stable" }],
    });
    expect(parseScaleFrame(bytes("? 1,500  "), profile)).toMatchObject({ stable: false, massKg: 1.5 });
    const without = {
      mode: "continuous",
      value: { at: 0, length: 8 },
      unit: "kg",
      states: [{ at: 0, text: "D", means: "dynamic" }],
    };
    expect(scaleProfileSchema.safeParse(without).error?.issues[0]?.message).toMatch(/stable/);
    const polled = { ...without, mode: "polled", states: [{ at: 0, text: "S", means: "stable" }] };
    expect(scaleProfileSchema.safeParse(polled).error?.issues[0]?.path).toEqual(["poll"]);
  });

  it("drops a frame that grows beyond its limit, once, and reads the next", () => {
    const out = read("and-standard", `${"x".repeat(1000)}\r\nST,+00001.00 kg\r\n`);
    expect(out).toEqual([
      { kind: "overlong", limit: MAX_SCALE_FRAME },
      expect.objectContaining({ massKg: 1 }),
    ]);
  });

  it("answers 10^6 mutated frames with a reply or a typed error, within its memory", () => {
    Error.stackTraceLimit = 0;
    const dice = new Dice(11);
    const seeds = {
      "and-standard": bytes("ST,+00012.34 kg\r\n"),
      sma: bytes("\n 1G      12.500lb \r"),
      "toledo-continuous": bytes("\x02,0 001234000000\r"),
    };
    const parts = SCALE_PROFILE_NAMES.map((name) => {
      const profile = builtInScaleProfile(name);
      return { seed: seeds[name], profile, splitter: new ScaleFrameSplitter(profile) };
    });
    for (let round = 0; round < fuzzRounds(1_000_000); round += 1) {
      const { seed, profile, splitter } = dice.pick(parts);
      for (const frame of splitter.push(mutate(seed, dice))) {
        if (frame.kind === "overlong") continue;
        try {
          const reply = parseScaleFrame(frame.bytes, profile);
          if (reply.kind === "mass" && !Number.isFinite(reply.massKg)) throw new Error("not a number");
        } catch (error) {
          if (!isLynceusError(error)) throw error;
        }
      }
      if (splitter.pendingBytes > MAX_SCALE_FRAME) throw new Error("beyond its limit");
    }
  });
});
