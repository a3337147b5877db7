import { describe, expect, it } from "vitest";
import { fitMass } from "../../device/image/mass-calibration.ts";
import { analyseScan } from "../../device/inference/analyse.ts";
import type { ImageModel, ModelFindings } from "../../device/inference/image-model.ts";
import { joinViews } from "../../device/inference/join-views.ts";
import type { AnalysableScan, ViewPlanes } from "../../device/inference/planes.ts";
import { vectorOf } from "../../device/inference/vectors.ts";
import { simulateCargo } from "../../simulator/cargo/simulate.ts";
import { detection } from "../fixtures/fusion.ts";
import { scanOfSimulated } from "../fixtures/wrong-kinds.ts";

const AIR = 60_000;
const SIDE = 64;

/** A block of this transmission in air. */
function view(number: number, transmission: number): ViewPlanes {
  const plane = (factor: number) => {
    const samples = new Uint16Array(SIDE * SIDE).fill(AIR);
    for (let y = 16; y < 48; y++) samples.fill(AIR * transmission ** factor, y * SIDE + 16, y * SIDE + 48);
    return samples;
  };
  const pixelPitchMm = { x: 1, y: 1 };
  return { view: number, width: SIDE, height: SIDE, pixelPitchMm, low: plane(1.3), high: plane(1) };
}

function scan(...views: ViewPlanes[]): AnalysableScan {
  return { kind: "dual-energy", views, airLevel: AIR, marked: false };
}

function model(
  task: NonNullable<ImageModel["task"]>,
  findings: (view: number) => Partial<ModelFindings>,
): ImageModel {
  return {
    name: task,
    version: "1.0.0",
    sha256: "ab".repeat(32),
    provider: "cpu",
    lookedFor: [],
    task,
    accepts: () => true,
    run: (planes) =>
      Promise.resolve({ detections: [], contents: [], milliseconds: 1, ...findings(planes.view) }),
  };
}

const box = (number: number, x: number, width: number) => ({ view: number, x, y: 5, width, height: 8 });
const found = (number: number, x: number, score: number) =>
  detection("firearm", score, { boxes: [box(number, x, 20)] });

describe("two views of one scan", () => {
  it("show one object: boxes of a class at the same lines are its two sides", () => {
    const joined = joinViews([found(0, 10, 0.6), found(1, 12, 0.9), found(1, 200, 0.4)]);
    expect(joined.map(({ score, boxes }) => [score, boxes.map((one) => [one.view, one.x])])).toEqual([
      [
        0.9,
        [
          [1, 12],
          [0, 10],
        ],
      ],
      [0.4, [[1, 200]]],
    ]);
  });

  it("never give an object two boxes of one view, or join what differs", () => {
    const twins = joinViews([found(0, 10, 0.9), found(0, 12, 0.8), found(1, 11, 0.7)]);
    expect(twins.map(({ boxes }) => boxes.length)).toEqual([2, 1]);
    const other = { ...found(1, 10, 0.5), class: "blade" };
    expect(joinViews([found(0, 10, 0.9), other])).toHaveLength(2);
    expect(joinViews([found(0, 10, 0.9), found(1, 40, 0.5)])).toHaveLength(2);
  });

  it("are both looked at; contents are averaged and the detections joined", async () => {
    const looks = model("detection", (number) => ({ detections: [found(number, 10, 0.5 + number / 10)] }));
    const goods = model("contents", (number) => ({
      contents: [{ group: "textiles", score: number === 0 ? 0.2 : 0.6, share: 0.5 }],
    }));
    const analysis = await analyseScan(scan(view(0, 0.4), view(1, 0.6)), {
      models: [looks, goods],
      faults: [],
    });
    expect(analysis.detections.map(({ score, boxes }) => [score, boxes.length])).toEqual([[0.6, 2]]);
    expect(analysis.contents[0]?.score).toBeCloseTo(0.4, 6);
    expect(analysis.models.map(({ milliseconds }) => milliseconds)).toEqual([2, 2]);
  });

  it("weigh by the one that is less opaque; only a calibrated machine is reliable", async () => {
    const set = { models: [], faults: [] };
    const both = scan(view(0, 0.004), view(1, 0.4));
    const usual = await analyseScan(both, set);
    expect(usual.xrayMass).toMatchObject({ view: 1, opaqueShare: 0, reliable: false });
    const massCalibration = fitMass(
      [1, 2, 4].flatMap((areal) => [
        {
          material: "nylon",
          arealDensity: areal,
          low: Math.exp(-0.21 * areal),
          high: Math.exp(-0.17 * areal),
        },
        {
          material: "steel",
          arealDensity: areal / 2,
          low: Math.exp(-0.6 * areal),
          high: Math.exp(-0.3 * areal),
        },
      ]),
    );
    const own = await analyseScan(both, set, { massCalibration });
    expect(own.xrayMass).toMatchObject({ view: 1, reliable: true });
    const dark = await analyseScan(scan(view(0, 0.004)), set, { massCalibration });
    expect(dark.xrayMass).toMatchObject({ view: 0, reliable: false });
    const unknownAir = await analyseScan({ ...both, airLevel: null }, set, { massCalibration });
    expect(unknownAir.xrayMass?.reliable).toBe(false);
    const noPitch = await analyseScan(scan({ ...view(0, 0.4), pixelPitchMm: null }), set);
    expect(noPitch.xrayMass).toBeUndefined();
    // A container of two energies is not weighed by a parcel machine's calibration.
    const cargo = simulateCargo({ seed: 5, index: 3, scenario: "containers", mix: "training", rows: 256 });
    expect(cargo.planes).toHaveLength(2);
    const container = scanOfSimulated(cargo, true);
    expect((await analyseScan(container, set)).xrayMass).toBeUndefined();
    expect((await analyseScan(container, set, { massCalibration })).xrayMass?.kg).toBeGreaterThan(0);
  });
});

describe("a vector of a scan", () => {
  const axis = (at: number) => Float32Array.from({ length: 128 }, (_, i) => (i === at ? 1 : 0));

  it("is the mean direction of its views", async () => {
    const embedding = model("embedding", (number) => ({ embedding: axis(number) }));
    const analysis = await analyseScan(scan(view(0, 0.4), view(1, 0.4)), { models: [embedding], faults: [] });
    const vector = vectorOf(analysis.embedding!);
    expect(vector[0]).toBeCloseTo(Math.SQRT1_2, 5);
    expect(vector[1]).toBeCloseTo(Math.SQRT1_2, 5);
    expect(analysis.embedding).toMatchObject({ sha256: "ab".repeat(32), alike: 0.8 });
  });

  it("judges nothing: where an embedding alone ran, nobody looked", async () => {
    const embedding = model("embedding", () => ({ embedding: axis(0) }));
    const analysis = await analyseScan(scan(view(0, 0.4)), { models: [embedding], faults: [] });
    expect(analysis.analysed).toBe(false);
    expect(analysis.problems.map(({ code }) => code)).toContain("NO_MODEL");
    expect(analysis.models).toHaveLength(1);
  });
});
