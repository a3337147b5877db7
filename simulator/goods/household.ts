import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import { aboutZ, LAY_Z, type Vector } from "../scene/geometry.ts";
import { type Item, ItemBuilder, roundRing, textured } from "./item.ts";

export function crockery(random: Random): Item {
  const b = new ItemBuilder(random);
  const material: MaterialName = random.pick(["ceramic", "ceramic", "glass", "stone"] as const);
  const kind = random.int(0, 3);
  const density = material === "ceramic" ? 2.35 : material === "glass" ? 2.5 : 2.65;
  if (kind === 0) {
    const d = random.range(70, 95);
    const h = random.range(80, 110);
    b.cylinder(material, [d, d, h], [0, 0, 0]);
    b.cylinder(material, [d - 9, d - 9, h - 5], [0, 0, 3], { density: -density });
    b.prism(material, [roundRing(44, 62, 16), roundRing(28, 44, 16)], 11, [d / 2 + 8, 0, 0], { turn: LAY_Z });
  } else if (kind === 1) {
    const d = random.range(150, 260);
    const count = random.int(1, 5);
    for (let i = 0; i < count; i++) {
      b.cylinder(material, [d * 0.62, d * 0.62, 5], [0, 0, i * 9]);
      b.frustum(material, d * 0.62, d, 20, [0, 0, i * 9 + 10]);
      b.frustum(material, d * 0.6, d * 0.98, 20, [0, 0, i * 9 + 11], { density: -density * 0.96 });
    }
  } else if (kind === 2) {
    const d = random.range(60, 90);
    for (let i = 0; i < 4; i++) {
      const at: Vector = [(i % 2) * (d + 8), Math.floor(i / 2) * (d + 8), 0];
      b.frustum("glass", d * 0.75, d, 100, at);
      b.frustum("glass", d * 0.75 - 5, d - 5, 94, [at[0], at[1], 3], { density: -2.5 });
    }
  } else {
    const d = random.range(80, 150);
    b.ellipsoid(material, [d, d, d * 1.3], [0, 0, 0]);
    b.ellipsoid(material, [d - 10, d - 10, d * 1.3 - 10], [0, 0, 0], { density: -density });
    b.cylinder(material, [d * 0.6, d * 0.6, 9], [0, 0, -d * 0.6]);
  }
  return b.done(
    "crockery",
    {
      group: "stone-glass-ceramic",
      hs6: random.pick(["691110", "701337", "691390"]),
      description: random.pick(["ceramic mugs", "glassware", "porcelain plates", "vase"]),
      price: 20,
    },
    random.chance(0.6) ? "upright" : "any",
  );
}

export function food(random: Random): Item {
  const b = new ItemBuilder(random);
  const kind = random.int(0, 4);
  let hs6 = "190531";
  let description = "biscuits";
  if (kind === 0) {
    const count = random.int(1, 4);
    const d = random.range(65, 100);
    const h = random.range(35, 115);
    const material = random.pick(["meat", "meat", "sugar"] as const);
    for (let i = 0; i < count; i++) {
      const at: Vector = [(i % 2) * (d + 3), Math.floor(i / 2) * (d + 3), 0];
      b.cylinder("tinplate", [d, d, h], at);
      b.cylinder("tinplate", [d - 0.5, d - 0.5, h - 0.5], at, { density: -7.85 });
      b.cylinder(material, [d - 0.5, d - 0.5, h - 6], at, { texture: textured(random, "soft", 0.12, 0.8) });
    }
    hs6 = "160250";
    description = "canned food";
  } else if (kind === 1) {
    const size = [random.range(90, 200), random.range(60, 130), random.range(35, 70)] as const;
    const material = random.pick(["coffee", "flour", "sugar", "salt"] as const);
    b.ellipsoid(material, [size[0] * 1.1, size[1] * 1.1, size[2] * 1.2], [0, 0, 0], {
      density: material === "coffee" ? 0.4 : 0.65,
      texture: textured(random, "soft", 0.08, 1.2),
    });
    b.box("aluminium", [size[0], size[1], 0.06], [0, 0, 0]);
    hs6 = material === "coffee" ? "090121" : "110100";
    description = material === "coffee" ? "ground coffee" : "flour and sugar";
  } else if (kind === 2) {
    const rows = random.int(2, 5);
    const size = [random.range(90, 180), random.range(60, 110)] as const;
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < 6; j++) {
        b.box("chocolate", [size[0] / 6 - 2, size[1] - 6, 7], [(j - 2.5) * (size[0] / 6), 0, i * 12]);
      }
    b.box("cellulose", [size[0] + 6, size[1], 1], [0, 0, -5]);
    hs6 = "180632";
    description = "chocolate bars";
  } else if (kind === 3) {
    const size = [random.range(150, 260), random.range(110, 190), random.range(40, 80)] as const;
    b.box("cellulose", size, [0, 0, 0], { density: 0.7 });
    b.box("cellulose", [size[0] - 1.2, size[1] - 1.2, size[2] - 1.2], [0, 0, 0], { density: -0.7 });
    for (let i = 0; i < 18; i++)
      b.ellipsoid(
        "flour",
        [size[0] * 0.24, size[1] * 0.3, 14],
        [
          random.range(-0.36, 0.36) * size[0],
          random.range(-0.34, 0.34) * size[1],
          random.range(-0.35, 0.35) * size[2],
        ],
        { density: 0.4, turn: aboutZ(random.range(0, 3)) },
      );
  } else {
    for (let i = 0; i < 20; i++)
      b.ellipsoid(
        random.pick(["sugar", "meat"] as const),
        [random.range(18, 34), random.range(15, 26), 20],
        [random.range(-60, 60), random.range(-45, 45), random.range(-15, 15)],
      );
    b.box("polyethylene", [160, 125, 0.3], [0, 0, 0]);
    hs6 = "080250";
    description = "nuts and sweets";
  }
  return b.done(
    "food",
    { group: "food-organic", hs6, description, price: 7 },
    random.chance(0.4) ? "upright" : "any",
  );
}

export function cosmetics(random: Random): Item {
  const b = new ItemBuilder(random);
  const count = random.int(2, 7);
  for (let i = 0; i < count; i++) {
    const at: Vector = [(i % 3) * 58, Math.floor(i / 3) * 60, 0];
    const kind = random.int(0, 3);
    if (kind === 0) {
      b.cylinder("glass", [52, 52, 38], at);
      b.cylinder("glass", [42, 42, 30], [at[0], at[1], 3], { density: -2.5 });
      b.cylinder("lotion", [42, 42, 24], [at[0], at[1], 0], { density: 0.9 });
      b.cylinder("abs", [53, 53, 14], [at[0], at[1], 24], { density: 0.4 });
    } else if (kind === 1) {
      b.cylinder("abs", [20, 20, 74], at, { density: 0.5 });
      b.cylinder("zamak", [16, 16, 26], at, { density: 1.5 });
      b.cylinder("oil", [12, 12, 40], [at[0], at[1], 14]);
    } else if (kind === 2) b.box("soap", [54, 38, 24], at);
    else {
      b.box("abs", [52, 50, 14], at, { density: 0.6 });
      b.box("glass", [44, 42, 1.4], [at[0], at[1], 5]);
      b.box("plaster", [40, 20, 5], [at[0], at[1], 0]);
    }
  }
  return b.done("cosmetics", {
    group: "chemicals",
    hs6: random.pick(["330499", "340111", "330410"]),
    description: random.pick(["cosmetics", "soap", "make-up"]),
    price: 24,
  });
}
