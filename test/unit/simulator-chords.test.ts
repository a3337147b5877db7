import { describe, expect, it } from "vitest";
import { Random } from "../../simulator/random.ts";
import { Canvas } from "../../simulator/scene/canvas.ts";
import { type ChordRow, type RayRow, rowTracer } from "../../simulator/scene/chords.ts";
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
import { laySpans, spansOfRow } from "../../simulator/scene/layers.ts";
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

/** Rays of a row that is traced by itself. */
const COUNT = 200;

function emptyRow(): ChordRow {
  return { lengths: new Float32Array(COUNT), from: COUNT, to: 0 };
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

  it.each(SOLIDS)("of a %s are the same whether a row is traced at once or ray by ray", (_, shape) => {
    const random = new Random(12, "rays");
    const trace = rowTracer(shape);
    for (const turn of poses(16)) {
      const [wx, wy] = [random.range(-240, -20), random.range(-70, 70)];
      const from = (x: number): RayRow => ({
        x: turn[0] * x + turn[3] * wy,
        y: turn[1] * x + turn[4] * wy,
        z: turn[2] * x + turn[5] * wy,
        stepX: turn[0] * PITCH,
        stepY: turn[1] * PITCH,
        stepZ: turn[2] * PITCH,
        dirX: turn[6],
        dirY: turn[7],
        dirZ: turn[8],
        first: 0,
        last: 0,
      });
      const row = emptyRow();
      const alone = emptyRow();
      let worst = 0;
      trace(from(wx), COUNT, 1, row);
      for (let i = 0; i < COUNT; i++) {
        alone.lengths[0] = 0;
        trace(from(wx + i * PITCH), 1, 1, alone);
        worst = Math.max(worst, Math.abs((row.lengths[i] as number) - (alone.lengths[0] as number)));
      }
      expect(worst).toBeLessThan(0.01);
      expect(row.lengths.subarray(0, row.from).every((value) => value === 0)).toBe(true);
      expect(row.lengths.subarray(row.to).every((value) => value === 0)).toBe(true);
    }
  });

  it("of layers are those of their spans added up one after the other", () => {
    const random = new Random(13, "spans");
    for (let n = 0; n < 60; n++) {
      const spans = spansOfRow();
      const expected = new Float32Array(COUNT);
      const count = random.int(1, 9);
      for (let k = 0; k < count; k++) {
        const first = random.int(0, n % 3 === 0 ? COUNT - 1 : 20);
        const last =
          n % 3 === 0 ? random.int(first, COUNT - 1) : random.int(n % 3 === 1 ? 60 : first, COUNT - 1);
        const [head, each, tail] = [random.float(), random.range(1, 9), random.float()];
        spans.first[k] = first;
        spans.last[k] = last;
        spans.head[k] = head;
        spans.gain[k] = each;
        spans.tail[k] = tail;
        expected[first]! += head;
        for (let i = first + 1; i < last; i++) expected[i]! += each;
        if (last > first) expected[last]! += tail;
      }
      spans.count = count;
      const row = emptyRow();
      laySpans(spans, row);
      expect(row.lengths).toEqual(expected);
      expect(row.lengths.subarray(0, row.from).every((value) => value === 0)).toBe(true);
      expect(row.lengths.subarray(row.to).every((value) => value === 0)).toBe(true);
      expect(spans.count).toBe(0);
    }
  });

  it("of a part do not show in the next one, even where it weighs nothing", () => {
    const solid = (density: number): Part => ({
      shape: { kind: "box", half: [30, 30, 30] },
      material: "water",
      density,
      at: [0, 0, 0],
      turn: aboutZ(0.3),
    });
    const pose = { at: [96, 96, 0] as const, turn: IDENTITY };
    const once = new Canvas(128, 128, PITCH);
    const after = new Canvas(128, 128, PITCH);
    after.draw(solid(0), pose, true);
    expect(after.draw(solid(1), pose, true)).toBe(once.draw(solid(1), pose, true));
    expect(after.bins).toEqual(once.bins);
    expect(after.mark).toEqual(once.mark);
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
