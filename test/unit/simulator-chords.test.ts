import { describe, expect, it } from "vitest";
import { Random } from "../../simulator/random.ts";
import { Canvas } from "../../simulator/scene/canvas.ts";
import {
  aboutX,
  aboutY,
  aboutZ,
  compose,
  IDENTITY,
  LAY_Z,
  type Rotation,
  STAND_X,
} from "../../simulator/scene/geometry.ts";
import type { Part, Shape } from "../../simulator/scene/shapes.ts";

const PITCH = 1.5;
/** Large solids are sampled once a pixel: their edges may gain or lose this share of the mass. */
const SAMPLING = 0.025;

/** Mass in kg that the rays see of a water-like solid (1 g/cm³) in this pose. */
function massOf(shape: Shape, turn: Rotation): number {
  const canvas = new Canvas(256, 256, PITCH);
  const part: Part = { shape, material: "water", density: 1, at: [0, 0, 0], turn };
  return canvas.draw(part, { at: [191.3, 192.9, 0], turn: IDENTITY }, false);
}

function poses(count: number): Rotation[] {
  const random = new Random(11, "poses");
  const any = (): number => random.range(0, 6.28);
  const free = Array.from({ length: count }, () =>
    compose(aboutZ(any()), compose(aboutX(any()), aboutY(any()))),
  );
  return [IDENTITY, LAY_Z, STAND_X, aboutZ(0.4), ...free];
}

const SQUARE_WITH_HOLE = [
  [-60, -40, 60, -40, 60, 40, -60, 40],
  [-30, -20, 30, -20, 30, 20, -30, 20],
];
/** Shapes with their volume in mm³. */
const SOLIDS: readonly (readonly [string, Shape, number])[] = [
  ["box", { kind: "box", half: [60, 40, 25] }, 120 * 80 * 50],
  ["ellipsoid", { kind: "ellipsoid", half: [60, 40, 25] }, (4 / 3) * Math.PI * 60 * 40 * 25],
  ["cylinder", { kind: "cylinder", half: [40, 30, 70] }, Math.PI * 40 * 30 * 140],
  [
    "frustum",
    { kind: "frustum", half: [45, 45, 50], top: 20 },
    (Math.PI * 100 * (45 * 45 + 45 * 20 + 400)) / 3,
  ],
  ["prism with a hole", { kind: "prism", half: [60, 40, 15], rings: SQUARE_WITH_HOLE }, (9600 - 2400) * 30],
];

describe("ray chords", () => {
  it.each(SOLIDS)("of a %s add up to its mass in any pose", (_, shape, volume) => {
    for (const turn of poses(24)) {
      expect(massOf(shape, turn) / (volume * 1e-6)).toBeGreaterThan(1 - SAMPLING);
      expect(massOf(shape, turn) / (volume * 1e-6)).toBeLessThan(1 + SAMPLING);
    }
  });

  it("of a ball are 2 √(r² − d²)", () => {
    const canvas = new Canvas(128, 128, PITCH);
    const shape: Shape = { kind: "ellipsoid", half: [45, 45, 45] };
    const part: Part = { shape, material: "water", density: 1, at: [0, 0, 0], turn: aboutX(0.7) };
    canvas.draw(part, { at: [96, 96, 0], turn: IDENTITY }, true);
    for (const column of [64, 70, 80, 90]) {
      const dx = (column + 0.5) * PITCH - 96;
      const dy = 64.5 * PITCH - 96;
      const chord = 2 * Math.sqrt(45 * 45 - dx * dx - dy * dy);
      expect(canvas.mark[64 * 128 + column]).toBeCloseTo(chord * 0.1, 4);
    }
  });

  it("of hollows are taken away", () => {
    const canvas = new Canvas(128, 128, PITCH);
    const pose = { at: [96, 96, 0] as const, turn: aboutX(0.5) };
    const part = (half: number, density: number): Part => ({
      shape: { kind: "ellipsoid", half: [half, half, half] },
      material: "steel",
      density,
      at: [0, 0, 0],
      turn: IDENTITY,
    });
    const shell = canvas.draw(part(40, 7.85), pose, false) + canvas.draw(part(38, -7.85), pose, false);
    const volume = (4 / 3) * Math.PI * (40 ** 3 - 38 ** 3);
    expect(shell / (volume * 7.85e-6)).toBeCloseTo(1, 1);
    expect(canvas.bins.every((value) => value > -0.01)).toBe(true);
  });

  it("of wires thinner than a pixel keep the wire's mass", () => {
    for (const diameter of [0.4, 1, 3]) {
      const canvas = new Canvas(256, 256, PITCH);
      const points = [
        [-100, -60, 0],
        [20, 31, 4],
        [90, 50, -3],
      ] as const;
      const length = Math.hypot(120, 91, 4) + Math.hypot(70, 19, 7);
      const shape: Shape = { kind: "wire", half: [103, 63, 6], points, radius: diameter / 2 };
      const part: Part = { shape, material: "copper", density: 8.94, at: [0, 0, 0], turn: IDENTITY };
      const mass = canvas.draw(part, { at: [192, 192, 0], turn: IDENTITY }, false);
      const expected = Math.PI * (diameter / 2) ** 2 * length * 8.94e-6;
      expect(mass / expected).toBeGreaterThan(0.95);
      expect(mass / expected).toBeLessThan(1.05);
    }
  });

  it("outside the image are ignored", () => {
    const canvas = new Canvas(64, 64, PITCH);
    const part: Part = {
      shape: { kind: "box", half: [500, 500, 5] },
      material: "water",
      density: 1,
      at: [0, 0, 0],
      turn: aboutZ(0.3),
    };
    expect(canvas.draw(part, { at: [48, 48, 0], turn: IDENTITY }, false)).toBeCloseTo(96 * 96 * 10e-6, 4);
    expect(canvas.draw(part, { at: [4000, 48, 0], turn: IDENTITY }, false)).toBe(0);
  });
});
