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

/** Cardboard box or padded bag with room for the bulkiest of `required` and, as far as one may be sent, the others. */
export function makeParcel(required: readonly Item[], others: readonly Item[], random: Random): Parcel {
  const volume = [...required, ...others].reduce((sum, { half }) => sum + 8 * half[0] * half[1] * half[2], 0);
  const side = Math.cbrt(volume * random.range(1.05, 1.9));
  let [l, w, h] = [
    Math.max(150, side * random.range(1.1, 1.7)),
    Math.max(110, side * random.range(0.85, 1.25)),
    Math.max(35, side * random.range(0.4, 0.9)),
  ];
  for (const [n, { half }] of (required.length > 0 ? required : others.slice(0, 1)).entries()) {
    const [a, b, c] = [...half].sort((one, other) => other - one) as [number, number, number];
    l = Math.max(l, 2.15 * a);
    w = Math.max(w, 2.15 * b);
    h = Math.max(h, (n === 0 ? 2.3 : 2.6) * c);
  }
  const inner: Vector = [Math.min(LARGEST[0], l), Math.min(LARGEST[1], w), Math.min(LARGEST[2], h)];
  return inner[2] < 90 && random.chance(0.6) ? bag(inner, random) : carton(inner, random);
}

/** Envelope, padded bag or flat carton just large enough for these goods; none longer than `room` (mm). */
export function makeEnvelope(items: readonly Item[], room: Vector, random: Random): Parcel {
  let [l, w, h] = [room[0] * random.range(0.55, 0.9), room[1] * random.range(0.55, 0.9), 3];
  for (const { half } of items) {
    const [a, b, c] = [...half].sort((one, other) => other - one) as [number, number, number];
    l = Math.max(l, 2.04 * a);
    w = Math.max(w, 2.04 * b);
    h = Math.max(h, 2.04 * c);
  }
  const pile = items.reduce((sum, { half }) => sum + 2.1 * Math.min(...half), 0);
  const inner: Vector = [Math.min(room[0], l), Math.min(room[1], w), Math.min(room[2], Math.max(h, pile))];
  if (room[2] < 40) return random.chance(0.75) ? envelope(inner, random) : paddedBag(inner, random);
  return random.weighted([
    [() => bag(inner, random), 3],
    [() => envelope(inner, random), 1],
    [() => carton(inner, random), 1.5],
  ] as const)();
}

function bag(inner: Vector, random: Random): Parcel {
  return random.chance(0.65) ? paddedBag(inner, random) : polyMailer(inner, random);
}

/** Paper envelope with its glued flaps, a window or a label, at times a cardboard stiffener. */
function envelope(inner: Vector, random: Random): Parcel {
  const [l, w, h] = inner;
  const b = new ItemBuilder(random);
  const sheet = random.range(0.1, 0.3);
  const size = [l + 12, w + 10] as const;
  for (const z of [-0.3, h + 0.3]) b.box("paper", [size[0], size[1], sheet], [0, 0, z]);
  b.box("paper", [size[0], size[1] * 0.3, 2 * sheet], [0, size[1] * 0.35, h + 0.6]);
  for (const s of [-1, 1]) b.box("paper", [14, size[1], 2 * sheet], [s * (size[0] / 2 - 7), 0, h + 0.6]);
  if (random.chance(0.3)) b.box("cellulose", [l, w, 1.4], [0, 0, -1], { density: 0.6 });
  b.box("paper", [70, 34, 0.15], [l * 0.2, -w * 0.1, h + 0.9]);
  return finished(inner, b);
}

/** Thin coextruded bag, sealed at both ends, crumpled. */
function polyMailer(inner: Vector, random: Random): Parcel {
  const [l, w, h] = inner;
  const b = new ItemBuilder(random);
  const ring = roundedRing(l + 40, w + 14, 10);
  for (const z of [-0.3, h + 0.3])
    b.prism("polyethylene", [ring], 0.14, [0, 0, z], { texture: textured(random, "wrinkle", 0.9, 0.8) });
  for (const s of [-1, 1]) b.box("polyethylene", [12, w + 14, 0.7], [s * (l / 2 + 13), 0, h / 2]);
  b.box("polyethylene", [34, w + 14, 0.5], [l / 2 - 6, 0, h + 0.6]);
  b.box("paper", [100, 100, 0.2], [-l * 0.1, 0, h + 0.8]);
  return finished(inner, b);
}

function finished(inner: Vector, b: ItemBuilder): Parcel {
  const packaging = b.done("packaging", PACKAGING, "any", [0, 0, inner[2] / 2]);
  const [x, y, z] = packaging.half;
  return { inner, outer: [2 * x, 2 * y, 2 * z], packaging };
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
  return finished(inner, b);
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
  return finished(inner, b);
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
