import type { Random } from "../random.ts";
import type { Solid } from "./canvas.ts";
import { block, type Carrier } from "./carrier.ts";

/** A wooden or plastic pallet on a roller bed, or a unit load device with a slanted corner, `near` cm from the source. */
export function buildPallet(near: number, random: Random): Carrier {
  return random.chance(0.3) ? unitLoadDevice(near, random) : pallet(near, random);
}

function pallet(near: number, random: Random): Carrier {
  const [length, depth] = random.pick([
    [120, 80],
    [120, 100],
    [80, 120],
    [100, 120],
  ] as const);
  const height = random.range(90, 185);
  const far = near + depth;
  const material = random.chance(0.85) ? "wood" : "polyethylene";
  const density = material === "wood" ? 0.55 : 0.35;
  const solids: Solid[] = rollers(length, near, far, random);
  const boards = random.int(5, 9);
  const pitch = length / boards;
  for (let i = 0; i < boards; i++)
    solids.push(block(material, density, [i * pitch + 1, (i + 0.8) * pitch], [12, 14.4], [near, far]));
  for (const y of [0, 9.8])
    for (const z of [near, near + depth / 2 - 5, far - 10])
      solids.push(block(material, density, [0, length], [y, y + 2.2], [z, z + 10]));
  for (const x of [0, length / 2 - 7, length - 14])
    for (const z of [near, near + depth / 2 - 5, far - 10])
      solids.push(block(material, density * 1.1, [x, x + 14], [2.2, 9.8], [z, z + 10]));
  if (random.chance(0.8))
    for (const z of [near - 0.1, far])
      solids.push(block("polyethylene", 0.92, [0, length], [14, height], [z, z + 0.01]));
  const room = { x0: 1, x1: length - 1, y0: 14.4, y1: height, z0: near + 1, z1: far - 1 };
  return { name: "pallet", length, height, near, far, room, tareKg: random.range(14, 26), solids };
}

function unitLoadDevice(near: number, random: Random): Carrier {
  const [length, height] = [156, 163];
  const far = near + 153;
  const skin = random.range(0.1, 0.2);
  const solids: Solid[] = [
    ...rollers(length, near, far, random),
    block("aluminium", 2.7, [0, length], [0, 1.2], [near, far]),
    block("aluminium", 2.7, [0, length], [height - skin, height], [near, far]),
  ];
  for (const z of [near, far - skin])
    solids.push(block("aluminium", 2.7, [0, length], [0, height], [z, z + skin]));
  for (const x of [0, length - 5])
    for (const z of [near, far - 5])
      solids.push(block("aluminium", 0.9, [x, x + 5], [0, height], [z, z + 5]));
  for (const x of [0, length - skin])
    solids.push(block("aluminium", 2.7, [x, x + skin], [0, height], [near, far]));
  const room = { x0: 5, x1: length - 5, y0: 2, y1: height - 4, z0: near + 5, z1: far - 5 };
  return { name: "uld", length, height, near, far, room, tareKg: random.range(70, 95), solids };
}

function rollers(length: number, near: number, far: number, random: Random): Solid[] {
  const pitch = random.range(9, 16);
  const out: Solid[] = [];
  for (let x = -20; x < length + 20; x += pitch)
    out.push(block("steel", 1.2, [x, x + 5], [-6.5, -1.5], [near - 10, far + 10]));
  return out;
}
