import type { Random } from "../random.ts";
import { type Item, ItemBuilder, roundedRing, textured } from "./item.ts";

/** Cartons of cigarette packs, single packs, loose leaf and pouches. */
export function tobacco(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("tobacco");
  const kind = random.weighted([
    ["carton", 5],
    ["packs", 2],
    ["leaf", 2],
    ["pouches", 1],
  ] as const);
  if (kind === "carton") {
    for (let i = 0; i < 10; i++) cigarettePack(b, (i % 5) * 56.5 - 113, Math.floor(i / 5) * 23 - 11.5);
    b.box("paper", [284, 47, 0.5], [0, 0, 44.5]);
    b.box("paper", [284, 47, 0.5], [0, 0, -44.5]);
  } else if (kind === "packs") {
    const count = random.int(3, 8);
    const rows = random.int(1, 2);
    for (let i = 0; i < count; i++) cigarettePack(b, Math.floor(i / rows) * 56.5, (i % rows) * 23);
  } else if (kind === "leaf") {
    const size = [random.range(140, 240), random.range(100, 170), random.range(50, 100)] as const;
    for (let i = 0; i < 4; i++) {
      b.ellipsoid(
        "tobaccoLeaf",
        [size[0] * random.range(0.6, 1), size[1] * random.range(0.6, 1), size[2]],
        [random.range(-0.16, 0.16) * size[0], random.range(-0.16, 0.16) * size[1], 0],
        { density: random.range(0.07, 0.13), texture: textured(random, "wrinkle", 0.7, 0.45) },
      );
    }
    b.prism("polyethylene", [roundedRing(size[0] * 1.1, size[1] * 1.1, 10)], 0.2, [0, 0, 0]);
  } else {
    const count = random.int(3, 8);
    for (let i = 0; i < count; i++) {
      b.ellipsoid("tobaccoLeaf", [125, 66, 24], [0, (i % 2) * 70, Math.floor(i / 2) * 24], {
        density: 0.36,
        texture: textured(random, "wrinkle", 0.55, 0.4),
      });
      b.box("polyethylene", [140, 80, 0.4], [0, (i % 2) * 70, Math.floor(i / 2) * 24]);
    }
  }
  const loose = kind === "leaf" || kind === "pouches";
  const trade = loose
    ? ({ group: "food-organic", hs6: "240319", description: "smoking tobacco", price: 60 } as const)
    : ({ group: "food-organic", hs6: "240220", description: "cigarettes", price: 55 } as const);
  return b.endTarget().done(`tobacco ${kind}`, trade);
}

/** One pack, 55 × 22 × 87 mm, cigarettes standing along z as 20 rods: filter above, tobacco below. */
function cigarettePack(b: ItemBuilder, x: number, y: number): void {
  b.box("paper", [55, 22, 87], [x, y, 0], { density: 0.75 });
  b.box("paper", [54, 21, 86], [x, y, 0], { density: -0.75 });
  for (let row = 0; row < 3; row++) {
    const z = (row - 1) * 7.4;
    // A row of seven rods seen from the side: scalloped, so their ribs show.
    for (let i = 0; i < 7; i++) {
      const dx = x + (i - 3) * 7.7;
      b.box("tobaccoLeaf", [6.6, 6.4, 58], [dx, y + z, -13], { density: 0.27 });
      b.box("cellulose", [6.6, 6.4, 25], [dx, y + z, 30], { density: 0.2 });
    }
  }
}
