import type { Random } from "../random.ts";
import type { Solid } from "./canvas.ts";
import { block, type Room } from "./carrier.ts";

/** Cuts a room along x into units of about `size` with gaps; the last one may be smaller and is left out below half. */
export function units(
  room: Room,
  size: number,
  gap: readonly [number, number],
  random: Random,
): readonly (readonly [number, number])[] {
  const out: [number, number][] = [];
  for (let x = room.x0; x < room.x1 - size * 0.5; ) {
    const end = Math.min(room.x1, x + size * random.range(0.96, 1.04));
    out.push([x, end]);
    x = end + random.range(gap[0], gap[1]);
  }
  return out;
}

export function wooden(x: readonly [number, number], room: Room): Solid[] {
  const { y0, z0, z1 } = room;
  return [
    block("wood", 0.5, x, [y0, y0 + 2.2], [z0, z1]),
    block("wood", 0.5, x, [y0 + 11, y0 + 14], [z0, z1]),
    block("wood", 0.35, [x[0], x[0] + 10], [y0 + 2, y0 + 11], [z0, z1]),
    block("wood", 0.35, [(x[0] + x[1]) / 2 - 5, (x[0] + x[1]) / 2 + 5], [y0 + 2, y0 + 11], [z0, z1]),
    block("wood", 0.35, [x[1] - 10, x[1]], [y0 + 2, y0 + 11], [z0, z1]),
  ];
}
