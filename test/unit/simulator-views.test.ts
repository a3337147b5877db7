import { describe, expect, it } from "vitest";
import { simulateScan } from "../../simulator/scan.ts";
import { magnification, projected } from "../../simulator/scene/beam.ts";
import { Canvas } from "../../simulator/scene/canvas.ts";
import { aboutX, aboutZ, compose, IDENTITY, type Rotation } from "../../simulator/scene/geometry.ts";
import { partsMassKg, volumeMm3 } from "../../simulator/scene/mass.ts";
import type { Part, Shape } from "../../simulator/scene/shapes.ts";

const PITCH = 1.5;
const FAN = { sourceU: 150, sourceW: 700 };

function part(shape: Shape, turn: Rotation = IDENTITY): Part {
  return { shape, material: "water", density: 1, at: [0, 0, 0], turn };
}

/** First and one past the last row that shows anything. */
function rows(canvas: Canvas): [number, number] {
  const covered = [...canvas.from.keys()].filter((y) => (canvas.to[y] ?? 0) > (canvas.from[y] ?? 0));
  return [covered[0] ?? 0, (covered.at(-1) ?? 0) + 1];
}

describe("a fan beam", () => {
  it("magnifies along the detector by height, and never along the belt", () => {
    for (const w of [-120, 0, 140]) {
      const canvas = new Canvas(128, 256, PITCH, FAN);
      const plate = part({ kind: "box", half: [30, 30, 0.5] });
      canvas.draw(plate, { at: [96, 190, w], turn: IDENTITY }, false);
      const [top, bottom] = rows(canvas);
      const expected = (60 * magnification(FAN, w)) / PITCH;
      expect(Math.abs(bottom - top - expected)).toBeLessThan(2.5);
      expect(Math.abs((top * PITCH + bottom * PITCH) / 2 - projected(FAN, 190, w))).toBeLessThan(2);
      const middle = (top + bottom) >> 1;
      expect((canvas.to[middle] ?? 0) - (canvas.from[middle] ?? 0)).toBe(40);
    }
  });

  it("sees the mass of solids in any pose, wherever they stand", () => {
    const rings = [
      [-40, -25, 40, -25, 40, 25, -40, 25],
      [-20, -10, 20, -10, 20, 10, -20, 10],
    ];
    const solids: Shape[] = [
      { kind: "box", half: [40, 30, 2] },
      { kind: "box", half: [40, 30, 25] },
      { kind: "ellipsoid", half: [40, 30, 20] },
      { kind: "cylinder", half: [25, 25, 30] },
      { kind: "prism", half: [40, 25, 3], rings },
      { kind: "prism", half: [40, 25, 30], rings },
    ];
    const turns = [IDENTITY, aboutZ(0.7), aboutX(0.3), compose(aboutZ(1), aboutX(1.2)), aboutX(Math.PI / 2)];
    for (const shape of solids) {
      for (const turn of turns) {
        for (const at of [
          [150, 110, 0],
          [150, 260, 60],
          [150, 150, -90],
        ] as const) {
          const canvas = new Canvas(220, 300, PITCH, FAN);
          const found = canvas.draw(part(shape, turn), { at, turn: IDENTITY }, false);
          // What stands edge-on to the source covers two or three rows: sub-rows of 0.75 mm decide how many.
          const thin = Math.min(...shape.half) < 5;
          const share = found / (volumeMm3(shape) * 1e-6);
          expect(Math.abs(share - 1), `${shape.kind} ${turn} ${at}`).toBeLessThan(thin ? 0.2 : 0.05);
        }
      }
    }
  });

  it("keeps the mass of a wire that leans towards the source", () => {
    const points = [
      [-60, -30, -40],
      [0, 20, 10],
      [50, 60, 70],
    ] as const;
    const shape: Shape = { kind: "wire", half: [60, 60, 70], points, radius: 0.4 };
    const canvas = new Canvas(220, 300, PITCH, FAN);
    canvas.draw(part(shape), { at: [150, 200, 0], turn: IDENTITY }, true);
    let bins = 0;
    for (const areal of canvas.mark) bins += areal;
    // Rows stand 1 / magnification apart where the wire is; its ends lie nearer and further.
    const seen = bins * PITCH * PITCH * 1e-5;
    expect(seen / (volumeMm3(shape) * 1e-6)).toBeGreaterThan(0.9);
    expect(seen / (volumeMm3(shape) * 1e-6)).toBeLessThan(1.15);
  });
});

describe("the mass of a thing", () => {
  it("is that of its solids: holes and hollows do not weigh", () => {
    const rings = [
      [0, 0, 10, 0, 10, 10, 0, 10],
      [2, 2, 4, 2, 4, 4, 2, 4],
      [20, 0, 25, 0, 25, 4, 20, 4],
    ];
    expect(volumeMm3({ kind: "prism", half: [25, 10, 1], rings })).toBeCloseTo(2 * (100 - 4 + 20), 9);
    const box = part({ kind: "box", half: [50, 50, 50] });
    const hollow = { ...part({ kind: "box", half: [49, 49, 49] }), density: -1 };
    expect(partsMassKg([box, hollow])).toBeCloseTo(1 - 0.98 ** 3, 9);
  });
});

describe("a scan of two views", () => {
  const options = { seed: 5, mix: "training" } as const;

  it("shows the same parcel from above or below and from a side; the first view is that of a single one", () => {
    for (let index = 0; index < 8; index++) {
      const one = simulateScan({ ...options, index });
      const two = simulateScan({ ...options, index, views: 2 });
      expect(two.planes.map(({ view, energy }) => [view, energy])).toEqual([
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ]);
      expect(two.planes.slice(0, 2)).toEqual(one.planes);
      for (const { samples } of two.planes) expect(samples.length).toBe(two.width * two.height);
      expect(two.truth.massKg).toBe(one.truth.massKg);
      expect(two.truth.targets.filter(({ view }) => view === 0)).toEqual(one.truth.targets);
    }
  });

  it("numbers an object alike in both, and shows it at the same place along the belt", () => {
    let pairs = 0;
    for (let index = 0; index < 12; index++) {
      const { targets } = simulateScan({ ...options, index, views: 2 }).truth;
      for (const above of targets.filter(({ view }) => view === 0)) {
        const beside = targets.find(({ view, object }) => view === 1 && object === above.object);
        if (beside === undefined) continue;
        pairs++;
        expect(beside.class).toBe(above.class);
        expect(beside.massKg).toBe(above.massKg);
        const middles = [above, beside].map(({ box }) => box.x + box.width / 2);
        expect(Math.abs((middles[0] ?? 0) - (middles[1] ?? 0))).toBeLessThan(8);
      }
    }
    expect(pairs).toBeGreaterThan(4);
  });

  it("lies on the belt alike under other physics", () => {
    for (let index = 0; index < 6; index++) {
      const standard = simulateScan({ ...options, index });
      const shifted = simulateScan({ ...options, index, physics: "shifted" });
      expect(shifted.truth.massKg).toBe(standard.truth.massKg);
      expect(shifted.truth.groups).toEqual(standard.truth.groups);
      expect(shifted.planes[0]?.samples).not.toEqual(standard.planes[0]?.samples);
    }
  });

  it("refuses other numbers of views and unknown physics", () => {
    const refused = expect.objectContaining({ code: "LYN_SIMULATION" });
    expect(() => simulateScan({ seed: 1, index: 0, views: 3 as 2 })).toThrow(refused);
    expect(() => simulateScan({ seed: 1, index: 0, physics: "other" as "shifted" })).toThrow(refused);
  });
});
