import { zipper } from "../goods/clothes.ts";
import { ItemBuilder, roundedRing, roundRing, textured } from "../goods/item.ts";
import type { Random } from "../random.ts";
import { LAY_Z, type Vector } from "../scene/geometry.ts";
import type { Parcel } from "../scene/parcel.ts";

export interface Luggage extends Parcel {
  readonly kind: "suitcase" | "backpack" | "handbag";
}

const SHELL = { group: "other", hs6: "420212", description: "luggage", price: 0 } as const;

/** A bag as it lies on the belt; its origin is in the middle of the floor of the room inside. */
export function makeLuggage(random: Random): Luggage {
  return random.weighted([
    [() => suitcase(random), 5],
    [() => backpack(random), 3],
    [() => handbag(random), 2],
  ] as const)();
}

function finished(kind: Luggage["kind"], inner: Vector, b: ItemBuilder): Luggage {
  const packaging = b.done(kind, SHELL, "any", [0, 0, inner[2] / 2]);
  const [x, y, z] = packaging.half;
  return { kind, inner, outer: [2 * x, 2 * y, 2 * z], packaging };
}

/** Closed line of points along a rounded rectangle at height z. */
function around(length: number, wide: number, radius: number, z: number): Vector[] {
  const ring = roundedRing(length, wide, radius, 4);
  const points: Vector[] = [];
  for (let i = 0; i < ring.length; i += 2) points.push([ring[i] as number, ring[i + 1] as number, z]);
  return [...points, points[0] as Vector];
}

/** Cabin or hold case: two shells, zip or frame between them, telescopic handle, wheels, corner pieces, lining. */
function suitcase(random: Random): Luggage {
  const hard = random.chance(0.55);
  const inner: Vector = [random.range(440, 560), random.range(310, 390), random.range(170, 230)];
  const [l, w, h] = inner;
  const b = new ItemBuilder(random);
  const wall = hard ? random.range(2.2, 3.2) : random.range(3, 6);
  const radius = random.range(24, 55);
  const outer = roundedRing(l + 2 * wall, w + 2 * wall, radius, 4);
  const material = hard ? "abs" : "polyester";
  const density = hard ? 1.1 : 0.45;
  b.prism(material, [outer, roundedRing(l, w, radius - wall, 4)], h, [0, 0, h / 2], { density });
  for (const z of [-wall / 2, h + wall / 2])
    b.prism(material, [outer], wall, [0, 0, z], {
      density,
      texture: textured(random, hard ? "soft" : "weave", hard ? 0.04 : 0.2, 1),
    });
  if (hard) ribs(b, random, inner, wall);
  seam(b, random, inner, radius);
  telescope(b, random, inner);
  wheels(b, random, inner);
  grip(b, random, [0, w / 2 + 4, h * 0.5], 150);
  lining(b, random, inner);
  return finished("suitcase", inner, b);
}

/** Pressed ridges along a hard shell. */
function ribs(b: ItemBuilder, random: Random, inner: Vector, wall: number): void {
  const count = random.int(4, 9);
  const across = random.chance(0.4);
  for (let i = 0; i < count; i++) {
    const f = (i + 0.5) / count - 0.5;
    const size: Vector = across ? [5, inner[1] * 0.9, 2 * wall] : [inner[0] * 0.9, 5, 2 * wall];
    b.box("abs", size, across ? [f * inner[0] * 0.9, 0, inner[2]] : [0, f * inner[1] * 0.9, inner[2]], {
      density: 0.5,
    });
  }
}

/** Where the two halves meet: zip with sliders, or an aluminium frame with latches. */
function seam(b: ItemBuilder, random: Random, inner: Vector, radius: number): void {
  const [l, w, h] = inner;
  const z = h * random.range(0.4, 0.6);
  if (random.chance(0.2)) {
    b.prism(
      "aluminium",
      [roundedRing(l + 6, w + 6, radius, 4), roundedRing(l, w, radius - 3, 4)],
      26,
      [0, 0, z],
      { density: 1.5 },
    );
    for (const x of [-0.3, 0.3]) b.box("zamak", [44, 14, 30], [x * l, w / 2 + 2, z], { density: 3 });
  } else zipper(b, random, around(l + 2, w + 2, radius, z));
  b.wire("pvc", around(l - 4, w - 4, radius, z + 20), 4, { density: 1.2 });
  b.wire("pvc", around(l - 6, w - 6, radius, z - 20), 4, { density: 1.2 });
}

/** Two tubes in tubes along the floor, the grip at one end, the plate with the wheels at the other. */
function telescope(b: ItemBuilder, random: Random, inner: Vector): void {
  const [l, w] = inner;
  const apart = random.range(0.24, 0.5) * w;
  const metal = random.pick(["aluminium", "aluminium", "steel"] as const);
  for (const s of [-1, 1]) {
    b.box(metal, [l * 0.97, 17, 11], [0, (s * apart) / 2, 7], { density: metal === "steel" ? 1.1 : 1.0 });
    for (const e of [-1, 1]) b.box(metal, [l * 0.97, 1.6, 11], [0, (s * apart) / 2 + e * 8, 7]);
    b.box("steel", [12, 10, 8], [l * random.range(0.1, 0.4), (s * apart) / 2, 7], { density: 3 });
    for (const x of [-0.44, 0.44]) b.cylinder("steel", [5, 5, 16], [x * l, s * (apart / 2 + 16), 8]);
  }
  b.box("nylon", [26, apart + 44, 22], [l / 2 + 8, 0, 8], { density: 0.8 });
  b.box("steel", [3, apart, 3], [l / 2 + 14, 0, 8]);
  b.box("nylon", [34, apart + 70, 14], [-l / 2 + 20, 0, 7], { density: 0.7 });
}

function wheels(b: ItemBuilder, random: Random, inner: Vector): void {
  const [l, w, h] = inner;
  const spinner = random.chance(0.6);
  const d = spinner ? random.range(36, 50) : random.range(48, 64);
  for (const y of [-1, 1])
    for (const z of spinner ? [24, h - 24] : [22]) {
      const at: Vector = [-l / 2 - 14, y * (w / 2 - 34), z];
      b.box("nylon", [36, 46, 36], [at[0] + 18, at[1], at[2]], { density: 0.5 });
      for (const side of spinner ? [-9, 9] : [0])
        b.prism(
          "rubber",
          [roundRing(d, d, 16), roundRing(d * 0.3, d * 0.3, 10)],
          spinner ? 12 : 22,
          [at[0], at[1] + side, at[2]],
          { turn: LAY_Z },
        );
      b.cylinder("steel", [8, 8, 36], at, { turn: LAY_Z });
      for (const x of [14, 30])
        for (const e of [-14, 14]) b.cylinder("steel", [4, 4, 18], [at[0] + x, at[1] + e, at[2]]);
    }
}

/** Carrying grip: rubber over a steel strip, two rivets each end. */
function grip(b: ItemBuilder, random: Random, at: Vector, length: number): void {
  b.box("rubber", [length, 14, 22], at, { density: 0.8 });
  b.box("steel", [length * 1.1, 3, random.range(10, 16)], at);
  for (const s of [-1, 1])
    for (const e of [-8, 8])
      b.cylinder("steel", [7, 7, 10], [at[0] + s * length * 0.52, at[1] - 4, at[2] + e]);
}

/** Cloth, elastic straps with a buckle, a meshed pocket with its own zip. */
function lining(b: ItemBuilder, random: Random, inner: Vector): void {
  const [l, w, h] = inner;
  b.box("polyester", [l - 6, w - 6, 1.6], [0, 0, h / 2], {
    density: 0.4,
    texture: textured(random, "wrinkle", 0.6, 0.7),
  });
  for (const s of [-1, 1])
    b.box("polyester", [26, w * 0.95, 1.6], [s * l * 0.18, 0, h * 0.5], {
      density: 0.9,
      turn: [0.98, -s * 0.2, 0, s * 0.2, 0.98, 0, 0, 0, 1],
    });
  b.prism("nylon", [roundedRing(60, 42, 6), roundedRing(36, 24, 4)], 8, [0, 0, h * 0.5]);
  const y = random.range(-0.3, 0.3) * w;
  zipper(b, random, [
    [-l * 0.42, y, h - 4],
    [0, y + 3, h - 4],
    [l * 0.42, y, h - 4],
  ]);
}

/** Cloth bag with three zips, foam back, webbing and plastic buckles. */
function backpack(random: Random): Luggage {
  const inner: Vector = [random.range(360, 460), random.range(240, 310), random.range(120, 180)];
  const [l, w, h] = inner;
  const b = new ItemBuilder(random);
  const ring = roundedRing(l + 12, w + 12, 60, 4);
  const cloth = { density: random.range(0.4, 0.7), texture: textured(random, "weave", 0.2, 1) };
  b.prism("polyester", [ring, roundedRing(l + 8, w + 8, 58, 4)], h, [0, 0, h / 2], { density: 0.7 });
  b.prism("polyester", [ring], 3, [0, 0, h + 1.5], cloth);
  b.prism("foam", [ring], 11, [0, 0, -5.5], { density: random.range(0.05, 0.12) });
  b.wire("pvc", around(l + 6, w + 6, 58, 3), 4.5, { density: 1.1 });
  b.wire("pvc", around(l + 6, w + 6, 58, h - 3), 4.5, { density: 1.1 });
  zipper(b, random, around(l * 0.94, w * 0.96, 56, h * 0.7).slice(2, 17));
  const p = around(l * 0.5, w * 0.78, 40, h + 4).map(
    (point): Vector => [point[0] - l * 0.2, point[1], point[2]],
  );
  zipper(b, random, p.slice(0, 13));
  for (const s of [-1, 1]) {
    b.prism("foam", [roundedRing(l * 0.7, 62, 26)], 9, [l * 0.1, s * w * 0.24, -12], { density: 0.1 });
    b.box("polyester", [l * 0.9, 24, 2], [-l * 0.02, s * w * 0.26, -13], { density: 0.9 });
    b.prism("nylon", [roundedRing(34, 40, 5), roundedRing(18, 26, 3)], 6, [-l * 0.3, s * w * 0.26, -12]);
    b.prism("nylon", [roundedRing(62, 30, 8), roundedRing(20, 14, 3)], 9, [-l * 0.42, s * w * 0.4, -8]);
  }
  b.box("polyester", [70, 26, 6], [l / 2 + 6, 0, 0], { density: 0.9 });
  if (random.chance(0.3))
    for (const s of [-1, 1]) b.box("aluminium", [l * 0.85, 14, 3], [0, s * w * 0.14, -9]);
  return finished("backpack", inner, b);
}

/** Leather or cloth bag with a metal zip, rings, a clasp and a strap or chain. */
function handbag(random: Random): Luggage {
  const inner: Vector = [random.range(240, 360), random.range(180, 270), random.range(80, 130)];
  const [l, w, h] = inner;
  const b = new ItemBuilder(random);
  const material = random.pick(["leather", "leather", "pvc", "polyester"] as const);
  const ring = roundedRing(l + 6, w + 6, 30, 4);
  const density = material === "polyester" ? 0.6 : 0.95;
  b.prism(material, [ring, roundedRing(l, w, 28, 4)], h, [0, 0, h / 2], { density });
  for (const z of [-1.2, h + 1.2])
    b.prism(material, [ring], 2, [0, 0, z], { density, texture: textured(random, "soft", 0.1, 1.2) });
  b.wire(material, around(l + 4, w + 4, 30, h - 4), 4, { density: 1.2 });
  zipper(b, random, [
    [-l * 0.45, w * 0.44, h * 0.5],
    [0, w * 0.46, h * 0.5],
    [l * 0.45, w * 0.44, h * 0.5],
  ]);
  for (const s of [-1, 1]) {
    b.prism("zamak", [roundRing(30, 30, 16), roundRing(21, 21, 14)], 4.5, [s * l * 0.36, w * 0.42, h + 4]);
    for (const y of [-0.46, 0.4]) b.cylinder("zamak", [8, 8, 5], [s * l * 0.45, y * w, h + 2]);
  }
  b.cylinder("magnet", [17, 17, 5], [0, w * 0.3, h + 3]);
  strap(b, random, inner);
  return finished("handbag", inner, b);
}

function strap(b: ItemBuilder, random: Random, inner: Vector): void {
  const [l, w, h] = inner;
  const points = Array.from({ length: 30 }, (_, i): Vector => {
    const f = i / 29;
    return [l * 0.36 - f * l * 0.72, w * (0.42 - 0.5 * Math.sin(f * Math.PI)) + random.range(-3, 3), h + 7];
  });
  if (random.chance(0.4)) {
    b.wire("brass", points, 6, { density: 2.4 });
    for (const point of points) b.cylinder("brass", [7, 7, 3], point, { density: 4 });
  } else b.wire("leather", points, 15, { density: 0.4 });
}
