import { describe, expect, it } from "vitest";
import { makeTarget } from "../../simulator/goods/catalogue.ts";
import { materialOf } from "../../simulator/physics/materials.ts";
import { beamWeights } from "../../simulator/physics/spectrum.ts";
import type { Appearance } from "../../simulator/projection/appearance.ts";
import { augment, MAX_THREATS } from "../../simulator/projection/augment.ts";
import { attenuationOf, decompose } from "../../simulator/projection/basis.ts";
import { estimateBeam, materialRatio } from "../../simulator/projection/beam.ts";
import { cutStencil } from "../../simulator/projection/cut-out.ts";
import { edgeSpread, lagAlongBelt } from "../../simulator/projection/edges.ts";
import { turned } from "../../simulator/projection/library.ts";
import { estimateNoise, noiseField } from "../../simulator/projection/noise.ts";
import { airLevelOf, type Pair, pairOf } from "../../simulator/projection/pair.ts";
import { bodyOf, findPlace } from "../../simulator/projection/place.ts";
import { projectStencil } from "../../simulator/projection/project.ts";
import {
  drawStencil,
  MAX_STENCIL_SIDE,
  STENCIL_BINS,
  type Stencil,
} from "../../simulator/projection/stencil.ts";
import { Random } from "../../simulator/random.ts";
import { IDENTITY } from "../../simulator/scene/geometry.ts";
import { tierOf } from "../../simulator/tiers.ts";

const BEAM = { kilovolts: 160, filterAluminiumMm: 4, filterCopperMm: 0.16 };
const QUIET: Appearance = {
  beam: BEAM,
  blur: { x: 0, y: 0 },
  lag: 0,
  noise: { quantum: [0, 0], electronic: 0, neighbours: { x: 0, y: 0 } },
  floor: [0, 0],
};

type MaterialAmounts = Readonly<Partial<Record<Parameters<typeof materialOf>[0], number>>>;

/** Line integrals of materials, g/cm². */
function linesThrough(amounts: MaterialAmounts): Float64Array {
  const lines = new Float64Array(STENCIL_BINS);
  for (const [name, areal] of Object.entries(amounts)) {
    const mu = materialOf(name as Parameters<typeof materialOf>[0]).attenuation;
    for (let k = 0; k < STENCIL_BINS; k++) lines[k] = (lines[k] as number) + (areal ?? 0) * (mu[k] as number);
  }
  return lines;
}

/** A pair whose pixel (x, y) looks through the materials `at` gives. */
function pairThrough(width: number, height: number, at: (x: number, y: number) => MaterialAmounts): Pair {
  const weights = beamWeights(BEAM);
  const low = new Float32Array(width * height);
  const high = new Float32Array(width * height);
  for (let i = 0; i < width * height; i++) {
    const lines = linesThrough(at(i % width, Math.floor(i / width)));
    low[i] = Math.exp(-attenuationOf(lines, 0, weights.low));
    high[i] = Math.exp(-attenuationOf(lines, 0, weights.high));
  }
  return { width, height, planes: [low, high] };
}

/** A level square of one material. */
function slab(side: number, amounts: MaterialAmounts): Stencil {
  const through = linesThrough(amounts);
  const lines = new Float32Array(side * side * STENCIL_BINS);
  for (let i = 0; i < side * side; i++) lines.set(through, i * STENCIL_BINS);
  return {
    width: side,
    height: side,
    lines,
    targets: [{ class: "blade", mask: new Uint8Array(side * side).fill(1), massKg: 1 }],
  };
}

const minusLog = (plane: Float32Array | undefined, i: number): number => -Math.log(plane?.[i] ?? 0);

describe("threat image projection", () => {
  it.each([
    ["cloth", { cotton: 0.6 }],
    ["a thick book", { paper: 5 }],
    ["an aluminium case", { aluminium: 1.5, abs: 0.5 }],
    ["steel", { steel: 1.2 }],
  ] as const)("attenuates both energies as if the thing had been there behind %s", (_, behind) => {
    const added = { bladeSteel: 0.9, nylon: 0.4 };
    const pair = pairThrough(64, 64, () => behind);
    const truth = pairThrough(64, 64, () => ({ ...behind, ...added }));
    const seen = projectStencil(pair, slab(24, added), { x: 20, y: 20 }, QUIET, new Random(1));
    const middle = 32 * 64 + 32;
    for (const energy of [0, 1] as const) {
      const [wanted, found, before] = [truth, seen, pair].map((one) => minusLog(one.planes[energy], middle));
      expect(Math.abs((found ?? 0) - (wanted ?? 0))).toBeLessThan(0.02 * ((wanted ?? 0) - (before ?? 0)));
    }
  });

  it("changes nothing outside of the thing, and not the pair it is given", () => {
    const pair = pairThrough(64, 64, () => ({ paper: 1 }));
    const kept = pair.planes.map((plane) => Float32Array.from(plane));
    const seen = projectStencil(pair, slab(10, { steel: 1 }), { x: 5, y: 6 }, QUIET, new Random(1));
    expect(pair.planes).toEqual(kept);
    for (const energy of [0, 1] as const) {
      for (let i = 0; i < 64 * 64; i++) {
        const [x, y] = [i % 64, Math.floor(i / 64)];
        const within = x >= 5 && x < 15 && y >= 6 && y < 16;
        expect((seen.planes[energy][i] ?? 0) < (pair.planes[energy][i] ?? 0)).toBe(within);
      }
    }
  });

  it("leaves the noise that so few photons have", () => {
    const noise = { quantum: [4e-5, 4e-5], electronic: 4e-8, neighbours: { x: 0, y: 0 } } as const;
    const clean = pairThrough(128, 128, () => ({ paper: 0.5 }));
    const random = new Random(3);
    const planes = clean.planes.map((plane) =>
      plane.map((t) => t + Math.sqrt(noise.quantum[0] * t + noise.electronic) * random.normal()),
    ) as [Float32Array, Float32Array];
    const appearance = { ...QUIET, noise };
    const stencil = slab(96, { steel: 1.5 });
    const seen = projectStencil({ ...clean, planes }, stencil, { x: 16, y: 16 }, appearance, new Random(4));
    for (const plane of seen.planes) {
      const values: number[] = [];
      for (let y = 20; y < 108; y++) for (let x = 20; x < 108; x++) values.push(plane[y * 128 + x] ?? 0);
      const mean = values.reduce((a, b) => a + b) / values.length;
      const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
      const wanted = noise.quantum[0] * mean + noise.electronic;
      expect(variance / wanted).toBeGreaterThan(0.85);
      expect(variance / wanted).toBeLessThan(1.15);
    }
  });

  it("never makes anything darker than the floor that nothing attenuates", () => {
    const pair = pairThrough(64, 64, () => ({ paper: 0.5 }));
    const appearance = { ...QUIET, floor: [0.004, 0.006] as const };
    const seen = projectStencil(pair, slab(30, { lead: 20 }), { x: 10, y: 10 }, appearance, new Random(1));
    expect(seen.planes[0][25 * 64 + 25]).toBeCloseTo(0.004, 4);
    expect(seen.planes[1][25 * 64 + 25]).toBeCloseTo(0.006, 4);
  });

  it("blurs what is put in as the pair is blurred", () => {
    const pair = pairThrough(96, 96, () => ({ paper: 0.2 }));
    const appearance = { ...QUIET, blur: { x: 1.2, y: 0.7 }, lag: 0.4 };
    const seen = projectStencil(
      pair,
      padded(slab(48, { steel: 0.6 }), 10),
      { x: 14, y: 14 },
      appearance,
      new Random(1),
    );
    expect(Math.abs(edgeSpread(seen.planes[1], seen, "x") - 1.2)).toBeLessThan(0.1);
    expect(Math.abs(edgeSpread(seen.planes[1], seen, "y") - 0.7)).toBeLessThan(0.1);
    expect(lagAlongBelt(seen)).toBeGreaterThan(0.25);
    expect(lagAlongBelt(seen)).toBeLessThan(0.55);
  });

  it("cuts a target out so that it can be put in elsewhere", () => {
    const blade = (x: number, y: number): boolean => x >= 30 && x < 60 && y >= 40 && y < 48;
    const pair = pairThrough(96, 96, (x, y) => ({
      paper: 1 + x / 100 + y / 200,
      ...(blade(x, y) ? { steel: 1 } : {}),
    }));
    const cut = { class: "blade", box: { x: 27, y: 37, width: 36, height: 14 } } as const;
    const stencil = cutStencil(pair, cut, beamWeights(BEAM));
    expect(stencil.targets[0]?.mask.reduce((sum, one) => sum + one, 0)).toBe(30 * 8);
    const elsewhere = pairThrough(96, 96, () => ({ cotton: 0.3 }));
    const truth = pairThrough(96, 96, () => ({ cotton: 0.3, steel: 1 }));
    const seen = projectStencil(elsewhere, stencil, { x: 20, y: 20 }, QUIET, new Random(1));
    const at = (20 + stencil.height / 2) * 96 + 20 + stencil.width / 2;
    for (const energy of [0, 1] as const) {
      const wanted = minusLog(truth.planes[energy], at);
      expect(minusLog(seen.planes[energy], at) / wanted).toBeGreaterThan(0.96);
      expect(minusLog(seen.planes[energy], at) / wanted).toBeLessThan(1.04);
    }
  });

  it("turns and mirrors a stencil without losing anything", () => {
    const stencil = padded(slab(6, { steel: 1 }), 2);
    stencil.lines.set([1, 2, 3, 4, 5, 6, 7, 8], STENCIL_BINS);
    const mask = new Uint8Array(100);
    mask[1] = 1;
    const marked = { ...stencil, targets: [{ class: "blade", mask, massKg: 1 }] } as const;
    for (const quarters of [0, 1, 2, 3]) {
      for (const mirror of [false, true]) {
        const other = turned(marked, quarters, mirror);
        const at = other.targets[0]?.mask.indexOf(1) ?? 0;
        expect([...other.lines.subarray(at * STENCIL_BINS, (at + 1) * STENCIL_BINS)]).toEqual([
          1, 2, 3, 4, 5, 6, 7, 8,
        ]);
        expect(Float32Array.from(other.lines).sort()).toEqual(Float32Array.from(marked.lines).sort());
      }
    }
    expect(turned(marked, 1, false).targets[0]?.mask[19]).toBe(1);
  });

  it("refuses to cut out what does not lie inside or shows nothing", () => {
    const pair = pairThrough(64, 64, () => ({ paper: 1 }));
    const box = { x: 0, y: 10, width: 20, height: 20 };
    const weights = beamWeights(BEAM);
    expect(() => cutStencil(pair, { class: "blade", box }, weights)).toThrow(/box/);
    expect(() => cutStencil(pair, { class: "blade", box: { ...box, x: 10 } }, weights)).toThrow(/stands out/);
  });
});

describe("what a pair tells of its machine", () => {
  it("water and iron stand for any material in both energies", () => {
    const weights = beamWeights(BEAM);
    for (const amounts of [{ paper: 3 }, { glass: 2 }, { steel: 2 }, { polyethylene: 4 }, { brass: 0.7 }]) {
      const lines = linesThrough(amounts);
      const [low, high] = [weights.low, weights.high].map((w) => attenuationOf(lines, 0, w));
      const [water, iron] = decompose(low ?? 0, high ?? 0, weights);
      const again = linesThrough({ water, steel: iron });
      expect(attenuationOf(again, 0, weights.low)).toBeCloseTo(low ?? 0, 3);
      expect(attenuationOf(again, 0, weights.high)).toBeCloseTo(high ?? 0, 3);
    }
  });

  it("finds a beam that shows metal as the true one does", () => {
    for (const filterCopperMm of [0.05, 0.2, 0.35]) {
      const options = { kilovolts: 150, filterAluminiumMm: 4, filterCopperMm };
      const weights = beamWeights(options);
      const through = (name: "cotton" | "bladeSteel", areal: number): readonly [number, number] => {
        const lines = linesThrough({ [name]: areal });
        return [attenuationOf(lines, 0, weights.low), attenuationOf(lines, 0, weights.high)];
      };
      const low = new Float32Array(10_000);
      const high = new Float32Array(10_000);
      for (let i = 0; i < 10_000; i++) {
        const [a, b] = i % 4 === 0 ? through("bladeSteel", 0.5 + i / 8000) : through("cotton", 1 + i / 5000);
        low[i] = Math.exp(-a);
        high[i] = Math.exp(-b);
      }
      const found = beamWeights(estimateBeam([{ width: 100, height: 100, planes: [low, high] }]));
      const ratio = materialRatio("steel", 0.8, found) / materialRatio("steel", 0.8, weights);
      expect(Math.abs(ratio - 1)).toBeLessThan(0.05);
    }
  });

  it("finds air, and the noise in it with its grain", () => {
    const random = new Random(9);
    const [width, height] = [128, 96];
    const grain = noiseField(width, height, { x: 0.3, y: 0.15 }, random);
    const counts = Uint16Array.from({ length: width * height }, (_, i) => {
      const t = i % width > 90 ? 0.93 : 1;
      return 52_000 * t * (1 + 0.006 * (grain[i] ?? 0));
    });
    expect(airLevelOf(counts) / 52_000).toBeGreaterThan(0.997);
    expect(airLevelOf(counts) / 52_000).toBeLessThan(1.003);
    const noise = estimateNoise(pairOf({ width, height, low: counts, high: counts }));
    expect(Math.sqrt(noise.quantum[1])).toBeGreaterThan(0.0052);
    expect(Math.sqrt(noise.quantum[1])).toBeLessThan(0.0064);
    expect(noise.neighbours.x).toBeGreaterThan(noise.neighbours.y);
  });

  it("refuses pairs that cannot be used", () => {
    const plane = new Uint16Array(31 * 40);
    expect(() => pairOf({ width: 31, height: 40, low: plane, high: plane })).toThrow(/31 × 40/);
    const short = new Uint16Array(39 * 40);
    expect(() => pairOf({ width: 40, height: 40, low: short, high: short })).toThrow(/size/);
  });
});

describe("threats put into a pair", () => {
  const bag = pairThrough(260, 220, (x, y) =>
    x > 20 && x < 240 && y > 20 && y < 200 ? { cotton: 0.5, ...(x % 40 < 4 ? { paper: 0.6 } : {}) } : {},
  );

  it("lie inside the body, with their boxes and masks", () => {
    for (let index = 0; index < 6; index++) {
      const scan = augment({ pair: bag, pixelPitchMm: 2, seed: 11, index, threats: 2, appearance: QUIET });
      expect(scan.origin).toBe("AUGMENTED");
      expect(scan.targets.map(({ object }) => object)).toEqual(scan.targets.map((_, n) => n + 1));
      for (const { box, maskRle, contrast, occluded, tier } of scan.targets) {
        expect(tier).toBe(tierOf({ contrast, occluded }));
        expect(maskRle.reduce((a, b) => a + b)).toBe(box.width * box.height);
        expect(box.x).toBeGreaterThan(20);
        expect(box.y).toBeGreaterThan(20);
        expect(box.x + box.width).toBeLessThan(240);
        expect(box.y + box.height).toBeLessThan(200);
      }
    }
  });

  it("gives the same bytes again", () => {
    const options = { pair: bag, pixelPitchMm: 2, seed: 5, index: 3, classes: ["blade"] } as const;
    const [one, two] = [augment(options), augment(options)];
    expect(two).toEqual(one);
    expect(augment({ ...options, seed: 6 }).low).not.toEqual(one.low);
    expect(one.targets.every((target) => target.class === "blade")).toBe(true);
  });

  it("says so where nothing fits, and keeps to its limits", () => {
    const options = { pair: bag, pixelPitchMm: 0.05, seed: 5, index: 3, appearance: QUIET };
    expect(() => augment(options)).toThrow(/No threat fits/);
    expect(() => augment({ ...options, threats: MAX_THREATS + 1 })).toThrow(/9 threats/);
    const rifle = makeTarget("firearm", new Random(1));
    expect(drawStencil(rifle, IDENTITY, (2 * rifle.half[0]) / MAX_STENCIL_SIDE)).toBeUndefined();
  });

  it("finds no place in air or on what is opaque", () => {
    const stencil = slab(20, { steel: 1 });
    const air = pairThrough(80, 80, () => ({}));
    expect(findPlace(air, bodyOf(air), stencil, new Random(1))).toBeUndefined();
    const lead = pairThrough(80, 80, () => ({ lead: 9 }));
    expect(findPlace(lead, bodyOf(lead), stencil, new Random(1))).toBeUndefined();
  });
});

/** The stencil with empty pixels around it. */
function padded(stencil: Stencil, rim: number): Stencil {
  const [width, height] = [stencil.width + 2 * rim, stencil.height + 2 * rim];
  const lines = new Float32Array(width * height * STENCIL_BINS);
  for (let y = 0; y < stencil.height; y++) {
    const from = y * stencil.width * STENCIL_BINS;
    const row = stencil.lines.subarray(from, from + stencil.width * STENCIL_BINS);
    lines.set(row, ((y + rim) * width + rim) * STENCIL_BINS);
  }
  return { width, height, lines, targets: [] };
}
