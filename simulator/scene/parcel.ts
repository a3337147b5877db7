import type { Item } from "../goods/item.ts";
import { ItemBuilder, roundedRing, textured } from "../goods/item.ts";
import type { Random } from "../random.ts";
import type { Vector } from "./geometry.ts";

export interface Parcel {
  /** Room for the contents, mm. */
  readonly inner: Vector;
  readonly outer: Vector;
  /** Walls, tape, label, padding; origin in the middle of the floor of the inner room. */
  readonly packaging: Item;
}

const LARGEST: Vector = [450, 350, 290];

/** Cardboard box or padded bag with room for the bulkiest of `required`. */
export function makeParcel(required: readonly Item[], volumeMm3: number, random: Random): Parcel {
  const slack = random.range(0.75, 1.7);
  const side = Math.cbrt(volumeMm3 * slack);
  let [l, w, h] = [
    side * random.range(1.1, 1.7),
    side * random.range(0.85, 1.25),
    side * random.range(0.4, 0.9),
  ];
  l = Math.max(150, l);
  w = Math.max(110, w);
  h = Math.max(35, h);
  for (const item of required) {
    const sorted = [...item.half].sort((a, b) => b - a) as [number, number, number];
    l = Math.max(l, 2.15 * sorted[0]);
    w = Math.max(w, 2.15 * sorted[1]);
    h = Math.max(h, 2.3 * sorted[2]);
  }
  const inner: Vector = [Math.min(LARGEST[0], l), Math.min(LARGEST[1], w), Math.min(LARGEST[2], h)];
  return inner[2] < 90 && random.chance(0.6) ? paddedBag(inner, random) : carton(inner, random);
}

function carton(inner: Vector, random: Random): Parcel {
  const wall = random.range(2.5, 6);
  const density = random.range(0.12, 0.2);
  const [l, w, h] = inner;
  const b = new ItemBuilder(random);
  for (const s of [-1, 1]) {
    b.box("cellulose", [l + 2 * wall, wall, h], [0, (s * (w + wall)) / 2, h / 2], { density });
    b.box("cellulose", [wall, w, h], [(s * (l + wall)) / 2, 0, h / 2], { density });
    // Top and bottom short flaps lie over each other in the projection: drawn once, twice as thick.
    b.box("cellulose", [w * 0.48, w + 2 * wall, 2 * wall], [s * (l / 2 - w * 0.24), 0, h], { density });
  }
  // Long flaps of top and bottom, and the tape along their seam, likewise.
  b.box("cellulose", [l + 2 * wall, w + 2 * wall, 2 * wall], [0, 0, 0], {
    density,
    texture: textured(random, "weave", 0.12, 1),
  });
  b.box("pvc", [l + 2 * wall, 48, 0.24], [0, random.range(-4, 4), h + wall]);
  filling(b, inner, random);
  b.box(
    "paper",
    [random.range(80, 150), random.range(60, 100), 0.2],
    [random.range(-0.2, 0.2) * l, random.range(-0.2, 0.2) * w, h + wall],
  );
  if (random.chance(0.12))
    for (let i = 0; i < 6; i++)
      b.box("copper", [14, 2.4, 1.2], [((i % 3) - 1) * l * 0.3, i < 3 ? 9 : -9, -wall / 2], { density: 7 });
  return {
    inner,
    outer: [l + 2 * wall, w + 2 * wall, h + 2 * wall],
    packaging: b.done("packaging", PACKAGING),
  };
}

function paddedBag(inner: Vector, random: Random): Parcel {
  const [l, w, h] = inner;
  const b = new ItemBuilder(random);
  const ring = roundedRing(l + 24, w + 16, 8);
  const film = { density: random.range(0.05, 0.1), texture: textured(random, "weave", 0.4, 1) };
  for (const z of [-2, h + 2]) {
    b.prism("polyethylene", [ring], 4, [0, 0, z], film);
    b.prism("cellulose", [ring], 0.3, [0, 0, z]);
  }
  for (const s of [-1, 1])
    b.box("polyethylene", [4, w + 16, 3], [s * (l / 2 + 9), 0, h / 2], { density: 0.5 });
  b.box("paper", [100, 70, 0.2], [0, 0, h + 4]);
  return { inner, outer: [l + 24, w + 16, h + 8], packaging: b.done("packaging", PACKAGING) };
}

/** Crumpled paper, air cushions or foam chips between the goods: so light that overlap does not matter. */
function filling(b: ItemBuilder, inner: Vector, random: Random): void {
  const [l, w, h] = inner;
  const kind = random.weighted([
    ["none", 4],
    ["paper", 4],
    ["cushions", 2],
    ["chips", 1],
  ] as const);
  if (kind === "paper") {
    for (let i = 0; i < 2; i++)
      b.box("cellulose", [l * random.range(0.7, 1), w * random.range(0.7, 1), h * 0.8], [0, 0, h / 2], {
        density: random.range(0.004, 0.016),
        texture: textured(random, "wrinkle", 0.95, random.range(0.5, 1.1)),
      });
  } else if (kind === "cushions") {
    for (let i = 0; i < 9; i++) {
      const at: Vector = [random.range(-0.34, 0.34) * l, random.range(-0.34, 0.34) * w, h / 2];
      const size: Vector = [l * 0.3, w * 0.3, h * 0.5];
      b.ellipsoid("polyethylene", size, at, { density: 0.012 });
      b.ellipsoid("polyethylene", [size[0] * 0.94, size[1] * 0.94, size[2] * 0.94], at, { density: -0.012 });
    }
  } else if (kind === "chips") {
    b.box("foam", [l * 0.98, w * 0.98, h * 0.8], [0, 0, h / 2], {
      density: random.range(0.006, 0.012),
      texture: textured(random, "grain", 0.9, 3),
    });
  }
}

const PACKAGING = { group: "other", hs6: "481910", description: "packaging", price: 0 } as const;
