import { describe, expect, it } from "vitest";
import { AIR_LEVEL, expose } from "../../simulator/physics/detector.ts";
import {
  type MaterialName,
  massFractions,
  materialNames,
  materialOf,
} from "../../simulator/physics/materials.ts";
import type { DetectorSettings } from "../../simulator/physics/settings.ts";
import { beamWeights } from "../../simulator/physics/spectrum.ts";
import { Random } from "../../simulator/random.ts";
import { Canvas } from "../../simulator/scene/canvas.ts";
import { IDENTITY } from "../../simulator/scene/geometry.ts";

const BEAM = { kilovolts: 160, filterAluminiumMm: 4, filterCopperMm: 0.16 };
const QUIET: DetectorSettings = {
  ...BEAM,
  photons: [1e12, 1e12],
  electronicCounts: 0,
  blurLines: 0,
  blurPixels: 0,
  glare: 0,
  gainSpread: 0,
  doseSpread: 0,
};

/** Attenuation (−ln of transmission) of a slab, low and high. */
function slab(material: MaterialName, gramsPerCm2: number): { low: number; high: number } {
  const weights = beamWeights(BEAM);
  const mu = materialOf(material).attenuation;
  const through = (w: Float64Array): number =>
    w.reduce((sum, weight, k) => sum + weight * Math.exp(-(mu[k] ?? 0) * gramsPerCm2), 0);
  return { low: -Math.log(through(weights.low)), high: -Math.log(through(weights.high)) };
}

function ratio(material: MaterialName, gramsPerCm2: number): number {
  const { low, high } = slab(material, gramsPerCm2);
  return low / high;
}

/** A 60 mm square plate of steel 2 mm thick in the middle of a small image. */
function plate(): Canvas {
  const canvas = new Canvas(96, 96, 1.5);
  const shape = { kind: "box", half: [30, 30, 1] } as const;
  const part = { shape, material: "steel", density: 7.85, at: [0, 0, 0], turn: IDENTITY } as const;
  canvas.draw(part, { at: [72, 72, 0], turn: IDENTITY }, false);
  return canvas;
}

describe("materials", () => {
  it("are made of tabulated elements whose shares sum to one", () => {
    for (const name of materialNames()) {
      const shares = Object.values(massFractions(name));
      expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
      for (const value of materialOf(name).attenuation) expect(value, name).toBeGreaterThan(0.05);
    }
  });
});

describe("the dual-energy beam", () => {
  it("sorts organics, light metals and steel by their ratio as a real scanner does", () => {
    // Real pairs: organics 1.16–1.29, metals 2.0–2.4 where −ln(high) is 0.4–0.8.
    for (const organic of ["polyethylene", "cellulose", "water", "sugar"] as const) {
      expect(ratio(organic, 2), organic).toBeGreaterThan(1.1);
      expect(ratio(organic, 2), organic).toBeLessThan(1.28);
    }
    expect(ratio("aluminium", 1)).toBeGreaterThan(1.5);
    expect(ratio("aluminium", 1)).toBeLessThan(1.85);
    expect(ratio("steel", 1.6)).toBeGreaterThan(2);
    expect(ratio("steel", 1.6)).toBeLessThan(2.5);
  });

  it("hardens: each further centimetre attenuates less", () => {
    let before = Number.POSITIVE_INFINITY;
    for (const depth of [0.5, 1, 2, 4, 8, 16]) {
      const perGram = slab("steel", depth).low / depth;
      expect(perGram).toBeLessThan(before);
      before = perGram;
    }
  });

  it("loses its top bin where the tube voltage ends below it", () => {
    expect(beamWeights({ ...BEAM, kilovolts: 110 }).high[7]).toBe(0);
    expect(beamWeights(BEAM).high.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  });
});

describe("the detector", () => {
  it("reads airLevel × transmission where there is no noise", () => {
    const [low, high] = expose(plate(), QUIET, new Random(1));
    const expected = slab("steel", 2 * 0.1 * 7.85);
    const middle = 48 * 96 + 48;
    expect(low[0]).toBe(AIR_LEVEL);
    expect(Math.abs((low[middle] ?? 0) - AIR_LEVEL * Math.exp(-expected.low))).toBeLessThan(2);
    expect(Math.abs((high[middle] ?? 0) - AIR_LEVEL * Math.exp(-expected.high))).toBeLessThan(2);
  });

  it("has noise that falls with the square root of the photons, and keeps what lies above air", () => {
    const noisy = { ...QUIET, photons: [10_000, 40_000] as const };
    const [low, high] = expose(new Canvas(200, 200, 1.5), noisy, new Random(5));
    expect(spread(low) / AIR_LEVEL).toBeCloseTo(0.01, 3);
    expect(spread(high) / AIR_LEVEL).toBeCloseTo(0.005, 3);
    expect(low.some((value) => value > AIR_LEVEL + 1000)).toBe(true);
  });

  it("clips at 16 bits instead of wrapping around", () => {
    const wild = { ...QUIET, electronicCounts: 60_000 };
    const [low] = expose(new Canvas(100, 100, 1.5), wild, new Random(5));
    expect(low).toContain(0);
    expect(low).toContain(65_535);
  });

  it("blurs edges and lifts dense places by glare", () => {
    const [sharp] = expose(plate(), QUIET, new Random(1));
    const [soft] = expose(plate(), { ...QUIET, blurLines: 0.1, blurPixels: 0.1, glare: 0.02 }, new Random(1));
    // Four pixels inside the plate: out of the blur's reach, within the glare's.
    const within = 48 * 96 + 32;
    expect(soft[within] ?? 0).toBeGreaterThan((sharp[within] ?? 0) + 100);
    const beside = 48 * 96 + 27;
    expect(soft[beside] ?? 0).toBeLessThan((sharp[beside] ?? 0) - 500);
  });
});

function spread(values: Uint16Array): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
