import { describe, expect, it } from "vitest";
import { makeBenign, makeTarget } from "../../simulator/goods/catalogue.ts";
import { clothesLayer } from "../../simulator/goods/clothes.ts";
import type { Item } from "../../simulator/goods/item.ts";
import { Random } from "../../simulator/random.ts";
import { chooseContents, SCENARIOS } from "../../simulator/scenarios/contents.ts";
import { rotatedExtents } from "../../simulator/scene/geometry.ts";
import { type Placed, pack } from "../../simulator/scene/packing.ts";

const SCENES = 1000;
const TOUCH = 1e-3;

interface Box {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

function boxOf({ item, at, turn }: Placed): Box {
  const half = rotatedExtents(turn, item.half);
  return { low: at.map((v, i) => v - (half[i] ?? 0)), high: at.map((v, i) => v + (half[i] ?? 0)) };
}

/** Depth by which two boxes stand in each other along their shallowest axis, mm; 0 or less when apart. */
function depth(a: Box, b: Box, axes: readonly number[] = [0, 1, 2]): number {
  return Math.min(
    ...axes.map((i) => Math.min(a.high[i] ?? 0, b.high[i] ?? 0) - Math.max(a.low[i] ?? 0, b.low[i] ?? 0)),
  );
}

describe("packing", () => {
  it("lets nothing interpenetrate, stick out or hang in the air", () => {
    let items = 0;
    for (let n = 0; n < SCENES; n++) {
      const random = new Random(n, "packing");
      const { parcel, items: goods } = chooseContents(random, "training", SCENARIOS[n % 3]);
      const boxes = pack(goods, parcel.inner, random).map(boxOf);
      items += boxes.length;
      for (const [i, box] of boxes.entries()) {
        for (const axis of [0, 1] as const) {
          expect(box.low[axis]).toBeGreaterThanOrEqual(-parcel.inner[axis] / 2 - TOUCH);
          expect(box.high[axis]).toBeLessThanOrEqual(parcel.inner[axis] / 2 + TOUCH);
        }
        expect(box.low[2]).toBeGreaterThanOrEqual(-TOUCH);
        expect(box.high[2]).toBeLessThanOrEqual(parcel.inner[2] + TOUCH);
        for (const other of boxes.slice(0, i)) expect(depth(box, other)).toBeLessThan(TOUCH);
        // Rests on the floor or on something below it, seen with the 10 mm cells of the height map.
        const bottom = box.low[2] ?? 0;
        const carried = boxes.some(
          (other) => Math.abs((other.high[2] ?? 0) - bottom) < TOUCH && depth(box, other, [0, 1]) > -20,
        );
        expect(bottom < TOUCH || carried).toBe(true);
      }
    }
    expect(items / SCENES).toBeGreaterThan(3);
  });

  it("puts things where they are hidden on purpose", () => {
    const inner = [420, 300, 220] as const;
    let behind = 0;
    for (let n = 0; n < 40; n++) {
      const random = new Random(n, "hidden");
      const goods = [makeBenign(random), makeBenign(random)];
      const thin: Item = { ...makeTarget("currency", random), half: [70, 35, 12] };
      const [side] = pack([{ ...thin, place: "side" }], inner, random).map(boxOf);
      expect(Math.max(Math.abs(side?.low[1] ?? 0), Math.abs(side?.high[1] ?? 0))).toBeCloseTo(150, 3);
      expect((side?.high[1] ?? 0) - (side?.low[1] ?? 0)).toBeCloseTo(24, 3);
      const [first] = pack([...goods, { ...thin, place: "floor" }], inner, random);
      expect(first?.item.place).toBe("floor");
      expect(first?.at[2]).toBeCloseTo(12, 3);
      const placed = pack([...goods, { ...thin, place: "behind" }], inner, random);
      const last = placed.at(-1);
      if (
        last !== undefined &&
        placed.slice(0, -1).some((other) => depth(boxOf(other), boxOf(last), [0, 1]) > 0)
      )
        behind++;
      const layer = pack([...goods, clothesLayer(random, inner)], inner, random).at(-1);
      if (layer?.item.place === "layer") expect([layer.at[0], layer.at[1]]).toEqual([0, 0]);
    }
    // Where the pile is too high for it, the thing goes where there is room.
    expect(behind).toBeGreaterThan(28);
  });
});
