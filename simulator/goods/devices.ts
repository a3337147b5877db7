import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import { LAY_Z_ALONG_X, type Vector } from "../scene/geometry.ts";
import { circuit } from "./batteries.ts";
import { type Item, ItemBuilder, roundedRing, tangle } from "./item.ts";

/** Mains-powered devices: case, board, transformer, heat sink, cables. No battery. */
export function device(random: Random): Item {
  const b = new ItemBuilder(random);
  const size = [random.range(90, 260), random.range(70, 180), random.range(25, 75)] as const;
  const shell: MaterialName = random.pick(["abs", "abs", "abs", "steel", "aluminium"] as const);
  const wall = shell === "abs" ? 2.4 : 1;
  b.prism(
    shell,
    [roundedRing(size[0], size[1], 6), roundedRing(size[0] - 2 * wall, size[1] - 2 * wall, 5)],
    size[2],
    [0, 0, 0],
  );
  for (const z of [-1, 1])
    b.prism(shell, [roundedRing(size[0], size[1], 6)], wall, [0, 0, (z * size[2]) / 2]);
  circuit(
    b,
    random,
    [size[0] * random.range(0.5, 0.85), size[1] * random.range(0.5, 0.85)],
    [random.range(-8, 8), random.range(-8, 8), -size[2] * 0.3],
  );
  if (random.chance(0.5)) {
    const side = random.range(24, 46);
    const at: Vector = [size[0] * random.range(-0.3, 0.3), size[1] * random.range(-0.25, 0.25), 0];
    b.box("steel", [side, side * 0.85, Math.min(side * 0.7, size[2] * 0.8)], at);
    b.box("copper", [side * 0.55, side * 1.15, Math.min(side * 0.6, size[2] * 0.7)], at, { density: 2.6 });
  }
  if (random.chance(0.4))
    for (let i = 0; i < 8; i++)
      b.box("aluminium", [1.6, 42, Math.min(26, size[2] * 0.6)], [size[0] * 0.2 + i * 5, 0, 0]);
  b.wire("cable", tangle(random, [size[0] * 0.45, size[1] * 0.45, size[2] * 0.3], 16, 18), 3);
  for (const x of [-1, 1])
    for (const y of [-1, 1])
      b.cylinder("steel", [4, 4, Math.min(12, size[2] * 0.6)], [x * size[0] * 0.44, y * size[1] * 0.44, 0]);
  return b.done("device", {
    group: "electronics",
    hs6: random.pick(["851762", "852872", "851822", "850440"]),
    description: random.pick(["network router", "audio amplifier", "set-top box", "power supply"]),
    price: 70,
  });
}

export function charger(random: Random): Item {
  const b = new ItemBuilder(random);
  const size = [random.range(38, 110), random.range(28, 50), random.range(24, 34)] as const;
  b.box("abs", size, [0, 0, 0]);
  b.box("abs", [size[0] - 4, size[1] - 4, size[2] - 4], [0, 0, 0], { density: -1.05 });
  circuit(b, random, [size[0] - 8, size[1] - 8], [0, 0, -5]);
  b.box("ferrite", [20, 18, 15], [0, 0, 2]);
  b.box("copper", [14, 20, 13], [0, 0, 2], { density: 2 });
  b.cylinder("capacitor", [13, 13, 20], [size[0] * 0.3, 4, 0], { turn: LAY_Z_ALONG_X });
  for (const y of [-9.5, 9.5])
    b.cylinder("brass", [4.5, 4.5, 19], [-size[0] / 2 - 9, y, 0], { turn: LAY_Z_ALONG_X });
  b.wire("cable", tangle(random, [80, 60, 10], 34, 17), random.range(2.5, 4.5));
  b.box("steel", [12, 8, 5], [70, 40, 0], { density: 4 });
  return b.done("charger", {
    group: "electronics",
    hs6: "850440",
    description: "charger with cable",
    price: 14,
  });
}

export function cables(random: Random): Item {
  const b = new ItemBuilder(random);
  const thick = random.range(2.5, 8);
  const r = random.range(40, 85);
  const turns = random.int(3, 9);
  const points: Vector[] = [];
  for (let i = 0; i <= turns * 16; i++) {
    const angle = (i / 16) * 2 * Math.PI;
    const w = r * (1 + 0.08 * Math.sin(angle * 0.37 + turns)) + random.range(-2, 2);
    points.push([w * Math.cos(angle) * 1.25, w * Math.sin(angle) * 0.85, ((i / 16) % 4) * thick - 2 * thick]);
  }
  b.wire(random.chance(0.8) ? "cable" : "copper", points, thick, random.chance(0.8) ? {} : { density: 5 });
  for (let i = 0; i < 2; i++) {
    b.box("abs", [38, 16, 12], [i * 40 - 20, i * 20 - r * 0.85, 0]);
    b.box("steel", [14, 13, 5], [i * 40 + 4, i * 20 - r * 0.85, 0], { density: 4 });
  }
  return b.done("cables", {
    group: "electronics",
    hs6: "854442",
    description: "electric cables with connectors",
    price: 9,
  });
}
