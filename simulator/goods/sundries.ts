import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import { LAY_Z, LAY_Z_ALONG_X, type Vector } from "../scene/geometry.ts";
import { type Item, ItemBuilder, roundedRing, roundRing, textured } from "./item.ts";

/** Everyday things that resemble what is looked for without being it: in shape, in material or in number. */
export function sundries(random: Random): Item {
  return random.pick([blisters, dryCells, socketSet, candles, blocks, vacuumBricks])(random);
}

/** Medicine in foil blisters, a few cards in a carton with its leaflet. */
function blisters(random: Random): Item {
  const b = new ItemBuilder(random);
  const cards = random.int(1, 4);
  const [columns, rows] = random.pick([
    [5, 2],
    [7, 2],
    [6, 4],
  ] as const);
  const d = random.range(7, 11);
  const pitch = d + random.range(3.5, 6);
  const size = [columns * pitch + 4, rows * pitch + 4] as const;
  for (let n = 0; n < cards; n++) {
    b.prism("pvc", [roundedRing(size[0], size[1], 3)], 0.3, [0, 0, n * 7]);
    b.prism("aluminium", [roundedRing(size[0], size[1], 3)], 0.05, [0, 0, n * 7 - 0.3]);
    for (let i = 0; i < columns * rows; i++) {
      if (random.chance(0.12)) continue;
      const at: Vector = [
        ((i % columns) - (columns - 1) / 2) * pitch,
        (Math.floor(i / columns) - (rows - 1) / 2) * pitch,
        n * 7 + 2.4,
      ];
      b.cylinder("pills", [d, d, 4], at, { density: 1.3 });
    }
  }
  b.box("paper", [size[0] * 0.9, size[1] * 0.8, 0.6], [0, 0, cards * 7]);
  return b.done("blister packs", {
    group: "chemicals",
    hs6: "300490",
    description: "medicaments",
    price: 12,
  });
}

/** Alkaline round cells on a card or in a box: no lithium. */
function dryCells(random: Random): Item {
  const b = new ItemBuilder(random);
  const [d, length] = random.pick([
    [14.2, 49],
    [10.3, 43],
    [26, 49],
  ] as const);
  const count = random.pick([2, 4, 4, 8, 12, 20]);
  const wide = Math.min(count, 8);
  for (let i = 0; i < count; i++) {
    const at: Vector = [0, ((i % wide) - (wide - 1) / 2) * (d + 0.8), Math.floor(i / wide) * (d + 0.8)];
    b.cylinder("steel", [d, d, length], at, { turn: LAY_Z_ALONG_X, density: 0.6 });
    b.cylinder("alkaline", [d - 0.8, d - 0.8, length - 4], at, { turn: LAY_Z_ALONG_X, density: 2.6 });
    b.cylinder("brass", [1.6, 1.6, length * 0.6], at, { turn: LAY_Z_ALONG_X });
    b.cylinder("steel", [d * 0.35, d * 0.35, 3], [length / 2 + 1, at[1], at[2]], { turn: LAY_Z_ALONG_X });
  }
  b.box("cellulose", [length + 40, wide * (d + 0.8) + 12, 0.7], [10, 0, -d / 2 - 0.5]);
  return b.done("dry cells", {
    group: "electronics",
    hs6: "850610",
    description: "alkaline batteries",
    price: 7,
  });
}

/** Sockets in rows in their case with ratchet and extension. */
function socketSet(random: Random): Item {
  const b = new ItemBuilder(random);
  const columns = random.int(5, 10);
  const rows = random.int(1, 3);
  const wide = rows * 32 + 46;
  const length = columns * 26 + 20;
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < columns; i++) {
      const d = 11 + i * 1.6;
      const at: Vector = [(i - (columns - 1) / 2) * 26, j * 32 - wide / 2 + 22, 0];
      const turn = j % 2 ? LAY_Z : undefined;
      b.prism(
        "stainless",
        [roundRing(d, d, 14), roundRing(d * 0.62, d * 0.62, 6)],
        25,
        at,
        turn ? { turn } : {},
      );
      b.cylinder("stainless", [d * 0.8, d * 0.8, 5], at, turn ? { turn } : {});
    }
  b.box("steel", [length * 0.6, 13, 9], [-10, wide / 2 - 20, 0]);
  b.cylinder("steel", [31, 31, 17], [length * 0.32, wide / 2 - 20, 0]);
  const ring = roundedRing(length + 12, wide + 8, 8);
  b.prism("abs", [ring, roundedRing(length + 6, wide + 2, 6)], 40, [0, 0, 0]);
  for (const s of [-1, 1]) b.prism("abs", [ring], 2.2, [0, 0, s * 20]);
  return b.done("socket set", { group: "metals", hs6: "820420", description: "hand tools", price: 40 });
}

/** Candles with wicks, in rows or as a bundle. */
function candles(random: Random): Item {
  const b = new ItemBuilder(random);
  const d = random.range(19, 60);
  const length = d > 40 ? random.range(60, 140) : random.range(150, 260);
  const count = d > 40 ? random.int(1, 3) : random.int(3, 8);
  for (let i = 0; i < count; i++) {
    const at: Vector = [0, (i % 4) * (d + 2), Math.floor(i / 4) * (d + 2)];
    b.cylinder("polyethylene", [d, d, length], at, { turn: LAY_Z_ALONG_X, density: 0.9 });
    b.cylinder("cotton", [2, 2, length + 18], [9, at[1], at[2]], { turn: LAY_Z_ALONG_X });
  }
  return b.done("candles", { group: "chemicals", hs6: "340600", description: "candles", price: 8 });
}

/** Soap or modelling clay: even blocks, softer in outline and lighter than what they are taken for. */
function blocks(random: Random): Item {
  const b = new ItemBuilder(random);
  const clay = random.chance(0.5);
  const material: MaterialName = clay ? "plaster" : "soap";
  const size: Vector = clay
    ? [random.range(80, 130), random.range(14, 24), random.range(14, 22)]
    : [random.range(75, 100), random.range(48, 65), random.range(22, 34)];
  const count = clay ? random.int(4, 10) : random.int(2, 6);
  for (let i = 0; i < count; i++) {
    const at: Vector = [0, (i % 4) * (size[1] + 4), Math.floor(i / 4) * (size[2] + 3)];
    b.prism(material, [roundedRing(size[0], size[1], clay ? 3 : size[1] * 0.4)], size[2], at, {
      density: clay ? 1.2 : 0.98,
      ...(clay ? {} : { texture: textured(random, "soft", 0.06, 1.4) }),
    });
    if (!clay)
      b.prism(
        "soap",
        [roundedRing(size[0] * 0.6, size[1] * 0.45, 8)],
        4,
        [at[0], at[1], at[2] + size[2] / 2 - 2],
        { density: -0.95 },
      );
  }
  return clay
    ? b.done("modelling clay", {
        group: "chemicals",
        hs6: "340700",
        description: "modelling pastes",
        price: 9,
      })
    : b.done("bars of soap", { group: "chemicals", hs6: "340111", description: "soap", price: 6 });
}

/** Coffee, rice or flour pressed into vacuum bricks: folded ends, grains, light. */
function vacuumBricks(random: Random): Item {
  const b = new ItemBuilder(random);
  const material = random.pick(["coffee", "flour", "sugar"] as const);
  const size: Vector = [random.range(120, 165), random.range(75, 95), random.range(45, 62)];
  const count = random.int(1, 3);
  for (let i = 0; i < count; i++) {
    const at: Vector = [0, i * (size[1] + 5), 0];
    b.prism(material, [roundedRing(size[0], size[1], 7)], size[2], at, {
      density: { coffee: 0.42, flour: 0.66, sugar: 0.88 }[material],
      texture: textured(random, "grain", 0.12, 1.1),
    });
    for (const s of [-1, 1]) {
      b.box("aluminium", [size[0], size[1], 0.08], [at[0], at[1], s * (size[2] / 2)]);
      b.box(
        "polyethylene",
        [16, size[1] * 0.9, 1.2],
        [at[0] + s * (size[0] / 2 - 6), at[1], size[2] / 2 + 0.8],
      );
    }
  }
  const coffee = material === "coffee";
  return b.done("vacuum bricks", {
    group: "food-organic",
    hs6: coffee ? "090121" : "110100",
    description: coffee ? "ground coffee" : "flour and sugar",
    price: 6,
  });
}
