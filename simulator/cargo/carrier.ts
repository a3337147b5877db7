import type { Random } from "../random.ts";
import type { Solid } from "./canvas.ts";

/** The inside of a carrier, cm. */
export interface Room {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
  readonly z0: number;
  readonly z1: number;
}

/** A container, pallet or ULD without its load. */
export interface Carrier {
  readonly name: string;
  /** Outer size, cm; x from 0, y from 0 at the bottom of the carrier. */
  readonly length: number;
  readonly height: number;
  /** Distance of the near side from the source, and of the far side. */
  readonly near: number;
  readonly far: number;
  readonly room: Room;
  readonly tareKg: number;
  readonly solids: readonly Solid[];
}

export const CONTAINER_WIDTH = 243.8;

/** A straight box solid. */
export function block(
  material: Solid["material"],
  density: number,
  x: readonly [number, number],
  y: readonly [number, number],
  z: readonly [number, number],
): Solid {
  return {
    material,
    density,
    from: x[0],
    to: x[1],
    section: { kind: "box", y0: y[0], y1: y[1], z0: z[0], z1: z[1] },
  };
}

/** A cylinder across the lane (axis along z), hollow where `inner` is above 0. */
export function wheel(
  material: Solid["material"],
  density: number,
  centre: { readonly x: number; readonly y: number },
  radius: number,
  z: readonly [number, number],
): Solid {
  return {
    material,
    density,
    from: centre.x - radius,
    to: centre.x + radius,
    section: (x) => {
      const reach = radius * radius - (x - centre.x) ** 2;
      if (reach <= 0) return null;
      const half = Math.sqrt(reach);
      return { kind: "box", y0: centre.y - half, y1: centre.y + half, z0: z[0], z1: z[1] };
    },
  };
}

/** Truck or chassis under a container: beams, cross members, axles with wheels, legs. */
export function chassis(length: number, near: number, random: Random): Solid[] {
  const out: Solid[] = [];
  const top = -random.range(1, 4);
  const depth = random.range(16, 38);
  for (const z of [near + 70, near + 160])
    out.push(block("steel", 2.2, [-30, length + 30], [top - depth, top], [z, z + 12]));
  for (let x = random.range(20, 120); x < length; x += random.range(60, 180))
    out.push(
      block("steel", 3, [x, x + random.range(4, 12)], [top - depth * 0.7, top - 2], [near, near + 240]),
    );
  const axle = random.range(0.6, 0.85) * length;
  const radius = random.range(45, 54);
  const axles = random.int(1, 3);
  for (let i = 0; i < axles; i++) {
    const centre = { x: axle + i * random.range(118, 135), y: top - depth - 20 };
    for (const z of [near - 2, near + 190]) {
      out.push(wheel("rubber", 0.55, centre, radius, [z, z + 56]));
      out.push(wheel("steel", 1.4, centre, radius * 0.55, [z, z + 50]));
    }
    out.push(
      block("steel", 7, [centre.x - 6, centre.x + 6], [centre.y - 6, centre.y + 6], [near, near + 244]),
    );
  }
  const leg = random.range(0.1, 0.3) * length;
  out.push(block("steel", 1.6, [leg, leg + 12], [top - depth - 70, top], [near + 60, near + 72]));
  return out;
}
