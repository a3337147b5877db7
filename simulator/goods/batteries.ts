import type { Random } from "../random.ts";
import { LAY_Z, LAY_Z_ALONG_X, type Vector } from "../scene/geometry.ts";
import { type Item, ItemBuilder, roundedRing, textured } from "./item.ts";

export function battery(random: Random): Item {
  return random.weighted([
    [() => powerBank(random), 3],
    [() => cellPack(random), 3],
    [() => pouches(random), 2],
    [() => phone(random), 2],
    [() => laptop(random), 1.5],
    [() => tablet(random), 1],
    [() => drillPack(random), 1],
  ] as const)();
}

/** Round cells of 18650 / 21700 / 26650 size, standing along z or lying along x. */
function cell(
  b: ItemBuilder,
  at: Vector,
  diameter: number,
  length: number,
  lying: boolean,
  roll: "lithiumRoll" | "phosphateRoll",
): void {
  const turn = lying ? { turn: LAY_Z_ALONG_X } : {};
  b.cylinder("steel", [diameter, diameter, length], at, turn);
  b.cylinder("steel", [diameter - 0.6, diameter - 0.6, length - 1.2], at, { ...turn, density: -7.85 });
  const tip: Vector = lying ? [at[0] + length / 2 - 2, at[1], at[2]] : [at[0], at[1], at[2] + length / 2 - 2];
  b.cylinder(roll, [diameter - 1.2, diameter - 1.2, length - 6], at, turn);
  b.cylinder(roll, [2.5, 2.5, length - 8], at, { ...turn, density: -2.3 });
  b.cylinder("steel", [diameter * 0.5, diameter * 0.5, 3], tip, turn);
}

function cells(
  b: ItemBuilder,
  across: number,
  along: number,
  size: readonly [number, number],
  random: Random,
): void {
  const roll = random.chance(0.8) ? "lithiumRoll" : "phosphateRoll";
  const [diameter, length] = size;
  for (let i = 0; i < along; i++) {
    for (let j = 0; j < across; j++) {
      cell(
        b,
        [(i - (along - 1) / 2) * (length + 2), (j - (across - 1) / 2) * (diameter + 0.6), 0],
        diameter,
        length,
        true,
        roll,
      );
    }
  }
}

const SIZES = [
  [18.4, 65],
  [21.2, 70],
  [26, 65],
] as const;

function cellPack(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("battery");
  const size = random.pick(SIZES);
  const along = random.int(1, 3);
  const across = random.int(along === 1 ? 1 : 2, 6);
  cells(b, across, along, size, random);
  for (let j = 0; j < across - 1; j++) {
    b.box(
      "steel",
      [0.4, size[0] * 1.6, 7],
      [(along * (size[1] + 2)) / 2 - 0.5, (j - (across - 2) / 2) * size[0], 0],
    );
  }
  if (random.chance(0.6)) b.box("board", [50, 14, 1.6], [0, (across * size[0]) / 2 + 9, 0]);
  if (random.chance(0.6))
    b.wire(
      "copper",
      [
        [0, (across * size[0]) / 2, 3],
        [30, (across * size[0]) / 2 + 12, 5],
        [70, (across * size[0]) / 2 + 8, 3],
      ],
      1.8,
    );
  return b.endTarget().done("lithium cell pack", {
    group: "electronics",
    hs6: "850760",
    description: "lithium-ion battery pack",
    price: 45,
  });
}

function powerBank(random: Random): Item {
  const b = new ItemBuilder(random);
  const round = random.chance(0.35);
  const length = random.range(95, 160);
  const wide = random.range(58, 80);
  const thick = round ? 23 : random.range(12, 24);
  const shell = random.chance(0.3) ? "aluminium" : "abs";
  b.prism(shell, [roundedRing(length, wide, 8), roundedRing(length - 4, wide - 4, 7)], thick, [0, 0, 0]);
  b.prism(shell, [roundedRing(length, wide, 8)], 1.5, [0, 0, thick / 2]);
  b.prism(shell, [roundedRing(length, wide, 8)], 1.5, [0, 0, -thick / 2]);
  b.beginTarget("battery");
  if (round) cells(b, Math.max(2, Math.floor((wide - 6) / 19)), 1, SIZES[0], random);
  else b.prism("lithiumRoll", [roundedRing(length - 34, wide - 8, 3)], Math.max(6, thick - 5), [-10, 0, 0]);
  b.endTarget();
  circuit(b, random, [18, wide - 10], [length / 2 - 13, 0, 0]);
  b.box("steel", [9, 13, 5], [length / 2 - 8, wide * 0.2, 0], { density: 3.5 });
  b.box("steel", [7, 8, 3], [length / 2 - 8, -wide * 0.2, 0], { density: 3.5 });
  return b.done("power bank", {
    group: "electronics",
    hs6: "850760",
    description: "power bank, lithium-ion",
    price: 28,
  });
}

function pouches(random: Random): Item {
  const b = new ItemBuilder(random);
  const count = random.int(1, 6);
  const length = random.range(45, 130);
  const wide = random.range(30, 70);
  const thick = random.range(4, 9);
  b.beginTarget("battery");
  for (let i = 0; i < count; i++) {
    b.prism("lithiumRoll", [roundedRing(length, wide, 3)], thick, [0, 0, i * (thick + 1)]);
    b.box("nylon", [length + 8, wide + 2, 0.3], [4, 0, i * (thick + 1)]);
    b.box("copper", [10, 5, 0.3], [length / 2 + 5, wide * 0.25, i * (thick + 1)]);
    b.box("aluminium", [10, 5, 0.3], [length / 2 + 5, -wide * 0.25, i * (thick + 1)]);
  }
  b.endTarget();
  return b.done("lithium polymer pouch cells", {
    group: "electronics",
    hs6: "850760",
    description: "lithium polymer battery",
    price: 20,
  });
}

/** A populated circuit board in the x–y plane: tracks, chips, cans, connectors. */
export function circuit(b: ItemBuilder, random: Random, size: readonly [number, number], at: Vector): void {
  const [length, wide] = size;
  b.box("board", [length, wide, 1.5], at, { texture: textured(random, "grain", 0.35, 1.2) });
  const count = Math.min(34, Math.max(3, Math.round((length * wide) / random.range(180, 420))));
  for (let i = 0; i < count; i++) {
    const x = at[0] + random.range(-0.45, 0.45) * length;
    const y = at[1] + random.range(-0.45, 0.45) * wide;
    const kind = random.int(0, 9);
    const z = at[2] + 2;
    if (kind < 4) {
      const side = random.range(3, Math.min(14, wide * 0.6));
      b.box("chip", [side, side * random.range(0.5, 1), 1.6], [x, y, z]);
    } else if (kind < 6) b.box("solder", [random.range(2, 6), random.range(1.5, 3), 0.7], [x, y, z]);
    else if (kind < 7) b.cylinder("capacitor", [6, 6, random.range(5, 11)], [x, y, z + 4]);
    else if (kind < 8) b.box("ferrite", [7, 7, 4], [x, y, z + 1]);
    else b.box("steel", [random.range(6, 14), 6, 4], [x, y, z + 1], { density: 2.4 });
  }
}

export function phone(random: Random): Item {
  const b = new ItemBuilder(random);
  const length = random.range(132, 168);
  const wide = random.range(64, 79);
  const frame = random.pick(["aluminium", "aluminium", "abs", "stainless"] as const);
  b.prism(frame, [roundedRing(length, wide, 10), roundedRing(length - 4, wide - 4, 9)], 8, [0, 0, 0]);
  b.prism("glass", [roundedRing(length - 2, wide - 2, 9)], 1.1, [0, 0, 3.6]);
  b.prism(
    random.pick(["glass", "abs", "aluminium"] as const),
    [roundedRing(length - 2, wide - 2, 9)],
    0.8,
    [0, 0, -3.6],
  );
  b.prism("aluminium", [roundedRing(length - 6, wide - 6, 6)], 0.6, [0, 0, 1]);
  b.beginTarget("battery");
  b.box(
    "lithiumRoll",
    [length * random.range(0.5, 0.62), wide * random.range(0.5, 0.68), random.range(4, 5)],
    [-length * 0.06, wide * 0.1, -1],
  );
  b.endTarget();
  circuit(b, random, [26, wide - 10], [length / 2 - 22, 0, -1]);
  circuit(b, random, [10, wide - 16], [-length / 2 + 10, 0, -1]);
  b.cylinder("magnet", [11, 11, 4], [length / 2 - 14, -wide * 0.25, -1]);
  return b.done("mobile phone", {
    group: "electronics",
    hs6: "851713",
    description: "smartphone",
    price: 310,
  });
}

export function tablet(random: Random): Item {
  const b = new ItemBuilder(random);
  const length = random.range(195, 260);
  const wide = length * random.range(0.62, 0.72);
  b.prism("aluminium", [roundedRing(length, wide, 12)], 0.9, [0, 0, -3]);
  b.prism("glass", [roundedRing(length, wide, 12)], 1.1, [0, 0, 3]);
  b.prism("aluminium", [roundedRing(length, wide, 12), roundedRing(length - 4, wide - 4, 11)], 6, [0, 0, 0]);
  b.beginTarget("battery");
  b.box("lithiumRoll", [length * 0.36, wide * 0.74, 3.4], [-length * 0.21, 0, 0]);
  if (random.chance(0.6)) b.box("lithiumRoll", [length * 0.3, wide * 0.74, 3.4], [length * 0.16, 0, 0]);
  b.endTarget();
  circuit(b, random, [length * 0.12, wide * 0.8], [length * 0.4, 0, 0]);
  return b.done(
    "tablet",
    { group: "machinery", hs6: "847130", description: "tablet computer", price: 260 },
    "any",
  );
}

export function laptop(random: Random): Item {
  const b = new ItemBuilder(random);
  const length = random.range(285, 360);
  const wide = length * random.range(0.64, 0.72);
  const metal = random.chance(0.5);
  const shell = metal ? "aluminium" : "abs";
  b.prism(shell, [roundedRing(length, wide, 8)], metal ? 1.2 : 2.4, [0, 0, -8]);
  b.prism(shell, [roundedRing(length, wide, 8)], metal ? 1 : 2, [0, 0, 8]);
  b.box("glass", [length - 14, wide - 14, 1.2], [0, 0, 6]);
  b.box("aluminium", [length - 20, wide * 0.42, 0.6], [0, wide * 0.1, 1]);
  b.beginTarget("battery");
  const count = random.int(2, 4);
  const one = (length * 0.78) / count;
  const thick = random.range(5, 9);
  for (let i = 0; i < count; i++)
    b.box("lithiumRoll", [one - 4, wide * 0.3, thick], [(i - (count - 1) / 2) * one, -wide * 0.29, -2]);
  b.endTarget();
  circuit(b, random, [length * 0.5, wide * 0.4], [-length * 0.18, wide * 0.18, -2]);
  b.cylinder("aluminium", [58, 58, 6], [length * 0.3, wide * 0.2, -2], { density: 0.9 });
  b.cylinder("copper", [5, 3, length * 0.42], [length * 0.1, wide * 0.33, -1], {
    turn: LAY_Z_ALONG_X,
    density: 3,
  });
  b.cylinder("steel", [7, 7, length * 0.18], [-length * 0.32, wide * 0.49, 2], { turn: LAY_Z_ALONG_X });
  b.cylinder("steel", [7, 7, length * 0.18], [length * 0.32, wide * 0.49, 2], { turn: LAY_Z_ALONG_X });
  return b.done(
    "laptop",
    { group: "machinery", hs6: "847130", description: "laptop computer", price: 650 },
    "any",
  );
}

function drillPack(random: Random): Item {
  const b = new ItemBuilder(random);
  b.prism("abs", [roundedRing(78, 118, 12), roundedRing(72, 112, 10)], 58, [0, 0, 0]);
  b.beginTarget("battery");
  for (let j = 0; j < 2; j++) {
    for (let i = 0; i < 5; i++) cell(b, [0, (i - 2) * 19.2, j * 20 - 12], 18.4, 65, true, "lithiumRoll");
  }
  b.endTarget();
  b.box("board", [70, 40, 1.6], [0, 0, 22]);
  b.box("copper", [40, 4, 12], [0, 14, 24], { turn: LAY_Z });
  const item = b.done("tool battery", {
    group: "electronics",
    hs6: "850760",
    description: "rechargeable tool battery 18 V",
    price: 60,
  });
  return item;
}
