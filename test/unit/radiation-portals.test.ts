import { describe, expect, it } from "vitest";
import { isLynceusError } from "../../protocols/errors.ts";
import { AspectPortal, readAspectBlock, readAspectHeader } from "../../protocols/radiation/aspect.ts";
import { MAX_SLICES, type Occupancy, SigmaWindow, sigmaOf } from "../../protocols/radiation/occupancy.ts";
import { parseVm250Line, VM250_MAX_LINE } from "../../protocols/radiation/vm250.ts";
import { Vm250Portal } from "../../protocols/radiation/vm250-portal.ts";
import { Dice, fuzzPatienceMs, fuzzRounds, mutate, mutateText } from "../fixtures/mutate.ts";

/** Plays lines to a portal, 200 ms apart; returns the occupancies. */
function play(portal: Vm250Portal, lines: readonly string[]): Occupancy[] {
  return lines.flatMap((line, at) => portal.take(parseVm250Line(line), 1_000 + at * 200) ?? []);
}

const GB = "GB,000188,000206,000262,000243";
const NB = "NB,000001,000000,000002,000001";
const GS = "GS,000038,000041,000052,000049";
const GA = "GA,000140,000150,000160,000150";
const NS = "NS,000000,000000,000000,000000";
const NA = "NA,000004,000003,000005,000004";
const GX = "GX,000017,004000";

describe("lines of VM-250-type portals", () => {
  it("are read by their code", () => {
    expect(parseVm250Line(GB)).toEqual({
      kind: "background",
      channel: "gamma",
      counts: [188, 206, 262, 243],
    });
    expect(parseVm250Line(NA)).toMatchObject({ kind: "slice", channel: "neutron", alarm: true });
    expect(parseVm250Line("GX,000017,004000")).toEqual({
      kind: "end",
      occupancies: 17,
      neutronBackground: 4,
    });
    expect(parseVm250Line("SP,0.3000,002.272,003.657")).toEqual({ kind: "speed", kmPerH: 3.657 });
    expect(parseVm250Line("GB,000822,000750,000770,000757,00-00-04.919")).toMatchObject({
      kind: "background",
    });
    expect(parseVm250Line("SG1,4000,100,10,10,6.5")).toEqual({ kind: "setup", intervals: 10, nSigma: 6.5 });
    expect(parseVm250Line("OC,1")).toEqual({ kind: "other", code: "OC" });
    for (const bad of ["", "hello", "GB,1,2,3", "GB,1,2,3,x", "GS,-1,2,3,4", "G"]) {
      expect(() => parseVm250Line(bad)).toThrow(/VM-250/);
    }
  });
});

describe("a VM-250-type portal", () => {
  it("opens an occupancy with the first slice, closes it with GX, and computes sigma of the highest second", () => {
    const portal = new Vm250Portal();
    const [over, ...more] = play(portal, [GB, NB, GS, NS, GS, GA, GA, GA, GS, NS, GX, "SP,0.3,2.2,3.6"]);
    expect(more).toEqual([]);
    expect(over).toMatchObject({
      beganAt: 1_400,
      endedAt: 3_000,
      gamma: "alarm",
      neutron: "normal",
      faults: [],
    });
    // B = 899 a second; the highest five slices are 180 + 180 + 3 × 600 (documented: (F − B) / √B).
    expect(over?.gammaSigma).toBeCloseTo((180 * 2 + 600 * 3 - 899) / Math.sqrt(899), 9);
    expect(over && sigmaOf(over)).toBe(over?.gammaSigma);
    expect(portal.state).toBe("background");
  });

  it("says normal only of what it saw from end to end without a fault", () => {
    const cases: readonly [string, readonly string[], Partial<Occupancy>][] = [
      ["sound", [GB, NB, GS, NS, GX], { gamma: "normal", neutron: "normal" }],
      ["no neutron detector", [GB, GS, GX], { gamma: "normal", neutron: null }],
      ["joined in the middle", [GS, NS, GX], { gamma: "fault", neutron: "fault" }],
      ["end not heard", [GB, NB, GS, NS, GB], { gamma: "fault", neutron: "fault" }],
      ["gamma background low", ["GL,0,0,0,0", NB, GS, NS, GX], { gamma: "fault", neutron: "normal" }],
      ["neutron background high", [GB, "NH,9,9,9,9", GS, NS, GX], { gamma: "normal", neutron: "fault" }],
      ["cabinet open", [GB, NB, "TT", GS, NS, GX], { gamma: "fault", neutron: "fault" }],
      ["fault while the item passes", [GB, NB, GS, "GH,9999,9999,9999,9999", NS, GX], { gamma: "fault" }],
      ["fault that is over", ["GH,9999,9999,9999,9999", GB, "TT", "TC", NB, GS, NS, GX], { gamma: "normal" }],
      ["an alarm stands in spite of a fault", ["GH,9,9,9,9", NB, GA, NS, GX], { gamma: "alarm" }],
      ["an alarm stands though the end is lost", [GB, NB, GS, NA, NB], { gamma: "fault", neutron: "alarm" }],
    ];
    for (const [name, lines, expected] of cases) {
      const over = play(new Vm250Portal(), [...lines]).at(-1);
      expect(over, name).toMatchObject(expected);
      expect(over?.gamma === "fault" || over?.neutron === "fault", name).toBe(
        (over?.faults.length ?? 0) > 0 && over?.gamma !== "alarm",
      );
    }
  });

  it("tells what a lost link leaves of an occupancy", () => {
    const portal = new Vm250Portal();
    play(portal, [GB, NB, GS, NS]);
    expect(portal.silentMs).toBe(1_000);
    expect(portal.lost(9_000)).toMatchObject({ gamma: "fault", neutron: "fault" });
    expect(portal.silentMs).toBe(10_000);
    expect(portal.lost(9_000)).toBeNull();
  });

  it("keeps a bounded number of slices and calls a stuck occupancy faulty", () => {
    const portal = new Vm250Portal();
    play(portal, [GB, NB]);
    for (let slice = 0; slice < MAX_SLICES + 10; slice += 1)
      portal.take(parseVm250Line(GS), 2_000 + slice * 200);
    const over = portal.take(parseVm250Line(GX), 900_000);
    expect(over?.slices).toHaveLength(MAX_SLICES);
    expect(over?.gamma).toBe("fault");
    expect(over?.faults.join()).toMatch(/stuck/);
  });

  it("uses the intervals that the portal's settings say, and none without a background", () => {
    const window = new SigmaWindow({ background: 100, intervals: 2 });
    window.add([60]);
    expect(window.peak).toBeNull();
    window.add([100]);
    expect(window.peak).toBe(6);
    const without = new SigmaWindow({ background: null, intervals: 1 });
    without.add([5]);
    expect(without.peak).toBeNull();
    const [over] = play(new Vm250Portal(), ["SG1,4000,100,2,10,7", GB, GS, GA, GX]);
    expect(over?.gammaSigma).toBeCloseTo((180 + 600 - 899 * 0.4) / Math.sqrt(899 * 0.4), 9);
  });

  it("survives mutated lines, and an alarm is never lost in them", {
    timeout: fuzzPatienceMs(1_000_000),
  }, () => {
    Error.stackTraceLimit = 0;
    const dice = new Dice(12);
    const lines = [GB, NB, GS, GA, NS, NA, GX, "GH,9,9,9,9", "TT", "SG1,4000,100,10,10,6.5", "SP,1,2,3"];
    const portal = new Vm250Portal();
    let alarmed = false;
    for (let round = 0; round < fuzzRounds(1_000_000); round += 1) {
      const line = dice.below(4) === 0 ? dice.pick(lines) : mutateText(dice.pick(lines), dice);
      try {
        const message = parseVm250Line(line);
        if (line.length > VM250_MAX_LINE) throw new Error("too long");
        if (message.kind === "slice" && message.alarm) alarmed = true;
        const over = portal.take(message, round * 200);
        if (over === null) continue;
        if (alarmed !== (over.gamma === "alarm" || over.neutron === "alarm"))
          throw new Error(`lost: ${line}`);
        alarmed = false;
      } catch (error) {
        if (!isLynceusError(error)) throw error;
      }
    }
  });
});

/** A block of registers at rest; `set` by offset. */
function block(set: Readonly<Record<number, number>> = {}): number[] {
  const registers = [
    0, 0, 0, 0x80, 100, 0, 0, 0x42c8, 0, 0x42c8, 0x80, 1, 0, 0, 0x3f80, 0, 0x3f80, 7, 0, 5, 0,
  ];
  for (const [at, value] of Object.entries(set)) registers[Number(at)] = value;
  return registers;
}

describe("an Aspect portal", () => {
  it("is read from its registers, low word first", () => {
    expect(readAspectHeader([1, 200, 3, 100, 21, 0, 0, 0])).toEqual({
      signature: 1,
      monitorId: 3,
      base: 100,
      count: 21,
    });
    expect(() => readAspectHeader([1, 200, 3, 0, 5, 0, 0, 0])).toThrow(/Aspect/);
    expect(() => readAspectBlock([1, 2, 3])).toThrow(/Aspect/);
    const sample = readAspectBlock(block({ 2: 0x01, 3: 0x81, 4: 200, 5: 1 }));
    expect(sample).toMatchObject({ occupied: true, objects: 7, speed: 5, faults: [] });
    expect(sample.gamma).toMatchObject({
      alarm: true,
      faults: [],
      count: 65_736,
      background: 100,
      variance: 100,
    });
    expect(sample.gamma.sigma).toBe((65_736 - 100) / 10);
    expect(readAspectBlock(block({ 3: 0 })).gamma.faults).toEqual(["the channel is not ready"]);
    expect(readAspectBlock(block({ 2: 0x500 })).faults).toEqual([
      "the portal runs without mains power",
      "the portal's cabinet is open",
    ]);
  });

  it("gathers an occupancy over its samples; faulty is never normal", () => {
    const passes = (...samples: readonly Readonly<Record<number, number>>[]) => {
      const portal = new AspectPortal();
      return samples.flatMap((set, at) => portal.take(readAspectBlock(block(set)), at * 200));
    };
    expect(passes({}, { 2: 1, 4: 130 }, { 2: 1, 4: 150 }, {})[0]).toMatchObject({
      beganAt: 200,
      endedAt: 600,
      gamma: "normal",
      neutron: "normal",
      gammaSigma: 5,
    });
    expect(passes({}, { 2: 1, 3: 0x82 }, {})[0]).toMatchObject({ gamma: "alarm", neutron: "normal" });
    expect(passes({}, { 2: 1, 10: 0x90 }, {})[0]).toMatchObject({ gamma: "normal", neutron: "fault" });
    expect(passes({}, { 2: 0x801 }, {})[0]).toMatchObject({ gamma: "fault", neutron: "fault" });
    expect(passes({ 2: 1 }, {})[0]).toMatchObject({ gamma: "fault", neutron: "fault" });
    expect(passes({ 17: 7 }, { 17: 8 })[0]).toMatchObject({
      gamma: "fault",
      faults: [expect.stringMatching(/between two/)],
    });
    expect(passes({}, {}, {})).toEqual([]);
  });

  it("answers mutated blocks with a sample or a typed error", { timeout: fuzzPatienceMs(1_000_000) }, () => {
    Error.stackTraceLimit = 0;
    const dice = new Dice(13);
    const seed = Uint8Array.from(block({ 2: 1 }).flatMap((register) => [register >> 8, register & 0xff]));
    const portal = new AspectPortal();
    for (let round = 0; round < fuzzRounds(1_000_000); round += 1) {
      const bytes = mutate(seed, dice);
      const registers = Array.from(
        { length: bytes.length >> 1 },
        (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0),
      );
      try {
        const sample = readAspectBlock(registers);
        if (sample.gamma.sigma !== null && !Number.isFinite(sample.gamma.sigma))
          throw new Error("not a number");
        portal.take(sample, round);
      } catch (error) {
        if (!isLynceusError(error)) throw error;
      }
    }
  });
});
