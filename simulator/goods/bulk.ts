import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import { aboutZ } from "../scene/geometry.ts";
import { type Item, ItemBuilder, roundedRing, roundRing, textured } from "./item.ts";

/** Pressed bricks, bags, taped packs, rolls and tablets. */
export function narcotic(random: Random): Item {
  const b = new ItemBuilder(random);
  const trade = { group: "chemicals", hs6: "293990", description: "organic powder", price: 2000 } as const;
  const material = random.pick([
    "narcoticBase",
    "narcoticSalt",
    "narcoticSalt",
    "cannabis",
    "pills",
  ] as const);
  const kind = random.weighted([
    ["brick", 4],
    ["bag", 3],
    ["taped", 3],
    ["rolls", 1],
    ["sheet", 1],
  ] as const);
  b.beginTarget("narcotic");
  if (kind === "brick") {
    const size = [random.range(110, 210), random.range(75, 140), random.range(28, 62)] as const;
    b.box(material, size, [0, 0, 0], { texture: textured(random, "soft", 0.06, 1.5) });
    wrap(b, random, size);
  } else if (kind === "bag") {
    const size = [random.range(80, 190), random.range(60, 140), random.range(22, 60)] as const;
    for (let i = 0; i < 3; i++) {
      b.ellipsoid(
        material,
        [size[0] * random.range(0.6, 1), size[1] * random.range(0.6, 1), size[2]],
        [random.range(-0.15, 0.15) * size[0], random.range(-0.15, 0.15) * size[1], 0],
        {
          density: (material === "cannabis" ? 0.35 : 0.62) * random.range(0.5, 0.75),
          texture: textured(random, "soft", 0.22, 1.2),
        },
      );
    }
    b.prism("polyethylene", [roundedRing(size[0] * 1.25, size[1] * 1.2, 6)], 0.25, [0, 0, size[2] / 2]);
  } else if (kind === "taped") {
    const count = random.int(1, 4);
    const size = [random.range(60, 130), random.range(45, 90), random.range(18, 40)] as const;
    for (let i = 0; i < count; i++) {
      b.prism(material, [roundRing(size[0], size[1], 12, random, 0.09)], size[2], [0, 0, i * (size[2] + 1)], {
        texture: textured(random, "soft", 0.1, 1.4),
      });
      b.prism("pvc", [roundRing(size[0] + 4, size[1] + 4, 14, random, 0.05)], 0.9, [
        0,
        0,
        i * (size[2] + 1) + size[2] / 2,
      ]);
    }
  } else if (kind === "rolls") {
    const count = random.int(3, 12);
    for (let i = 0; i < count; i++) {
      b.ellipsoid(material, [34, 24, 24], [(i % 4) * 33, Math.floor(i / 4) * 26, 0], {
        turn: aboutZ(random.range(-0.5, 0.5)),
      });
    }
  } else {
    const size = [random.range(170, 260), random.range(130, 190), random.range(6, 14)] as const;
    b.box(material, size, [0, 0, 0], { density: 0.85, texture: textured(random, "soft", 0.2, 1.1) });
    wrap(b, random, size);
  }
  return b.endTarget().done(`narcotic ${kind}`, trade);
}

function wrap(b: ItemBuilder, random: Random, size: readonly [number, number, number]): void {
  const layers: MaterialName = random.pick(["polyethylene", "pvc", "rubber"] as const);
  const thick = random.range(0.3, 1.6);
  b.box(layers, [size[0] + 2, size[1] + 2, thick], [0, 0, size[2] / 2 + thick / 2]);
  b.box(layers, [size[0] + 2, size[1] + 2, thick], [0, 0, -size[2] / 2 - thick / 2]);
  if (random.chance(0.4))
    b.box("pvc", [48, size[1] + 3, 0.6], [random.range(-0.2, 0.2) * size[0], 0, size[2] / 2 + thick + 0.5]);
}

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

/** Banded bundles of banknotes, alone, in bricks or shrink-wrapped. */
export function currency(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("currency");
  const length = random.range(133, 160);
  const wide = random.range(64, 80);
  const thick = random.range(9, 15);
  const across = random.int(1, 3);
  const high = random.int(1, 6);
  const along = random.pick([1, 1, 2]);
  for (let i = 0; i < along; i++) {
    for (let j = 0; j < across; j++) {
      for (let k = 0; k < high; k++) {
        const x = i * (length + 3) + random.range(-2, 2);
        const y = j * (wide + 3) + random.range(-2, 2);
        const turn = aboutZ(random.range(-0.03, 0.03));
        const z = k * (thick + 0.6);
        b.box("banknote", [length, wide, thick], [x, y, z], {
          turn,
          density: random.range(0.72, 0.95),
          texture: textured(random, "grain", 0.04, 2),
        });
        // Security thread and printed portrait show as faint bands at the same place in each note.
        b.box("banknote", [2.2, wide, thick], [x + length * 0.18, y, z], { turn, density: 0.22 });
        b.box("banknote", [length * 0.2, wide * 0.62, thick], [x - length * 0.1, y, z], {
          turn,
          density: 0.05,
        });
        if (random.chance(0.7)) {
          b.box("paper", [random.range(22, 38), wide + 1, 0.5], [x, y, z + thick / 2], { turn });
          b.box("paper", [28, wide + 1, 0.5], [x, y, z - thick / 2], { turn });
        } else
          b.wire(
            "rubber",
            [
              [x - 30, y - wide / 2, z + thick / 2],
              [x - 30, y + wide / 2, z + thick / 2],
            ],
            2.4,
          );
      }
    }
  }
  return b
    .endTarget()
    .done("banknote bundles", { group: "paper-books", hs6: "490700", description: "banknotes", price: 5000 });
}
