import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import { aboutZ, LAY_Z_ALONG_X, type Vector } from "../scene/geometry.ts";
import { circuit } from "./batteries.ts";
import { type Item, ItemBuilder, roundedRing, roundRing, type Trade, textured } from "./item.ts";

const TRADE: Trade = { group: "chemicals", hs6: "360200", description: "prepared explosives", price: 300 };
const FIREWORK: Trade = { group: "chemicals", hs6: "360490", description: "pyrotechnic articles", price: 25 };

/** Military blocks, sheet, sticks, granular stuff in bags, pipes, improvised devices: the explosive is the target. */
export function explosive(random: Random): Item {
  return random.weighted([
    [() => blocks(random), 3],
    [() => sheet(random), 1.2],
    [() => sticks(random), 2.5],
    [() => granular(random), 1.8],
    [() => pipe(random), 2.5],
    [() => improvised(random), 3],
  ] as const)();
}

/** Demolition blocks in their film or cardboard, with or without a detonator in the cap well. */
function blocks(random: Random): Item {
  const b = new ItemBuilder(random);
  const [material, size] = random.pick<readonly [MaterialName, Vector]>([
    ["plasticRdx", [280, 51, 38]],
    ["plasticRdx", [178, 50, 50]],
    ["plasticPetn", [150, 50, 30]],
    ["plasticPetn", [220, 110, 35]],
    ["tnt", [178, 45, 45]],
    ["tnt", [100, 50, 25]],
    ["tnt", [100, 50, 50]],
  ]);
  const count = random.int(1, size[0] * size[1] > 15_000 ? 2 : 4);
  const cast = material === "tnt";
  for (let i = 0; i < count; i++) {
    const at: Vector = [random.range(-3, 3), Math.floor(i / 2) * (size[1] + 2), (i % 2) * (size[2] + 1)];
    b.beginTarget("explosive");
    b.box(material, size, at, { texture: textured(random, "soft", cast ? 0.02 : 0.05, 2) });
    b.endTarget();
    b.box(
      cast ? "cellulose" : "polyethylene",
      [size[0] + 2, size[1] + 2, 0.5],
      [at[0], at[1], at[2] + size[2] / 2],
    );
    if (!cast) continue;
    for (const s of [-1, 1])
      b.box("tinplate", [0.5, size[1], size[2]], [at[0] + (s * size[0]) / 2, at[1], at[2]]);
    b.cylinder("aluminium", [8, 8, 40], [at[0] + size[0] / 2 - 20, at[1], at[2]], {
      turn: LAY_Z_ALONG_X,
      density: 0.6,
    });
  }
  if (random.chance(0.5)) detonator(b, random, [size[0] / 2 + 6, 0, 0]);
  return b.done("demolition blocks", TRADE);
}

/** Cap of aluminium or copper with its charge, lying along x, and two lead wires in loose loops. */
function detonator(b: ItemBuilder, random: Random, at: Vector): void {
  const length = random.range(45, 68);
  b.cylinder(random.pick(["aluminium", "copper"] as const), [7, 7, length], at, {
    turn: LAY_Z_ALONG_X,
    density: 1.6,
  });
  b.cylinder("lead", [5.6, 5.6, 13], [at[0] - length / 2 + 9, at[1], at[2]], {
    turn: LAY_Z_ALONG_X,
    density: 3.2,
  });
  b.cylinder("rubber", [7, 7, 10], [at[0] + length / 2 - 4, at[1], at[2]], { turn: LAY_Z_ALONG_X });
  for (const s of [-1, 1]) loops(b, random, [at[0] + length / 2, at[1] + s, at[2]], "copper", 1.3);
}

/** A wire that leaves `at` and lies in a few loops beside it. */
function loops(b: ItemBuilder, random: Random, at: Vector, material: MaterialName, diameter: number): void {
  const points: Vector[] = [at];
  const turns = random.range(1, 2.5);
  const r = random.range(14, 30);
  for (let i = 0; i <= turns * 12; i++) {
    const angle = Math.PI + (i / 12) * 2 * Math.PI;
    const wide = r * random.range(0.9, 1.1);
    points.push([
      at[0] + r + wide * Math.cos(angle) - i * 0.6,
      at[1] + wide * Math.sin(angle),
      at[2] + i * 0.2,
    ]);
  }
  b.wire(material, points, diameter);
}

/** Flexible sheet charges, stacked or cut in strips. */
function sheet(random: Random): Item {
  const b = new ItemBuilder(random);
  const size = [random.range(150, 260), random.range(90, 190), random.range(3, 7)] as const;
  const layers = random.int(1, 5);
  b.beginTarget("explosive");
  for (let i = 0; i < layers; i++)
    b.prism("plasticPetn", [roundedRing(size[0] - i * 3, size[1] - i * 2, 6)], size[2], [
      random.range(-4, 4),
      random.range(-4, 4),
      i * (size[2] + 0.6),
    ]);
  b.endTarget();
  b.box("polyethylene", [size[0] + 6, size[1] + 6, 0.2], [0, 0, layers * (size[2] + 0.6)]);
  if (random.chance(0.55)) detonator(b, random, [size[0] / 2 - 20, 0, layers * (size[2] + 0.6)]);
  return b.done("sheet explosive", TRADE, "flat");
}

/** Cartridges of dynamite or emulsion, single or taped to a bundle, with fuse or detonator. */
function sticks(random: Random): Item {
  const b = new ItemBuilder(random);
  const d = random.range(24, 40);
  const length = random.range(140, 210);
  const count = random.pick([1, 2, 3, 3, 4, 6, 7]);
  const bundled = count > 1;
  b.beginTarget("explosive");
  const places = bundle(count, d + 0.6);
  for (const [y, z] of places)
    b.cylinder("dynamite", [d, d, length], [random.range(-3, 3), y, z], {
      turn: LAY_Z_ALONG_X,
      texture: textured(random, "soft", 0.06, 1.5),
    });
  b.endTarget();
  for (const [y, z] of places)
    for (const s of [-1, 1])
      b.cylinder("paper", [d + 1, d + 1, 5], [(s * length) / 2, y, z], { turn: LAY_Z_ALONG_X, density: 0.9 });
  if (bundled)
    for (const x of [-0.28, 0.28]) {
      const high = Math.max(...places.map(([, z]) => z)) + d;
      const wide = Math.max(...places.map(([y]) => Math.abs(y))) * 2 + d;
      b.box("pvc", [24, wide + 2, 0.7], [x * length, 0, high - d / 2]);
      b.box("pvc", [24, wide + 2, 0.7], [x * length, 0, -d / 2]);
    }
  if (random.chance(0.6)) detonator(b, random, [length / 2 - 5, 0, 0]);
  else loops(b, random, [length / 2 - 20, 0, 0], "pvc", 5);
  return b.done("explosive sticks", TRADE);
}

/** Middles (y, z) of `count` round things lying close. */
function bundle(count: number, d: number): (readonly [number, number])[] {
  if (count === 7) {
    const ring = Array.from(
      { length: 6 },
      (_, i) => [d * Math.cos((i * Math.PI) / 3), d * Math.sin((i * Math.PI) / 3)] as const,
    );
    return [[0, 0], ...ring];
  }
  const wide = count > 3 ? Math.ceil(count / 2) : count;
  return Array.from(
    { length: count },
    (_, i) => [((i % wide) - (wide - 1) / 2) * d, Math.floor(i / wide) * d] as const,
  );
}

/** Prills or powder in bags and tubs. */
function granular(random: Random): Item {
  const b = new ItemBuilder(random);
  const material = random.pick(["anfo", "anfo", "blackPowder", "flashPowder", "tnt"] as const);
  const density = material === "tnt" ? 0.9 : undefined;
  const texture = { texture: textured(random, "grain", material === "anfo" ? 0.22 : 0.1, 1.4) };
  const options = density === undefined ? texture : { ...texture, density };
  if (random.chance(0.4)) {
    const d = random.range(70, 120);
    const h = random.range(70, 150);
    b.cylinder("polyethylene", [d, d, h], [0, 0, 0]);
    b.cylinder("polyethylene", [d - 3, d - 3, h - 3], [0, 0, 0], { density: -0.95 });
    b.cylinder("polyethylene", [d + 4, d + 4, 14], [0, 0, h / 2]);
    b.beginTarget("explosive")
      .cylinder(material, [d - 3, d - 3, h * 0.78], [0, 0, -h * 0.1], options)
      .endTarget();
  } else {
    const size = [random.range(110, 220), random.range(80, 150), random.range(30, 70)] as const;
    b.beginTarget("explosive");
    b.ellipsoid(material, size, [0, 0, 0], options);
    b.endTarget();
    b.prism("polyethylene", [roundedRing(size[0] * 1.25, size[1] * 1.15, 10)], 0.25, [size[0] * 0.08, 0, 0]);
    b.wire(
      "steel",
      [
        [size[0] * 0.62, -9, 0],
        [size[0] * 0.62, 9, 0],
      ],
      2,
    );
  }
  if (random.chance(0.35)) detonator(b, random, [0, 0, 10]);
  return b.done("granular explosive", TRADE);
}

/** Pipe with threaded end caps, powder inside, fuse or wires through a hole. */
function pipe(random: Random): Item {
  const b = new ItemBuilder(random);
  const metal = random.weighted([
    ["steel", 5],
    ["pvc", 2],
    ["copper", 1],
    ["aluminium", 1],
  ] as const);
  const wall =
    metal === "steel" ? random.range(2.6, 4) : metal === "pvc" ? random.range(3, 5) : random.range(1.2, 2.5);
  const d = random.range(26, 62);
  const length = random.range(110, 280);
  const density = { steel: 7.85, pvc: 1.4, copper: 8.94, aluminium: 2.7 }[metal];
  const along = { turn: LAY_Z_ALONG_X };
  b.cylinder(metal, [d, d, length], [0, 0, 0], along);
  b.cylinder(metal, [d - 2 * wall, d - 2 * wall, length], [0, 0, 0], { ...along, density: -density });
  for (const s of [-1, 1]) {
    const x = s * (length / 2 - 6);
    b.prism(
      metal,
      [roundRing(d + 4 * wall, d + 4 * wall, random.chance(0.5) ? 6 : 18), roundRing(d, d, 18)],
      26,
      [x, 0, 0],
      along,
    );
    b.cylinder(metal, [d + 3 * wall, d + 3 * wall, wall * 1.4], [s * (length / 2 + 6), 0, 0], along);
  }
  const filler = random.pick([
    "blackPowder",
    "blackPowder",
    "flashPowder",
    "smokelessPowder",
    "tnt",
  ] as const);
  b.beginTarget("explosive");
  b.cylinder(filler, [d - 2 * wall, d - 2 * wall, length * random.range(0.8, 0.98)], [0, 0, 0], {
    ...along,
    ...(filler === "tnt" ? { density: 0.95 } : {}),
    texture: textured(random, "grain", 0.08, 1.5),
  });
  b.endTarget();
  const hole: Vector = [random.range(-0.2, 0.2) * length, 0, d / 2];
  if (random.chance(0.5)) loops(b, random, hole, "pvc", random.range(3, 5));
  else for (const s of [-1, 1]) loops(b, random, [hole[0], s, hole[2]], "copper", 1.3);
  return b.done("pipe charge", random.chance(0.4) ? FIREWORK : TRADE);
}

/** A charge in a tin, tub or wrap with a power source, a switch or board, a detonator and its wires. */
function improvised(random: Random): Item {
  const b = new ItemBuilder(random);
  const material = random.pick(["plasticPetn", "plasticRdx", "anfo", "flashPowder", "tnt"] as const);
  const charge: Vector = [random.range(75, 150), random.range(55, 100), random.range(28, 60)];
  const kind = random.pick(["tin", "tub", "wrap", "case"] as const);
  b.beginTarget("explosive");
  const texture = textured(random, "soft", 0.07, 1.4);
  if (kind === "tin") b.cylinder(material, [charge[1], charge[1], charge[2] * 1.4], [0, 0, 0], { texture });
  else
    b.prism(material, [roundedRing(charge[0], charge[1], kind === "wrap" ? 14 : 6)], charge[2], [0, 0, 0], {
      texture,
    });
  b.endTarget();
  if (kind === "tin") {
    const d = charge[1] + 2;
    const h = charge[2] * 1.4 + 6;
    b.prism("tinplate", [roundRing(d, d, 26), roundRing(d - 0.5, d - 0.5, 26)], h, [0, 0, 0]);
    for (const s of [-1, 1]) b.cylinder("tinplate", [d, d, 0.25], [0, 0, (s * h) / 2]);
  } else if (kind === "tub" || kind === "case") {
    const shell = kind === "tub" ? "polyethylene" : "abs";
    const [l, w, h] =
      kind === "tub"
        ? [charge[0] + 5, charge[1] + 5, charge[2] + 6]
        : [charge[0] + 90, charge[1] + 24, charge[2] + 10];
    const x = kind === "tub" ? 0 : 38;
    const ring = roundedRing(l, w, 8);
    b.prism(shell, [ring, roundedRing(l - 4, w - 4, 7)], h, [x, 0, 0]);
    for (const s of [-1, 1]) b.prism(shell, [ring], 2, [x, 0, (s * h) / 2]);
  } else {
    for (const s of [-1, 1]) b.box("pvc", [charge[0], charge[1] + 2, 0.8], [0, 0, (s * charge[2]) / 2]);
    b.box("pvc", [46, charge[1] + 4, 1], [0, 0, charge[2] / 2 + 1]);
  }
  if (random.chance(0.25)) nails(b, random, charge);
  firingSet(b, random, charge);
  return b.done("improvised device", { ...TRADE, hs6: "360490", description: "pyrotechnic articles" });
}

/** Battery (alkaline), board or switch, detonator and the wires between them, beside the charge. */
function firingSet(b: ItemBuilder, random: Random, charge: Vector): void {
  const x = charge[0] / 2 + 26;
  if (random.chance(0.5)) {
    b.box("alkaline", [25, 17, 46], [x, charge[1] * 0.2, 0], {
      turn: [1, 0, 0, 0, 0, 1, 0, -1, 0],
      density: 2,
    });
    b.box("steel", [24, 4, 8], [x, charge[1] * 0.2 - 24, 0], { density: 2.4 });
  } else
    for (let i = 0; i < random.pick([2, 4]); i++) {
      b.cylinder(
        "alkaline",
        [14.2, 14.2, 49],
        [x + (i % 2) * 15, charge[1] * 0.1, Math.floor(i / 2) * 15 - 7],
        {
          turn: [1, 0, 0, 0, 0, 1, 0, -1, 0],
        },
      );
    }
  const board: Vector = [x + 6, -charge[1] * 0.32, 0];
  circuit(b, random, [random.range(34, 60), random.range(22, 38)], board);
  detonator(b, random, [charge[0] * 0.18, random.range(-8, 8), charge[2] * 0.1]);
  for (let n = 0; n < random.int(2, 4); n++) {
    const y = random.range(-0.4, 0.4) * charge[1];
    b.wire(
      "cable",
      [
        [charge[0] * 0.3, y, charge[2] * 0.3],
        [x - 8, y + random.range(-20, 20), charge[2] * 0.4],
        [x + random.range(4, 24), random.range(-0.3, 0.3) * charge[1], 4],
        board,
      ],
      random.range(1.4, 2.6),
    );
  }
}

/** Nails or screws packed about the charge. */
function nails(b: ItemBuilder, random: Random, charge: Vector): void {
  for (let i = 0; i < 26; i++) {
    const at: Vector = [
      random.range(-0.48, 0.48) * charge[0],
      random.range(-0.48, 0.48) * charge[1],
      random.range(0.3, 0.55) * charge[2],
    ];
    b.box("steel", [random.range(25, 48), 2.8, 2.8], at, { turn: aboutZ(random.range(0, 3.14)), density: 6 });
  }
}
