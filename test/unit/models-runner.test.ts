import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareGolden } from "../../models/golden.ts";
import { listPackages, loadPackage, type ModelPackage } from "../../models/package.ts";
import type { ScanPlanes } from "../../models/planes.ts";
import { MAX_DETECTIONS, ModelRunner } from "../../models/runner.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { THREAT_CLASSES } from "../../protocols/vocabulary.ts";
import { type SimulatedScan, simulateScan } from "../../simulator/scan.ts";
import { ROOT } from "../fixtures/project.ts";

const SEED = 90_210;

function planesOf(scan: SimulatedScan): ScanPlanes {
  const { width, height, pixelPitchMm, airLevel } = scan;
  const [low, high] = [0, 1].map((energy) => scan.planes.find((plane) => plane.energy === energy)!.samples);
  return { kind: "dual-energy", view: 0, width, height, pixelPitchMm, airLevel, low: low!, high: high! };
}

async function openPackage(name: string): Promise<ModelRunner> {
  const folders = await listPackages(`${ROOT}/models/packages`);
  const packages: ModelPackage[] = await Promise.all(folders.map((folder) => loadPackage(folder)));
  return ModelRunner.open({ modelPackage: packages.find(({ manifest }) => manifest.name === name)! });
}

/** Overlap over union of two boxes in plane pixels. */
function overlap(a: { x: number; y: number; width: number; height: number }, b: typeof a): number {
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const shared = Math.max(0, across) * Math.max(0, down);
  return shared / (a.width * a.height + b.width * b.height - shared);
}

describe("the packages that come with the project", () => {
  let threats: ModelRunner;
  let goods: ModelRunner;
  beforeAll(async () => {
    threats = await openPackage("threat-detector");
    goods = await openPackage("goods-classifier");
  });
  afterAll(async () => {
    await threats.close();
    await goods.close();
  });

  it("give their golden outputs on this machine", async () => {
    await threats.knownAnswerTest();
    await goods.knownAnswerTest();
  });

  it("certify nothing and speak the contract's vocabulary", () => {
    const { classes } = threats.modelPackage.manifest;
    expect(classes.every((entry) => entry.certified === null)).toBe(true);
    expect(classes.every((entry) => (THREAT_CLASSES as readonly string[]).includes(entry.name))).toBe(true);
  });

  it("find simulated objects of their classes where they are, more often than chance would", async () => {
    let objects = 0;
    let found = 0;
    for (let index = 0; index < 24; index += 1) {
      const scan = simulateScan({ seed: SEED, index, mix: "training" });
      const output = await threats.run(planesOf(scan));
      for (const target of scan.truth.targets) {
        objects += 1;
        const hit = output.detections.some(
          (d) => d.class === target.class && d.score > 0.1 && overlap(d.box, target.box) > 0.4,
        );
        found += hit ? 1 : 0;
      }
    }
    expect(objects).toBeGreaterThan(8);
    expect(found / objects).toBeGreaterThan(0.25);
  });

  it("answer in plane pixels, best first, with calibrated scores and the time of the run", async () => {
    const scan = planesOf(simulateScan({ seed: SEED, index: 1, mix: "training" }));
    const output = await threats.run(scan);
    expect(output.model.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(output.milliseconds).toBeGreaterThan(0);
    expect(output.detections.length).toBeLessThanOrEqual(MAX_DETECTIONS);
    const scores = output.detections.map((detection) => detection.score);
    expect([...scores].sort((a, b) => b - a)).toEqual(scores);
    for (const { score, box } of output.detections) {
      expect(score > 0 && score < 1).toBe(true);
      expect(box.x >= 0 && box.y >= 0 && box.width > 0 && box.height > 0).toBe(true);
      expect(box.x + box.width <= scan.width && box.y + box.height <= scan.height).toBe(true);
    }
  });

  it("give shares of the mass that sum to one", async () => {
    const output = await goods.run(planesOf(simulateScan({ seed: SEED, index: 2, mix: "traffic" })));
    expect(output.contents.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 4);
    expect(output.contents).toHaveLength(goods.modelPackage.manifest.classes.length);
  });

  it("find nothing in an empty tunnel and take a scan of another pitch and size", async () => {
    const air = new Uint16Array(300 * 700).fill(50_000);
    const scan = {
      kind: "dual-energy",
      view: 0,
      width: 700,
      height: 300,
      airLevel: 50_000,
      low: air,
      high: air,
    } as const;
    const output = await threats.run({ ...scan, pixelPitchMm: { x: 4, y: 0.8 } });
    expect(output.detections.filter((detection) => detection.score >= detection.threshold)).toEqual([]);
  });

  it("refuse what they do not read, and say so beforehand", async () => {
    const picture: ScanPlanes = {
      kind: "single-energy",
      view: 0,
      width: 64,
      height: 64,
      pixelPitchMm: null,
      airLevel: 60_000,
      single: new Uint16Array(64 * 64),
    };
    expect(threats.accepts(picture)).toBe(false);
    const error = await threats.run(picture).catch((cause: unknown) => cause);
    expect(isLynceusError(error, "LYN_MODEL_SCAN_UNSUPPORTED")).toBe(true);
  });
});

describe("comparison with golden outputs", () => {
  const tolerance = { atol: 0.004, rtol: 0.002, leastScore: 0.1 };
  const dets = (...rows: number[][]) => ({ dims: [rows.length, 6], data: Float32Array.from(rows.flat()) });
  const golden = new Map([
    ["dets", { dims: [2, 6], data: [10, 10, 50, 50, 0.9, 1, 20, 20, 40, 40, 0.5, 2] }],
  ]);
  const check = (...rows: number[][]) => compareGolden(new Map([["dets", dets(...rows)]]), golden, tolerance);
  const first = [10, 10, 50, 50, 0.9, 1];
  const second = [20, 20, 40, 40, 0.5, 2];

  it("passes in any order, within the tolerance, with faint extras", () => {
    expect(check(second, [10.01, 10, 50, 50, 0.899, 1], [0, 0, 5, 5, 0.05, 3])).toBeNull();
  });

  it("fails on a moved box, another class, a missing or a further detection", () => {
    expect(check(first, [20, 20, 44, 40, 0.5, 2])).toMatch(/missing/);
    expect(check(first, [20, 20, 40, 40, 0.5, 3])).toMatch(/missing/);
    expect(check(first)).toMatch(/missing/);
    expect(check(first, second, [0, 0, 5, 5, 0.4, 3])).toMatch(/unexpected/);
  });

  it("fails on a vector that differs in one value or in length", () => {
    const expected = new Map([["share", { dims: [1, 2], data: [0.4, 0.6] }]]);
    const share = (...data: number[]) =>
      new Map([["share", { dims: [1, data.length], data: Float32Array.from(data) }]]);
    expect(compareGolden(share(0.401, 0.6), expected, tolerance)).toBeNull();
    expect(compareGolden(share(0.42, 0.58), expected, tolerance)).toMatch(/share\[0\]/);
    expect(compareGolden(share(0.4), expected, tolerance)).toMatch(/1 values/);
    expect(compareGolden(new Map(), expected, tolerance)).toMatch(/no output/);
  });
});
