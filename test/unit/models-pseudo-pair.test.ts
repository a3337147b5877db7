import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ModelInput } from "../../models/package.ts";
import type { ScanPlanes } from "../../models/planes.ts";
import { PSEUDO_AIR_LEVEL, pseudoPair } from "../../models/pseudo-pair.ts";
import { withPseudoPair } from "../../models/pseudo-scan.ts";
import { acceptsPlanes, MAX_PLANE_SIDE, planesToTensor, ViewTensors } from "../../models/tensor.ts";
import { isLynceusError } from "../../protocols/errors.ts";

interface Vector {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly rgb: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

const VECTORS = JSON.parse(
  readFileSync(new URL("../../models/pseudo-pair-vectors.json", import.meta.url), "utf8"),
) as readonly Vector[];

const INPUT: ModelInput = {
  name: "transmission",
  kinds: ["dual-energy", "pseudo-colour"],
  layout: "NCHW",
  subjects: ["item"],
  channels: ["low", "high"],
  fit: "pitch",
  multipleOf: 16,
  minimum: { width: 16, height: 16 },
  maximum: { width: 1024, height: 1024 },
  pixelPitchMm: 1,
  padding: 1,
};

function coloured(
  width: number,
  height: number,
  at: (x: number, y: number) => readonly number[],
): ScanPlanes {
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rgb.set(at(x, y), 3 * (y * width + x));
  }
  return { kind: "pseudo-colour", view: 0, width, height, pixelPitchMm: null, airLevel: 255, rgb };
}

const attenuation = (counts: number) => -Math.log(Math.max(1, counts) / PSEUDO_AIR_LEVEL);

/** Low over high attenuation of an image of one colour with white around it. */
function ratioOf(colour: readonly number[]): number {
  const planes = coloured(8, 8, (x, y) => (x < 2 || y < 2 ? [255, 255, 255] : colour));
  const { low, high } = pseudoPair(planes.rgb!, 8, 8);
  return attenuation(low[63]!) / attenuation(high[63]!);
}

describe("pseudo-colour to a pseudo pair", () => {
  it("follows the vectors that training follows too", () => {
    expect(VECTORS.length).toBeGreaterThanOrEqual(4);
    for (const { name, width, height, rgb, low, high } of VECTORS) {
      const pair = pseudoPair(Uint8Array.from(rgb), width, height);
      expect([...pair.low], name).toEqual(low);
      expect([...pair.high], name).toEqual(high);
    }
  });

  it("puts organic, mixed and metal in their order, and takes grey for neither", () => {
    const organic = ratioOf([230, 140, 40]);
    const mixed = ratioOf([90, 180, 70]);
    const metal = ratioOf([40, 90, 220]);
    expect(organic).toBeLessThan(1.3);
    expect(mixed).toBeGreaterThan(1.35);
    expect(mixed).toBeLessThan(1.6);
    expect(metal).toBeGreaterThan(1.8);
    expect(ratioOf([120, 120, 120])).toBeCloseTo(1.4, 3);
  });

  it("takes darkness for attenuation: white is air, black is opaque, darker is thicker", () => {
    const ramp = coloured(16, 8, (x) => new Array<number>(3).fill(255 - 17 * x));
    const { low, high } = pseudoPair(ramp.rgb!, 16, 8);
    expect([low[0], high[0]]).toEqual([PSEUDO_AIR_LEVEL, PSEUDO_AIR_LEVEL]);
    for (let x = 1; x < 16; x += 1) expect(high[x]!).toBeLessThan(high[x - 1]!);
    expect(high[15]! / PSEUDO_AIR_LEVEL).toBeLessThan(0.001);
  });
});

describe("a pseudo-colour view for a model of pairs", () => {
  const bag = coloured(200, 160, (x, y) =>
    x >= 40 && x < 140 && y >= 30 && y < 130 ? [220, 130, 40] : [255, 255, 255],
  );

  it("estimates the pixel pitch from the object and takes a stated one at its word", () => {
    expect(withPseudoPair(bag).pixelPitchMm?.x).toBeCloseTo(2.5, 5);
    const stated = withPseudoPair({ ...bag, pixelPitchMm: { x: 1.2, y: 1.2 } });
    expect(stated.pixelPitchMm).toEqual({ x: 1.2, y: 1.2 });
    expect(withPseudoPair(coloured(40, 40, () => [255, 255, 255])).pixelPitchMm).toBeNull();
  });

  it("is resampled by that pitch, and its pair is made once for all models", () => {
    const tensors = new ViewTensors(bag);
    const tensor = tensors.of(INPUT);
    expect(tensor.dims).toEqual([1, 2, 400, 512]);
    expect(tensor.scale.x).toBeCloseTo(2.5, 2);
    expect(tensors.of({ ...INPUT, kinds: ["pseudo-colour"] })).toBe(tensor);
    expect(tensors.of({ ...INPUT, pixelPitchMm: 2 })).not.toBe(tensor);
  });

  it("is not accepted by a package that does not list it, nor by one of single planes", () => {
    expect(acceptsPlanes(bag, INPUT)).toBe(true);
    expect(acceptsPlanes(bag, { ...INPUT, kinds: ["dual-energy"] })).toBe(false);
    expect(acceptsPlanes(bag, { ...INPUT, channels: ["single"] })).toBe(false);
    expect(acceptsPlanes({ ...bag, kind: "other" }, { ...INPUT, kinds: ["other"] })).toBe(false);
  });

  it("is refused before anything is made of it when it is too large or not whole", () => {
    for (const change of [{ width: MAX_PLANE_SIDE + 1 }, { height: 17 }]) {
      let error: unknown;
      try {
        new ViewTensors({ ...bag, ...change }).of(INPUT);
      } catch (caught) {
        error = caught;
      }
      expect(isLynceusError(error, "LYN_MODEL_SCAN_UNSUPPORTED")).toBe(true);
    }
  });
});

describe("a single plane", () => {
  it("is stretched to the one size of a model that asks for it", () => {
    const planes: ScanPlanes = {
      kind: "single-energy",
      view: 0,
      width: 300,
      height: 50,
      pixelPitchMm: { x: 5, y: 5 },
      airLevel: 1000,
      single: new Uint16Array(300 * 50).fill(500),
    };
    const size = { width: 256, height: 64 };
    const input: ModelInput = {
      ...INPUT,
      kinds: ["single-energy"],
      channels: ["single"],
      fit: "stretch",
      maximum: size,
      minimum: size,
      pixelPitchMm: null,
    };
    const tensor = planesToTensor(planes, input);
    expect(tensor.dims).toEqual([1, 1, 64, 256]);
    expect(tensor.data.every((value) => Math.abs(value - 0.5) < 1e-6)).toBe(true);
  });
});
