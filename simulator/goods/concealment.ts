import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import {
  aboutZ,
  IDENTITY,
  LAY_Z,
  type Rotation,
  rotatedExtents,
  STAND_X,
  type Vector,
} from "../scene/geometry.ts";
import { circuit } from "./batteries.ts";
import { type Item, ItemBuilder, roundedRing, roundRing, tangle, textured } from "./item.ts";

type Hiding = (item: Item, random: Random) => Item | undefined;

/** How smugglers hide things, with how often: by place, in cloth, and inside of harmless goods. */
const WAYS: readonly (readonly [Hiding, number])[] = [
  [(item) => ({ ...item, place: "side" }), 2],
  [(item) => ({ ...item, place: "behind" }), 2.5],
  [underFalseBottom, 2],
  [inCloth, 3],
  [inBook, 2],
  [inDevice, 2],
  [inTin, 2],
  [inPowder, 1.5],
];
const TRIES = 6;

/**
 * The item as somebody hid it; as it was where it is too large for what was tried. What hides it is no part of the
 * target and gives the goods their name and group, as it would in a declaration.
 */
export function concealed(item: Item, random: Random): Item {
  for (let n = 0; n < TRIES; n++) {
    const hidden = random.weighted(WAYS)(item, random);
    if (hidden !== undefined) return hidden;
  }
  return item;
}

/** Turn that lays an item flat, its longest side along x, with its half extents then. */
function laidFlat(item: Item): readonly [Rotation, Vector] {
  const [x, y, z] = item.half;
  const turn = z <= x && z <= y ? IDENTITY : y <= x ? LAY_Z : STAND_X;
  return [turn, rotatedExtents(turn, item.half)];
}

/** Flat on the floor under a second sheet of the packaging. */
function underFalseBottom(item: Item, random: Random): Item | undefined {
  const [turn, half] = laidFlat(item);
  if (half[2] > 24) return undefined;
  const b = new ItemBuilder(random).include(item, [0, 0, 0], turn);
  const sheet: Vector = [
    2 * half[0] + random.range(30, 90),
    2 * half[1] + random.range(30, 70),
    random.range(2, 4),
  ];
  const material = random.pick(["cellulose", "abs", "wood"] as const);
  b.box(material, sheet, [0, 0, half[2] + 2], material === "cellulose" ? { density: 0.35 } : {});
  return { ...b.done(item.kind, item.trade, "flat"), place: "floor" };
}

/** Rolled into a towel or pullover: cloth over, under and around. */
function inCloth(item: Item, random: Random): Item | undefined {
  const [turn, half] = laidFlat(item);
  if (half[0] > 150) return undefined;
  const material: MaterialName = random.pick(["cotton", "cotton", "wool", "polyester"] as const);
  const b = new ItemBuilder(random).include(item, [0, 0, 0], turn);
  const density = random.range(0.16, 0.34);
  for (const s of [-1, 1])
    for (let n = 0; n < 2; n++)
      b.prism(
        material,
        [roundedRing(2 * half[0] + random.range(30, 110), 2 * half[1] + random.range(30, 90), 30)],
        random.range(6, 11),
        [random.range(-10, 10), random.range(-10, 10), s * (half[2] + 6 + 11 * n)],
        {
          density,
          turn: aboutZ(random.range(-0.1, 0.1)),
          texture: textured(random, "wrinkle", random.range(0.3, 0.6), 0.9),
        },
      );
  b.wire(material, tangle(random, [half[0], half[1], 4], 12, 24), 3, { density: 0.9 });
  return b.done("wrapped in cloth", { group: "textiles", hs6: "630260", description: "towels", price: 12 });
}

/** In the hollow cut into a thick book. */
function inBook(item: Item, random: Random): Item | undefined {
  const [turn, half] = laidFlat(item);
  if (half[0] > 115 || half[1] > 80 || half[2] > 24) return undefined;
  const b = new ItemBuilder(random).include(item, [0, 0, 0], turn);
  const hollow = [2 * half[0] + 6, 2 * half[1] + 6] as const;
  const size = [hollow[0] + random.range(34, 60), hollow[1] + random.range(34, 56)] as const;
  const thick = 2 * half[2] + 4;
  const density = random.range(0.7, 1);
  const rings = [roundedRing(size[0], size[1], 1), roundedRing(hollow[0], hollow[1], 2)];
  b.prism("paper", rings, thick, [0, 0, 0], { density, texture: textured(random, "soft", 0.03, 2.5) });
  for (const s of [-1, 1]) {
    b.box("paper", [size[0], size[1], 4], [0, 0, s * (thick / 2 + 2)], { density });
    b.box("cellulose", [size[0] + 6, size[1] + 4, 2.4], [0, 0, s * (thick / 2 + 5.2)]);
  }
  return b.done("hollowed book", {
    group: "paper-books",
    hs6: "490199",
    description: "printed books",
    price: 14,
  });
}

/** In the free half of a mains device's case, beside its board and transformer. */
function inDevice(item: Item, random: Random): Item | undefined {
  const [turn, half] = laidFlat(item);
  if (half[0] > 120 || half[1] > 90 || half[2] > 32) return undefined;
  const b = new ItemBuilder(random);
  const extra = random.range(70, 110);
  const [l, w, h] = [2 * half[0] + extra + 16, Math.max(2 * half[1] + 14, 90), 2 * half[2] + 14];
  b.include(item, [extra / 2, 0, 0], turn);
  const shell = random.pick(["abs", "abs", "steel", "aluminium"] as const);
  const wall = shell === "abs" ? 2.4 : 0.9;
  const outer = roundedRing(l, w, 6);
  b.prism(shell, [outer, roundedRing(l - 2 * wall, w - 2 * wall, 5)], h, [0, 0, 0]);
  for (const s of [-1, 1]) b.prism(shell, [outer], wall, [0, 0, (s * (h + wall)) / 2]);
  circuit(b, random, [extra * 0.8, w * 0.7], [-l / 2 + extra * 0.5 + 4, 0, -h * 0.3]);
  b.box("steel", [30, 26, Math.min(22, h * 0.7)], [-l / 2 + 28, w * 0.2, 0]);
  b.box("copper", [18, 34, Math.min(18, h * 0.6)], [-l / 2 + 28, w * 0.2, 0], { density: 2.6 });
  b.wire("cable", tangle(random, [l * 0.4, w * 0.4, h * 0.2], 14, 16), 2.6);
  for (const x of [-1, 1])
    for (const y of [-1, 1])
      b.cylinder("steel", [4, 4, Math.min(12, h * 0.6)], [x * l * 0.46, y * w * 0.44, 0]);
  return b.done("device", { group: "electronics", hs6: "850440", description: "power supply", price: 60 });
}

/** In a tin with its lid, the rest filled with what the label says. */
function inTin(item: Item, random: Random): Item | undefined {
  const [turn, half] = laidFlat(item);
  const reach = Math.hypot(half[0], half[1]);
  if (reach > 85 || half[2] > 60) return undefined;
  const b = new ItemBuilder(random).include(item, [0, 0, 0], turn);
  const d = 2 * reach + random.range(6, 20);
  const h = 2 * half[2] + random.range(20, 50);
  b.prism("tinplate", [roundRing(d, d, 28), roundRing(d - 0.5, d - 0.5, 28)], h, [0, 0, 0]);
  for (const s of [-1, 1]) b.cylinder("tinplate", [d, d, 0.24], [0, 0, (s * h) / 2]);
  const filler = random.pick(["coffee", "flour", "sugar"] as const);
  b.cylinder(filler, [d - 1, d - 1, h * 0.3], [0, 0, h * 0.32], {
    density: 0.4,
    texture: textured(random, "grain", 0.15, 1.2),
  });
  return b.done(
    "tin",
    { group: "food-organic", hs6: "090121", description: "ground coffee", price: 9 },
    "upright",
  );
}

/** Sunk into a tub of cream or a bag of washing powder. */
function inPowder(item: Item, random: Random): Item | undefined {
  const [turn, half] = laidFlat(item);
  if (half[0] > 110 || half[1] > 75 || half[2] > 30) return undefined;
  const b = new ItemBuilder(random).include(item, [0, 0, 0], turn);
  const size: Vector = [
    2 * half[0] + random.range(30, 70),
    2 * half[1] + random.range(30, 60),
    random.range(14, 26),
  ];
  const material = random.pick(["detergent", "lotion", "salt"] as const);
  for (const s of [-1, 1])
    b.prism(material, [roundedRing(size[0], size[1], 20)], size[2], [0, 0, s * (half[2] + size[2] / 2 + 1)], {
      density: material === "lotion" ? 0.95 : 0.7,
      texture: textured(random, "grain", 0.08, 1.4),
    });
  b.prism(
    "polyethylene",
    [roundedRing(size[0] + 4, size[1] + 4, 22), roundedRing(size[0] + 1, size[1] + 1, 20)],
    2 * half[2] + 2 * size[2],
    [0, 0, 0],
  );
  return b.done("washing powder", {
    group: "chemicals",
    hs6: "340250",
    description: "washing preparations",
    price: 6,
  });
}
