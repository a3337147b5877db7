import { describe, expect, it } from "vitest";
import { MOST_OPAQUE, weighView } from "../../device/image/mass.ts";
import { fitMass, type MeasuredStep, massCalibrationSchema } from "../../device/image/mass-calibration.ts";
import { USUAL_MASS } from "../../device/image/mass-usual.ts";
import { isLynceusError } from "../../protocols/errors.ts";

const AIR = 60_000;
/** g/cm² → attenuation at one effective energy each: what a machine without beam hardening would show. */
const MATERIALS = { nylon: { high: 0.17, ratio: 1.2 }, steel: { high: 0.6, ratio: 2 } } as const;

function step(material: keyof typeof MATERIALS, arealDensity: number): MeasuredStep {
  const { high, ratio } = MATERIALS[material];
  return {
    material,
    arealDensity,
    low: Math.exp(-high * ratio * arealDensity),
    high: Math.exp(-high * arealDensity),
  };
}

const WEDGE = [
  ...[0.5, 1, 2, 4, 8, 16].map((areal) => step("nylon", areal)),
  ...[0.2, 0.5, 1, 2].map((areal) => step("steel", areal)),
];

/** A slab of nylon (g/cm²) and one of steel, each `side` pixels square, in air. */
function view(nylon: number, steel: number, side = 40) {
  const width = 200;
  const height = 100;
  const low = new Uint16Array(width * height).fill(AIR);
  const high = new Uint16Array(width * height).fill(AIR);
  for (const [left, areal, material] of [
    [20, nylon, "nylon"],
    [120, steel, "steel"],
  ] as const) {
    const seen = step(material, areal);
    for (let y = 20; y < 20 + side; y++) {
      low.fill(AIR * seen.low, y * width + left, y * width + left + side);
      high.fill(AIR * seen.high, y * width + left, y * width + left + side);
    }
  }
  return { width, height, airLevel: AIR, low, high, pixelPitchMm: { x: 2, y: 1 } };
}

describe("mass by X-ray", () => {
  const calibration = fitMass(WEDGE);

  it("is the areal density times the area, for each material of the wedge", () => {
    const area = (40 * 2 * 40 * 1) / 100;
    const { kg, opaqueShare } = weighView(view(5, 1.5), calibration);
    expect(kg).toBeCloseTo((area * (5 + 1.5)) / 1000, 2);
    expect(Math.abs(kg / ((area * 6.5) / 1000) - 1)).toBeLessThan(0.01);
    expect(opaqueShare).toBe(0);
  });

  it("takes the true area of a pixel from the plates: on the belt for thin goods, higher for thick ones", () => {
    const areas = [
      { heightMm: 0, factor: 1.2 },
      { heightMm: 100, factor: 0.9 },
    ];
    const factor = (nylon: number) =>
      weighView(view(nylon, 0), { ...calibration, areas }).kg / weighView(view(nylon, 0), calibration).kg;
    expect(factor(0.5)).toBeGreaterThan(1.1);
    expect(factor(10)).toBeCloseTo(0.9, 2);
    const single = { ...calibration, areas: areas.slice(0, 1) };
    expect(weighView(view(1, 0), single).kg / weighView(view(1, 0), calibration).kg).toBeCloseTo(1.2, 6);
  });

  it("is zero for air, and takes drifting rows for what they are", () => {
    const air = view(0, 0);
    expect(weighView(air, calibration).kg).toBe(0);
    const drifting = {
      ...air,
      high: air.high.map((_, i) => AIR * (1 + 0.004 * ((Math.floor(i / 200) % 7) - 3))),
    };
    expect(weighView(drifting, calibration).kg).toBeLessThan(0.001);
  });

  it("weighs the rim of a thing as what it is: beams harden by the pixel, ratios are taken by the block", () => {
    const image = view(0, 2);
    const inner = weighView(image, calibration).kg;
    const moved = (plane: Uint16Array) => plane.map((_, i) => plane[Math.max(0, i - 402)] ?? AIR);
    const kg = weighView({ ...image, low: moved(image.low), high: moved(image.high) }, calibration).kg;
    expect(Math.abs(kg / inner - 1)).toBeLessThan(0.02);
  });

  it("reads between two organics where the wedge has both", () => {
    const between = (low: number, high: number) => {
      const plane = (transmission: number) => new Uint16Array(40 * 40).fill(AIR * transmission);
      const pixelPitchMm = { x: 1, y: 1 };
      const flat = { width: 40, height: 40, airLevel: AIR, pixelPitchMm };
      return (weighView({ ...flat, low: plane(low), high: plane(high) }, organics).kg * 100_000) / 1600;
    };
    const other = (areal: number): MeasuredStep => ({
      material: "cellulose",
      arealDensity: areal,
      low: Math.exp(-0.16 * 1.3 * areal),
      high: Math.exp(-0.16 * areal),
    });
    const light = (areal: number): MeasuredStep => ({
      material: "aluminium",
      arealDensity: areal,
      low: Math.exp(-0.2 * 1.6 * areal),
      high: Math.exp(-0.2 * areal),
    });
    const organics = fitMass([
      ...WEDGE,
      ...[0.5, 1, 2, 4, 8].flatMap((areal) => [other(areal), light(areal)]),
    ]);
    expect(between(Math.exp(-0.16 * 1.3 * 3), Math.exp(-0.16 * 3))).toBeCloseTo(3, 1);
    const [low, high] = [1 * 0.17 * 1.2 + 2 * 0.16 * 1.3, 1 * 0.17 + 2 * 0.16];
    expect(between(Math.exp(-low), Math.exp(-high))).toBeCloseTo(3, 1);
  });

  it("counts what is opaque and says how much of the mass lies behind it", () => {
    const { opaqueShare, opaquePixels } = weighView(view(1, 20), calibration);
    expect(opaquePixels).toBe(40 * 40);
    expect(opaqueShare).toBeGreaterThan(0.9);
    expect(opaqueShare).toBeGreaterThan(MOST_OPAQUE);
  });

  it("does not take thick copper for paper where the low energy shows scatter alone", () => {
    const scan = view(1, 4);
    const floor = 0.02 * AIR;
    const seen = { ...scan, low: scan.low.map((count) => Math.max(count, floor)) };
    const { opaqueShare, opaquePixels } = weighView(seen, calibration);
    expect(opaquePixels).toBe(0);
    expect(opaqueShare).toBeGreaterThan(MOST_OPAQUE);
  });

  it("does not call thick what the test piece's densest material was as thick as", () => {
    expect(weighView(view(1, 1.9), calibration).opaqueShare).toBe(0);
  });

  it("weighs images of any size, cut at the edges", () => {
    for (const [width, height] of [
      [1, 1],
      [3, 5],
      [17, 23],
    ] as const) {
      const seen = step("nylon", 2);
      const low = new Uint16Array(width * height).fill(AIR * seen.low);
      const high = new Uint16Array(width * height).fill(AIR * seen.high);
      const pixelPitchMm = { x: 10, y: 10 };
      const { kg } = weighView({ width, height, airLevel: AIR, low, high, pixelPitchMm }, calibration);
      expect(kg).toBeCloseTo((2 * width * height) / 1000, 3);
    }
  });
});

describe("a step wedge", () => {
  const fault = (steps: readonly MeasuredStep[]): unknown => {
    try {
      return fitMass(steps);
    } catch (error) {
      return error;
    }
  };

  it("gives curves by rising ratio, without steps that nothing passes", () => {
    const { curves } = fitMass([...WEDGE.toReversed(), step("steel", 30), step("nylon", 0.2)]);
    expect(curves.map(({ material }) => material)).toEqual(["nylon", "steel"]);
    expect(curves.map(({ points }) => points.length)).toEqual([6, 4]);
    expect(curves[0]!.points[0]!.density).toBeCloseTo(1 / 0.17, 6);
  });

  it("of one material, too few or too many steps is refused", () => {
    const many = Array.from({ length: 1001 }, () => step("nylon", 1));
    for (const steps of [[], WEDGE.slice(0, 6), WEDGE.slice(0, 8), many]) {
      expect(isLynceusError(fault(steps), "LYN_MASS_CALIBRATION")).toBe(true);
    }
  });

  it("of a usual machine comes with the program", () => {
    expect(massCalibrationSchema.parse(USUAL_MASS).curves.map(({ material }) => material)).toEqual([
      "polyethylene",
      "cellulose",
      "aluminium",
      "steel",
    ]);
  });
});
