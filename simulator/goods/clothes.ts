import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import { aboutZ, type Vector } from "../scene/geometry.ts";
import { type Item, ItemBuilder, textured } from "./item.ts";

/**
 * Folded clothes laid over the whole room of a bag (`room` in mm): panels of two to eight plies whose straight
 * folds and wavy hems give the many fine edges that cloth shows, with seams, buttons and a zip here and there.
 */
export function clothesLayer(random: Random, room: Vector): Item {
  const b = new ItemBuilder(random);
  const [l, w] = [room[0] * random.range(0.9, 0.99), room[1] * random.range(0.9, 0.99)];
  const thick = random.range(14, 34);
  const pieces = random.int(2, 4);
  for (let i = 0; i < pieces; i++) piece(b, random, [l, w, thick], i, pieces);
  const item = b.done("folded clothes", {
    group: "textiles",
    hs6: "610910",
    description: random.pick(["cotton t-shirt", "trousers", "knitted pullover", "dress"]),
    price: 20,
  });
  return { ...item, rests: "flat", place: "layer" };
}

/** One garment folded to a part of the layer: its plies end at different places. */
function piece(b: ItemBuilder, random: Random, size: Vector, n: number, pieces: number): void {
  const material: MaterialName = random.pick(["cotton", "cotton", "cotton", "polyester", "wool"] as const);
  const along = (size[0] / pieces) * (n + 0.5) - size[0] / 2;
  const l = Math.min(size[0] * random.range(0.9, 1.35) * (1.2 / pieces), size[0]);
  const w = size[1] * random.range(0.8, 1);
  const x = clamp(along + random.range(-12, 12), size[0] / 2 - l / 2);
  const y = clamp(random.range(-20, 20), size[1] / 2 - w / 2);
  const plies = random.int(3, 4);
  const density = random.range(0.16, 0.38);
  const turn = random.range(-0.03, 0.03);
  for (let k = 0; k < plies; k++) {
    const whole = k === 0;
    const pl = whole ? l : l * random.range(0.3, 0.95);
    const pw = whole ? w : w * random.range(0.3, 0.98);
    const px = x + (whole ? 0 : (random.chance(0.5) ? 1 : -1) * ((l - pl) / 2) * random.range(0.7, 1));
    const py = y + (whole ? 0 : (random.chance(0.5) ? 1 : -1) * ((w - pw) / 2) * random.range(0.7, 1));
    b.prism(material, [wavy(random, pl, pw)], size[2] / plies, [px, py, (k + 0.5) * (size[2] / plies)], {
      density,
      turn: aboutZ(turn),
      texture: textured(random, "wrinkle", random.range(0.18, 0.45), random.range(0.6, 1.3)),
    });
  }
  trim(b, random, material, [x, y, size[2] / 2], [l, w]);
}

function clamp(value: number, limit: number): number {
  const most = Math.max(0, limit);
  return Math.max(-most, Math.min(most, value));
}

/** Rectangle whose sides bulge a little, as folds and hems do. */
function wavy(random: Random, length: number, wide: number): number[] {
  const ring: number[] = [];
  const corners = [
    [-0.5, -0.5, 1, 0],
    [0.5, -0.5, 0, 1],
    [0.5, 0.5, -1, 0],
    [-0.5, 0.5, 0, -1],
  ] as const;
  for (const [cx, cy, dx, dy] of corners)
    for (let i = 0; i < 4; i++) {
      const f = i / 4;
      const inwards = random.range(0, 0.035);
      const px = (cx + dx * f) * (1 - inwards * Math.abs(dy));
      const py = (cy + dy * f) * (1 - inwards * Math.abs(dx));
      ring.push(px * length * random.range(0.985, 1), py * wide * random.range(0.985, 1));
    }
  return ring;
}

function trim(
  b: ItemBuilder,
  random: Random,
  material: MaterialName,
  at: Vector,
  size: readonly [number, number],
): void {
  const [l, w] = [size[0] * 0.44, size[1] * 0.44];
  const seams = random.int(2, 4);
  for (let i = 0; i < seams; i++) {
    const f = random.range(-0.9, 0.9);
    const sway = random.range(-8, 8);
    const points: Vector[] = random.chance(0.5)
      ? [
          [at[0] - l, at[1] + f * w, at[2]],
          [at[0], at[1] + f * w + sway, at[2]],
          [at[0] + l, at[1] + f * w, at[2]],
        ]
      : [
          [at[0] + f * l, at[1] - w, at[2]],
          [at[0] + f * l + sway, at[1], at[2]],
          [at[0] + f * l, at[1] + w, at[2]],
        ];
    b.wire(material, points, random.range(2, 3.4), { density: 0.9 });
  }
  const y = at[1] + random.range(-0.7, 0.7) * w;
  if (random.chance(0.35))
    for (let i = 0; i < 6; i++)
      b.cylinder("polyester", [11, 11, 3], [at[0] + ((i - 2.5) / 3) * l, y, at[2]], { density: 1.35 });
  if (random.chance(0.3))
    zipper(b, random, [
      [at[0] - l * 0.6, y, at[2]],
      [at[0], y + 6, at[2]],
      [at[0] + l * 0.6, y, at[2]],
    ]);
  if (random.chance(0.18)) b.cylinder("brass", [17, 17, 4], [at[0], y + 12, at[2]], { density: 4 });
}

/** Two rows of teeth on their tapes, as one line of metal or nylon, with slider and puller. */
export function zipper(b: ItemBuilder, random: Random, points: readonly Vector[]): void {
  const metal = random.weighted([
    ["brass", 3],
    ["zamak", 1],
    ["nylon", 3],
  ] as const);
  b.wire("polyester", points, 9, { density: 0.12 });
  b.wire(metal, points, metal === "nylon" ? 3.6 : 3, { density: metal === "nylon" ? 1 : 2.6 });
  const end = points[random.int(0, points.length - 1)] as Vector;
  b.box("zamak", [11, 9, 4.5], end, { density: 4.4 });
  const swing = random.range(0, 6.28);
  b.box("zamak", [26, 5, 1.8], [end[0] + 13 * Math.cos(swing), end[1] + 13 * Math.sin(swing), end[2]], {
    turn: aboutZ(swing),
  });
}
