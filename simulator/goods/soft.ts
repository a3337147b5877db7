import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import { aboutZ, type Vector } from "../scene/geometry.ts";
import { type Item, ItemBuilder, movedRing, roundedRing, roundRing, tangle, textured } from "./item.ts";

/** A folded garment: layers of slightly different outline, creases, seams, buttons, a zip. */
export function garment(random: Random): Item {
  const b = new ItemBuilder(random);
  const material: MaterialName = random.pick(["cotton", "cotton", "polyester", "wool"] as const);
  const length = random.range(190, 340);
  const wide = random.range(150, 260);
  const layers = random.int(3, 6);
  const thick = random.range(4, 12);
  const density = random.range(0.14, 0.34);
  for (let i = 0; i < layers; i++) {
    const l = length * random.range(0.72, 1);
    const w = wide * random.range(0.72, 1);
    const ring = ragged(random, l, w);
    b.prism(
      material,
      [ring],
      thick,
      [(length - l) * random.range(-0.45, 0.45), (wide - w) * random.range(-0.45, 0.45), i * thick],
      {
        density,
        turn: aboutZ(random.range(-0.06, 0.06)),
        texture: textured(random, "wrinkle", random.range(0.25, 0.6), random.range(0.8, 1.6)),
      },
    );
  }
  const top = layers * thick;
  const hem = ragged(random, length * 0.95, wide * 0.95);
  b.wire(
    material,
    Array.from({ length: hem.length / 2 + 1 }, (_, i): Vector => {
      const at = (2 * i) % hem.length;
      return [hem[at] as number, hem[at + 1] as number, top / 2];
    }),
    random.range(3, 6),
    { density: 0.55 },
  );
  const seams = random.int(2, 6);
  for (let i = 0; i < seams; i++)
    b.wire(material, seam(random, length, wide, top), random.range(2, 4), { density: 0.9 });
  trims(b, random, length, wide, top);
  return b.done("garment", {
    group: "textiles",
    hs6: random.pick(["610910", "620342", "611020", "630260"]),
    description: random.pick(["cotton t-shirt", "trousers", "knitted pullover", "dress", "towels"]),
    price: 18,
  });
}

function ragged(random: Random, length: number, wide: number): number[] {
  const ring = roundedRing(length, wide, random.range(10, 40), 2);
  for (let i = 0; i < ring.length; i++) ring[i] = (ring[i] as number) * random.range(0.94, 1);
  return ring;
}

function seam(random: Random, length: number, wide: number, top: number): Vector[] {
  const y = random.range(-0.4, 0.4) * wide;
  const along = random.chance(0.5);
  return [-0.42, -0.2, 0, 0.2, 0.42].map((f): Vector => {
    const w = y + random.range(-6, 6);
    return along ? [f * length, w, top * 0.6] : [w, f * wide, top * 0.6];
  });
}

function trims(b: ItemBuilder, random: Random, length: number, wide: number, top: number): void {
  if (random.chance(0.4)) {
    const count = random.int(3, 6);
    const metal = random.chance(0.35);
    const y = random.range(-0.2, 0.2) * wide;
    for (let i = 0; i < count; i++)
      b.cylinder(
        metal ? "brass" : "polyester",
        [13, 13, metal ? 1.6 : 3],
        [(i / count - 0.4) * length * 0.8, y, top * 0.8],
        metal ? {} : { density: 1.3 },
      );
  }
  if (random.chance(0.35)) zip(b, random, seam(random, length, wide, top));
  if (random.chance(0.15))
    b.prism("zamak", [roundedRing(48, 38, 6), roundedRing(36, 27, 4)], 4, [0, 0, top * 0.5]);
}

/** Row of metal teeth with its slider. */
export function zip(b: ItemBuilder, random: Random, points: readonly Vector[]): void {
  b.wire(random.pick(["brass", "brass", "zamak", "polyester"] as const), points, 2.4, { density: 4.2 });
  const end = points[points.length - 1] ?? [0, 0, 0];
  b.box("zamak", [11, 8, 4], end, { density: 5 });
  b.box("zamak", [24, 5, 1.6], [end[0] * 0.9, end[1] * 0.9, end[2]], { turn: aboutZ(random.range(0, 3)) });
}

/** Crumpled cloth: overlapping lumps with strong creases. */
export function bundle(random: Random): Item {
  const b = new ItemBuilder(random);
  const material: MaterialName = random.pick(["cotton", "polyester", "wool"] as const);
  const size = [random.range(140, 280), random.range(110, 220), random.range(50, 120)] as const;
  const lumps = random.int(5, 9);
  for (let i = 0; i < lumps; i++) {
    b.ellipsoid(
      material,
      [size[0] * random.range(0.35, 0.8), size[1] * random.range(0.35, 0.8), size[2] * random.range(0.5, 1)],
      [random.range(-0.28, 0.28) * size[0], random.range(-0.28, 0.28) * size[1], 0],
      {
        density: random.range(0.06, 0.16),
        turn: aboutZ(random.range(0, 3)),
        texture: textured(random, "wrinkle", random.range(0.5, 0.95), random.range(0.6, 1.2)),
      },
    );
  }
  for (let i = 0; i < 3; i++)
    b.wire(material, tangle(random, [size[0] * 0.4, size[1] * 0.4, 10], 14, 18), random.range(2, 4), {
      density: 0.8,
    });
  return b.done("crumpled cloth", {
    group: "textiles",
    hs6: "621420",
    description: random.pick(["scarf", "blanket", "jacket", "bed linen"]),
    price: 22,
  });
}

export function book(random: Random): Item {
  const b = new ItemBuilder(random);
  const length = random.range(150, 300);
  const wide = length * random.range(0.62, 0.78);
  const count = random.int(1, 4);
  let z = 0;
  for (let i = 0; i < count; i++) {
    const thick = random.range(6, 38);
    const shift: Vector = [random.range(-6, 6), random.range(-6, 6), z + thick / 2];
    const turn = aboutZ(random.range(-0.05, 0.05));
    b.box("paper", [length, wide, thick], shift, {
      turn,
      density: random.range(0.62, 1.05),
      texture: textured(random, "soft", 0.03, 2.5),
    });
    if (random.chance(0.5)) {
      b.box("cellulose", [length + 6, wide + 4, 2.4], [shift[0], shift[1], z], { turn });
      b.box("cellulose", [length + 6, wide + 4, 2.4], [shift[0], shift[1], z + thick], { turn });
    } else if (random.chance(0.4))
      b.wire(
        "steel",
        [
          [-length / 2, -wide / 2 + 3, z + thick / 2],
          [length / 2, -wide / 2 + 3, z + thick / 2],
        ],
        3,
        { density: 3 },
      );
    z += thick + 3;
  }
  return b.done("books", {
    group: "paper-books",
    hs6: "490199",
    description: random.pick(["printed books", "brochures", "notebooks", "catalogues"]),
    price: 14,
  });
}

/** Sheets or a folder; `most` (length, width and perhaps thickness, mm) limits them to an envelope. */
export function papers(random: Random, most: readonly [number, number, number?] = [297, 210]): Item {
  const b = new ItemBuilder(random);
  const thick = Math.min(random.range(2, 30), most[2] ?? Number.POSITIVE_INFINITY);
  const [length, wide] = [Math.min(297, most[0]), Math.min(210, most[1])];
  b.box("paper", [length, wide, thick], [0, 0, 0], {
    density: random.range(0.4, 0.8),
    texture: textured(random, "soft", 0.08, 2),
  });
  const clips = random.int(0, 4);
  for (let i = 0; i < clips; i++) {
    const x = random.range(-0.45, 0.45) * length;
    const y = wide / 2;
    b.wire(
      "steel",
      [
        [x, y - 2, thick / 2],
        [x, y - 30, thick / 2],
        [x + 7, y - 30, thick / 2],
        [x + 7, y - 5, thick / 2],
        [x + 3, y - 5, thick / 2],
        [x + 3, y - 25, thick / 2],
      ],
      1.1,
    );
  }
  return b.done(
    "paper stack",
    { group: "paper-books", hs6: "482010", description: "stationery, printed matter", price: 8 },
    "flat",
  );
}

/** Outline of a sole, toe at +x, the inner side at −y: shares of its length and of 1/0.98 of its width. */
const SOLE: readonly number[] = [
  -0.5, 0, -0.485, 0.14, -0.44, 0.25, -0.37, 0.3, -0.26, 0.31, -0.12, 0.3, 0.02, 0.33, 0.14, 0.4, 0.26, 0.45,
  0.36, 0.43, 0.44, 0.34, 0.485, 0.2, 0.5, 0.04, 0.49, -0.13, 0.45, -0.27, 0.37, -0.37, 0.26, -0.4, 0.14,
  -0.35, 0.02, -0.26, -0.12, -0.2, -0.26, -0.21, -0.37, -0.25, -0.44, -0.22, -0.485, -0.12,
];

/** A pair: sole, foam, upper, eyelets, shank, sometimes a steel cap. */
export function shoes(random: Random): Item {
  const b = new ItemBuilder(random);
  const length = random.range(225, 310);
  const wide = length * 0.36;
  const upper: MaterialName = random.pick(["leather", "polyester", "rubber"] as const);
  const heel = random.range(10, 55);
  const cap = random.chance(0.15);
  const shank = random.chance(0.4);
  const eyelets = random.chance(0.6) ? random.int(4, 7) : 0;
  for (const side of [-1, 1]) {
    const y = side * wide * 0.56;
    const flip = side < 0 ? Math.PI : 0;
    const sole = movedRing(
      SOLE.map((v, i) => (i % 2 ? v * wide * (side > 0 ? 1 : -1) : v * length)),
      0,
      0,
      flip,
    );
    const d = side < 0 ? -1 : 1;
    b.prism("rubber", [sole], random.range(9, 16), [0, y, 0], {
      density: 0.95,
      texture: textured(random, "weave", 0.35, 1.2),
    });
    b.prism("foam", [sole], 8, [0, y, 12]);
    b.prism(upper, [sole, sole.map((v) => v * 0.94)], 55, [0, y, 44], {
      density: upper === "polyester" ? 0.5 : 0.8,
    });
    b.ellipsoid(upper, [length * 0.5, wide * 0.74, 52], [d * length * 0.22, y, 34], {
      density: 0.16,
      texture: textured(random, "wrinkle", 0.3, 1),
    });
    if (heel > 24)
      b.prism(
        "rubber",
        [
          movedRing(
            [-0.5, -0.22, -0.46, 0.22, -0.24, 0.26, -0.24, -0.22].map((v, i) =>
              i % 2 ? v * wide : v * length,
            ),
            0,
            0,
            flip,
          ),
        ],
        heel,
        [0, y, -heel / 2],
        { density: 0.9 },
      );
    if (cap)
      b.ellipsoid("steel", [length * 0.24, wide * 0.78, 46], [d * length * 0.38, y, 30], { density: 0.32 });
    if (shank) b.box("steel", [length * 0.36, 13, 1.3], [-d * length * 0.1, y, 8]);
    for (let i = 0; i < eyelets; i++) {
      for (const e of [-1, 1])
        b.cylinder("brass", [8, 8, 2], [d * (length * 0.02 + i * 11), y + e * 17, 68], { density: 5 });
    }
  }
  return b.done(
    "shoes",
    {
      group: "footwear",
      hs6: random.pick(["640399", "640411", "640291"]),
      description: random.pick(["leather shoes", "sports shoes", "boots", "sandals"]),
      price: 48,
    },
    "any",
  );
}

/** Handbag, wallet, belt. */
export function leatherGoods(random: Random): Item {
  const b = new ItemBuilder(random);
  const size = [random.range(110, 280), random.range(80, 200), random.range(20, 60)] as const;
  const r = 18;
  b.prism(
    "leather",
    [roundedRing(size[0], size[1], r), roundedRing(size[0] - 5, size[1] - 5, r)],
    size[2],
    [0, 0, 0],
  );
  for (const z of [-1, 0.1, 1])
    b.prism(
      z === 0.1 ? "polyester" : "leather",
      [roundedRing(size[0], size[1], r)],
      1.8,
      [0, 0, (z * size[2]) / 2],
      { texture: textured(random, "soft", 0.15, 1.5) },
    );
  zip(b, random, [
    [-size[0] * 0.42, size[1] * 0.4, 0],
    [0, size[1] * 0.43, 0],
    [size[0] * 0.42, size[1] * 0.4, 0],
  ]);
  b.prism("zamak", [roundRing(26, 26, 12), roundRing(18, 18, 12)], 4, [
    -size[0] * 0.4,
    -size[1] * 0.3,
    size[2] / 2,
  ]);
  b.prism("zamak", [roundRing(26, 26, 12), roundRing(18, 18, 12)], 4, [
    size[0] * 0.4,
    -size[1] * 0.3,
    size[2] / 2,
  ]);
  b.wire("leather", tangle(random, [size[0] * 0.5, size[1] * 0.5, 4], 16, 26), 9, { density: 0.7 });
  b.cylinder("magnet", [16, 16, 4], [0, size[1] * 0.2, size[2] / 2]);
  return b.done("leather bag", {
    group: "leather-wood",
    hs6: random.pick(["420221", "420231", "420330"]),
    description: random.pick(["handbag", "wallet", "leather belt"]),
    price: 55,
  });
}
