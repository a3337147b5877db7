import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import { aboutZ, LAY_Z_ALONG_X, type Vector } from "../scene/geometry.ts";
import { type Item, ItemBuilder, roundedRing, roundRing, type Trade, textured } from "./item.ts";

const TRADE: Trade = { group: "chemicals", hs6: "293990", description: "organic powder", price: 2000 };

/** Pressed bricks, resin slabs, bags, doses, pellets, tablets and herb, in the wraps that such goods come in. */
export function narcotic(random: Random): Item {
  return random.weighted([
    [() => bricks(random), 4],
    [() => slabs(random), 2],
    [() => bag(random), 2],
    [() => doses(random), 1.5],
    [() => pellets(random), 1.5],
    [() => tablets(random), 1.5],
    [() => herb(random), 2],
  ] as const)();
}

/** Pressed kilogram, half or quarter bricks, wrapped in tape and rubber, often with a mark pressed in. */
function bricks(random: Random): Item {
  const b = new ItemBuilder(random);
  const material = random.pick(["narcoticSalt", "narcoticSalt", "narcoticBase"] as const);
  const size = random.pick<Vector>([
    [205, 135, 38],
    [185, 120, 32],
    [135, 95, 30],
    [120, 70, 25],
  ]);
  const scale = random.range(0.92, 1.08);
  const [l, w, h] = [size[0] * scale, size[1] * scale, size[2] * scale];
  const count = l > 150 ? random.int(1, 2) : random.int(1, 4);
  const mark = random.int(0, 3);
  const wrap = random.pick(["pvc", "pvc", "rubber", "polyethylene"] as const);
  const stacked = random.chance(0.5);
  for (let i = 0; i < count; i++) {
    const at: Vector = stacked
      ? [random.range(-4, 4), random.range(-4, 4), i * (h + 3)]
      : [0, i * (w + 4), 0];
    b.beginTarget("narcotic");
    // Two presses: the middle is full, the edge is bevelled.
    b.prism(material, [roundedRing(l, w, 5)], h * 0.62, at, { texture: textured(random, "soft", 0.05, 1.5) });
    for (const s of [-1, 1])
      b.prism(material, [roundedRing(l - 9, w - 9, 4)], h * 0.19, [at[0], at[1], at[2] + s * h * 0.405]);
    relief(b, mark, material, [at[0], at[1], at[2] + h * 0.42], w);
    b.endTarget();
    wrapping(b, random, wrap, [l, w, h], at);
  }
  return b.done("pressed bricks", TRADE, "flat");
}

/** The maker's mark: hollows of a few millimetres in the upper face. */
function relief(b: ItemBuilder, mark: number, material: MaterialName, at: Vector, wide: number): void {
  const hollow = { density: -1.02 };
  const r = wide * 0.42;
  if (mark === 1) b.prism(material, [roundRing(r, r, 20), roundRing(r * 0.62, r * 0.62, 20)], 5, at, hollow);
  else if (mark === 2) b.prism(material, [starRing(r * 0.62, r * 0.26)], 5, at, hollow);
  else if (mark === 3)
    for (const i of [-1, 0, 1])
      b.box(material, [wide * 0.12, wide * 0.5, 5], [at[0] + i * wide * 0.28, at[1], at[2]], hollow);
}

function starRing(outer: number, inner: number): number[] {
  return Array.from({ length: 10 }, (_, i) => {
    const r = i % 2 ? inner : outer;
    return [r * Math.cos((i * Math.PI) / 5), r * Math.sin((i * Math.PI) / 5)];
  }).flat();
}

/** Layers of film or tape: thicker where the ends are folded over, with bands wound across. */
function wrapping(b: ItemBuilder, random: Random, wrap: MaterialName, size: Vector, at: Vector): void {
  const [l, w, h] = size;
  const thick = random.range(0.4, 1.4);
  for (const s of [-1, 1]) {
    b.box(wrap, [l + 3, w + 3, thick], [at[0], at[1], at[2] + s * (h / 2 + thick / 2)]);
    b.box(wrap, [random.range(18, 42), w + 4, thick * 2.4], [at[0] + s * (l / 2 - 14), at[1], at[2] + h / 2]);
    b.box(wrap, [thick * 2, w + 3, h], [at[0] + s * (l / 2 + 1), at[1], at[2]]);
    b.box(wrap, [l + 3, thick * 2, h], [at[0], at[1] + s * (w / 2 + 1), at[2]]);
  }
  const bands = random.int(0, 3);
  for (let i = 0; i < bands; i++)
    b.box("pvc", [48, w + 5, 0.9], [at[0] + ((i + 0.5) / bands - 0.5) * l * 0.8, at[1], at[2] + h / 2 + 2]);
}

/** Plates of pressed resin, stamped, in stacks. */
function slabs(random: Random): Item {
  const b = new ItemBuilder(random);
  const [l, w, h] = [random.range(110, 160), random.range(55, 80), random.range(10, 18)];
  const high = random.int(1, 4);
  const wide = random.int(1, 3);
  const stamp = random.range(16, 30);
  b.beginTarget("narcotic");
  for (let j = 0; j < wide; j++)
    for (let k = 0; k < high; k++) {
      const at: Vector = [random.range(-3, 3), j * (w + 2.5), k * (h + 1)];
      b.prism("cannabis", [roundedRing(l, w, 6)], h, at, {
        density: 1.12,
        texture: textured(random, "soft", 0.08, 1.2),
      });
      b.prism("cannabis", [roundRing(stamp, stamp, 14)], 3, [at[0], at[1], at[2] + h / 2 - 1.5], {
        density: -1.1,
      });
    }
  b.endTarget();
  for (const s of [-1, 1])
    b.box(
      "polyethylene",
      [l + 8, wide * (w + 2.5) + 4, 0.5],
      [0, ((wide - 1) * (w + 2.5)) / 2, s > 0 ? high * (h + 1) : -h / 2 - 1],
    );
  return b.done("pressed resin", TRADE, "flat");
}

/** Lumpy powder in a knotted or zipped bag: lumps of crystal in finer stuff. */
function bag(random: Random): Item {
  const b = new ItemBuilder(random);
  const material = random.pick(["narcoticSalt", "narcoticSalt", "narcoticBase"] as const);
  const size = [random.range(90, 180), random.range(70, 130), random.range(26, 55)] as const;
  b.beginTarget("narcotic");
  b.ellipsoid(material, size, [0, 0, 0], { density: 0.5, texture: textured(random, "grain", 0.25, 1.6) });
  const lumps = random.int(7, 16);
  for (let i = 0; i < lumps; i++) {
    const d = random.range(9, 26);
    const angle = random.range(0, 6.28);
    const r = 0.36 * Math.sqrt(random.float());
    b.prism(material, [roundRing(d, d * random.range(0.6, 1), 7, random, 0.2)], d * 0.7, [
      r * size[0] * Math.cos(angle),
      r * size[1] * Math.sin(angle),
      random.range(-0.2, 0.2) * size[2],
    ]);
  }
  b.endTarget();
  const ring = roundedRing(size[0] * 1.3, size[1] * 1.15, 8);
  for (const z of [-0.4, 0.4]) b.prism("polyethylene", [ring], 0.15, [size[0] * 0.08, 0, z * size[2]]);
  b.box("polyethylene", [3, size[1] * 1.1, 2.4], [size[0] * 0.66, 0, 0]);
  return b.done("bag of powder", TRADE);
}

/** Tens of small knotted wraps of equal size. */
function doses(random: Random): Item {
  const b = new ItemBuilder(random);
  const material = random.pick(["narcoticSalt", "narcoticBase"] as const);
  const d = random.range(14, 24);
  const columns = random.int(4, 8);
  const rows = random.int(3, 6);
  b.beginTarget("narcotic");
  for (let i = 0; i < columns * rows; i++) {
    const at: Vector = [
      (i % columns) * d * 1.25 + random.range(-0.2, 0.2) * d,
      Math.floor(i / columns) * d * 1.25 + random.range(-0.2, 0.2) * d,
      random.range(-0.4, 0.4) * d,
    ];
    b.ellipsoid(material, [d, d * random.range(0.8, 1), d * 0.9], at, { turn: aboutZ(random.range(0, 3)) });
    b.box("polyethylene", [d * 0.7, 2.6, 2], [at[0] + d * 0.4, at[1], at[2]], {
      turn: aboutZ(random.range(0, 3)),
    });
  }
  b.endTarget();
  b.box(
    "polyethylene",
    [columns * d * 1.4, rows * d * 1.4, 0.2],
    [((columns - 1) * d * 1.25) / 2, ((rows - 1) * d * 1.25) / 2, d * 0.6],
  );
  return b.done("small wraps", TRADE);
}

/** Pressed pellets as swallowed by couriers: hard, even, rounded, in two coats. */
function pellets(random: Random): Item {
  const b = new ItemBuilder(random);
  const d = random.range(17, 25);
  const length = d * random.range(1.6, 2.4);
  const columns = random.int(2, 6);
  const rows = random.int(3, 7);
  b.beginTarget("narcotic");
  for (let i = 0; i < columns; i++)
    for (let j = 0; j < rows; j++) {
      const at: Vector = [i * (length + 2) + random.range(-2, 2), j * (d + 1.5), random.range(-2, 2)];
      const turn = { turn: aboutZ(random.range(-0.15, 0.15)) };
      b.ellipsoid("rubber", [length + 1.6, d + 1.6, d + 1.6], at, { ...turn, density: 0.16 });
      b.ellipsoid("narcoticSalt", [length, d, d], at, { ...turn, density: 1.2 });
    }
  b.endTarget();
  return b.done("pellets", TRADE);
}

/** Hundreds of tablets in a bag, lying in all directions. */
function tablets(random: Random): Item {
  const b = new ItemBuilder(random);
  const d = random.range(7.5, 11);
  const thick = random.range(3.4, 5);
  const count = random.int(90, 170);
  const reach = Math.sqrt(count) * d * 0.36;
  b.beginTarget("narcotic");
  for (let i = 0; i < count; i++) {
    const r = reach * Math.sqrt(random.float());
    const angle = random.range(0, 6.28);
    const at: Vector = [1.25 * r * Math.cos(angle), r * Math.sin(angle), random.range(-1, 1) * d];
    const edge = random.chance(0.25);
    b.cylinder("pills", [d, d, thick], at, { density: 1.35, ...(edge ? { turn: LAY_Z_ALONG_X } : {}) });
  }
  b.endTarget();
  b.prism("polyethylene", [roundedRing(reach * 3, reach * 2.4, 8)], 0.2, [0, 0, d * 1.5]);
  return b.done("bag of tablets", TRADE);
}

/** Flower heads pressed into a vacuum bag with its welded seams. */
function herb(random: Random): Item {
  const b = new ItemBuilder(random);
  const [l, w, h] = [random.range(150, 260), random.range(110, 190), random.range(28, 55)];
  const count = random.int(18, 34);
  b.beginTarget("narcotic");
  b.prism("cannabis", [roundedRing(l, w, 22)], h * 0.5, [0, 0, 0], {
    density: 0.16,
    texture: textured(random, "wrinkle", 0.5, 0.7),
  });
  for (let i = 0; i < count; i++) {
    const d = random.range(22, 42);
    b.ellipsoid(
      "cannabis",
      [d * 1.4, d, d * 0.8],
      [random.range(-0.42, 0.42) * l, random.range(-0.42, 0.42) * w, random.range(-0.2, 0.2) * h],
      {
        density: random.range(0.28, 0.46),
        turn: aboutZ(random.range(0, 3.14)),
        texture: textured(random, "grain", 0.4, 1.2),
      },
    );
  }
  b.endTarget();
  for (const s of [-1, 1]) {
    b.box("polyethylene", [10, w + 12, 0.9], [s * (l / 2 + 10), 0, 0]);
    b.prism("polyethylene", [roundedRing(l + 20, w + 14, 8)], 0.18, [0, 0, s * h * 0.45]);
  }
  return b.done("vacuum-packed herb", TRADE);
}
