import { describe, expect, it } from "vitest";
import { goodsGroupOfChapter } from "../../protocols/vocabulary.ts";
import { makeBenign, makeTarget } from "../../simulator/goods/catalogue.ts";
import { concealed } from "../../simulator/goods/concealment.ts";
import { type Item, TARGET_CLASSES, type TargetClass } from "../../simulator/goods/item.ts";
import { tradeOf } from "../../simulator/goods/nomenclature.ts";
import { Random } from "../../simulator/random.ts";
import { Canvas } from "../../simulator/scene/canvas.ts";
import { IDENTITY, rotatedExtents } from "../../simulator/scene/geometry.ts";

const PER_CLASS = 60;
const targets = TARGET_CLASSES.map((name) => {
  const random = new Random(31, `goods ${name}`);
  return { name, items: Array.from({ length: PER_CLASS }, () => makeTarget(name, random)) };
});
const random = new Random(31, "benign goods");
const benign = Array.from({ length: 300 }, () => makeBenign(random));

/** What one object of a class weighs, kg: from one round or a note bundle up to a crate of it. */
const MASS_KG: Readonly<Record<TargetClass, readonly [number, number]>> = {
  firearm: [0.15, 4],
  blade: [0.015, 0.8],
  battery: [0.005, 2.5],
  narcotic: [0.01, 4],
  tobacco: [0.03, 2.5],
  currency: [0.03, 4],
  liquid: [0.05, 5],
  ammunition: [0.01, 1.6],
  explosive: [0.03, 3.5],
};

/** How far the parts reach beyond the item's own half box, mm. */
function overhang(item: Item): number {
  let worst = Number.NEGATIVE_INFINITY;
  for (const part of item.parts) {
    const extent = rotatedExtents(part.turn, part.shape.half);
    for (const i of [0, 1, 2] as const)
      worst = Math.max(worst, Math.abs(part.at[i]) + extent[i] - item.half[i]);
  }
  return worst;
}

/** Mass of each target as the rays see it, kg. */
function targetMasses(item: Item): number[] {
  const [x, y] = item.half;
  const side = Math.ceil((2 * Math.max(x, y) + 20) / 3);
  const pose = { at: [side * 1.5, side * 1.5, 0], turn: IDENTITY } as const;
  const canvas = new Canvas(side, side, 3);
  return item.targets.map((_, n) =>
    item.parts
      .filter((part) => part.target === n)
      .reduce((sum, part) => sum + canvas.draw(part, pose, false), 0),
  );
}

describe("goods", () => {
  it("keep all their parts within their half box", () => {
    for (const item of [...benign, ...targets.flatMap(({ items }) => items)])
      expect(overhang(item), item.kind).toBeLessThan(1e-6);
  });

  it("hold at least one object of the class they are made for", () => {
    for (const { name, items } of targets)
      for (const item of items) expect(item.targets, item.kind).toContain(name);
  });

  it("hold objects of plausible mass", () => {
    for (const { name, items } of targets)
      for (const item of items.slice(0, 30))
        for (const [n, massKg] of targetMasses(item).entries()) {
          const [least, most] = MASS_KG[item.targets[n] ?? name];
          expect(massKg, `${item.kind}: ${item.targets[n]}`).toBeGreaterThan(least);
          expect(massKg, `${item.kind}: ${item.targets[n]}`).toBeLessThan(most);
        }
  });

  it("look different from one to the next, and benign ones hold no target", () => {
    for (const { items } of targets)
      expect(new Set(items.map(({ half }) => half.join())).size).toBeGreaterThan(20);
    for (const item of benign) expect(item.targets).toEqual([]);
    expect(new Set(benign.map(({ kind }) => kind)).size).toBeGreaterThan(25);
  });
});

describe("hidden goods", () => {
  it("keep their targets, fit their box and go by the name of what hides them", () => {
    const ways = new Set<string>();
    const draw = new Random(8, "hidden goods");
    for (const { items } of targets)
      for (const item of items.slice(0, 40)) {
        const hidden = concealed(item, draw);
        expect(hidden.targets).toEqual(item.targets);
        expect(overhang(hidden)).toBeLessThan(1e-6);
        const trade = tradeOf(hidden);
        expect(goodsGroupOfChapter(trade.hs6), trade.description).toBe(trade.group);
        if (hidden !== item) ways.add(hidden.place ?? hidden.kind);
      }
    for (const way of [
      "side",
      "behind",
      "floor",
      "wrapped in cloth",
      "hollowed book",
      "device",
      "tin",
      "washing powder",
    ])
      expect(ways).toContain(way);
  });
});
