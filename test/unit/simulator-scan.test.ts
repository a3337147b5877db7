import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { GOODS_GROUPS, THREAT_CLASSES } from "../../protocols/vocabulary.ts";
import { TARGET_CLASSES } from "../../simulator/goods/item.ts";
import { Random } from "../../simulator/random.ts";
import { type SimulatedScan, simulateScan } from "../../simulator/scan.ts";
import { chooseContents, SCENARIOS } from "../../simulator/scenarios/contents.ts";
import { layOut } from "../../simulator/scene/layout.ts";
import { Workspace } from "../../simulator/workspace.ts";

const SEED = 2024;
const scans = Array.from({ length: 150 }, (_, index) => simulateScan({ seed: SEED, index, mix: "training" }));

function digest(scan: SimulatedScan): string {
  const hash = createHash("sha256");
  for (const { samples } of scan.planes)
    hash.update(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  return hash.update(JSON.stringify(scan.truth)).digest("hex");
}

describe("a simulated scan", () => {
  it("depends on seed, index and mix, and on nothing else", () => {
    const again = simulateScan({ seed: SEED, index: 7, mix: "training" });
    expect(digest(again)).toBe(digest(scans[7] as SimulatedScan));
    expect(digest(simulateScan({ seed: SEED + 1, index: 7, mix: "training" }))).not.toBe(digest(again));
    expect(digest(simulateScan({ seed: SEED, index: 7, mix: "traffic" }))).not.toBe(digest(again));
    expect(digest(simulateScan({ seed: SEED + 2 ** 32, index: 7, mix: "training" }))).not.toBe(digest(again));
  });

  it("is the same in memory that other scans have used, one or two views of it", () => {
    const workspace = new Workspace();
    for (const index of [4, 7, 5, 7]) {
      const again = simulateScan({ seed: SEED, index, mix: "training", workspace });
      expect(digest(again)).toBe(digest(scans[index] as SimulatedScan));
    }
    const both = { seed: SEED, index: 5, mix: "training", views: 2 } as const;
    expect(digest(simulateScan({ ...both, workspace }))).toBe(digest(simulateScan(both)));
  });

  it("has the same bytes on every machine", () => {
    expect(digest(simulateScan({ seed: 7, index: 0 }))).toBe(GOLDEN);
  });

  it("has planes of the stated size, air about the air level, and something in it", () => {
    for (const scan of scans) {
      expect(scan.height).toBe(384);
      expect(scan.width).toBeGreaterThanOrEqual(96);
      expect(scan.width).toBeLessThanOrEqual(512);
      expect(scan.planes.map((plane) => plane.energy)).toEqual([0, 1]);
      for (const { samples } of scan.planes) {
        expect(samples.length).toBe(scan.width * scan.height);
        let air = 0;
        for (let x = 0; x < scan.width; x++) air += (samples[x] ?? 0) / scan.width;
        expect(Math.abs(air / scan.airLevel - 1)).toBeLessThan(0.03);
        expect(samples.some((value) => value < 0.9 * scan.airLevel)).toBe(true);
      }
    }
  });

  it("boxes its targets tightly, inside the image", () => {
    for (const scan of scans) {
      for (const { box, maskRle } of scan.truth.targets) {
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.y).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(scan.width);
        expect(box.y + box.height).toBeLessThanOrEqual(scan.height);
        expect(maskRle.reduce((a, b) => a + b, 0)).toBe(box.width * box.height);
        expect(touchedSides(maskRle, box.width, box.height)).toEqual([true, true, true, true]);
      }
    }
  });

  it("holds each class and at least twelve goods groups, about six in ten with a target", () => {
    const targets = scans.flatMap((scan) => scan.truth.targets);
    for (const name of TARGET_CLASSES) {
      expect(targets.filter((target) => target.class === name).length, name).toBeGreaterThanOrEqual(3);
    }
    for (const target of targets) expect(THREAT_CLASSES).toContain(target.class);
    const groups = new Set(scans.flatMap((scan) => scan.truth.groups.map(({ group }) => group)));
    expect(groups.size).toBeGreaterThanOrEqual(12);
    for (const group of groups) expect(GOODS_GROUPS).toContain(group);
    const holding = scans.filter((scan) => scan.truth.targets.length > 0).length / scans.length;
    expect(holding).toBeGreaterThan(0.45);
    expect(holding).toBeLessThan(0.75);
  });

  it("weighs what is in it", () => {
    for (const { truth } of scans) {
      const net = truth.groups.reduce((sum, { massKg }) => sum + massKg, 0);
      expect(truth.groups.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
      expect(truth.massKg).toBeGreaterThan(net);
      expect(truth.massKg).toBeLessThan(25);
      for (const { massKg } of truth.targets) expect(massKg).toBeLessThan(net + 1e-6);
    }
  });

  it("refuses a scenario that is not simulated", () => {
    const options = { seed: 1, index: 0, scenario: "trains" as "parcels" };
    expect(() => simulateScan(options)).toThrow(expect.objectContaining({ code: "LYN_SIMULATION" }));
  });
});

describe("a packed parcel", () => {
  it("keeps its contents within its walls and apart from each other", () => {
    const limits = { length: 700, across: 560 };
    for (let n = 0; n < 1000; n++) {
      const random = new Random(n, "packing");
      const contents = chooseContents(random, "training", SCENARIOS[n % SCENARIOS.length]);
      const { parcel, placed } = layOut(contents, limits, random);
      const boxes = placed.map(({ at, half }) =>
        at.map((centre, i) => [centre - (half[i] ?? 0), centre + (half[i] ?? 0)]),
      );
      for (const box of boxes) {
        for (let i = 0; i < 3; i++) {
          const [low, high] = i < 2 ? [-(parcel[i] ?? 0) / 2, (parcel[i] ?? 0) / 2] : [0, parcel[2]];
          expect(box[i]?.[0]).toBeGreaterThanOrEqual((low ?? 0) - 1e-3);
          expect(box[i]?.[1]).toBeLessThanOrEqual((high ?? 0) + 1e-3);
        }
      }
      for (const [a, one] of boxes.entries())
        for (const other of boxes.slice(a + 1)) expect(overlap(one, other)).toBeLessThan(1e-3);
    }
  });
});

/** Depth in mm by which two boxes stand in each other; 0 or less when apart. */
function overlap(a: readonly number[][], b: readonly number[][]): number {
  return Math.min(
    ...[0, 1, 2].map(
      (i) => Math.min(a[i]?.[1] ?? 0, b[i]?.[1] ?? 0) - Math.max(a[i]?.[0] ?? 0, b[i]?.[0] ?? 0),
    ),
  );
}

/** Whether the mask reaches the left, right, top and bottom side of its box. */
function touchedSides(runs: readonly number[], width: number, height: number): boolean[] {
  const sides = [false, false, false, false];
  let at = 0;
  for (const [n, run] of runs.entries()) {
    for (let i = at; n % 2 === 1 && i < at + run; i++) {
      if (i % width === 0) sides[0] = true;
      if (i % width === width - 1) sides[1] = true;
      if (i < width) sides[2] = true;
      if (i >= width * (height - 1)) sides[3] = true;
    }
    at += run;
  }
  return sides;
}

/** SHA-256 of both planes and the truth of seed 7, scan 0; changes only when the simulated world is changed on purpose. */
const GOLDEN = "7f49eb3df05e3be60d8010cdacb80a62ade40cc9aad96bc4eaf19e0509de605b";
