import type { Item } from "../goods/item.ts";
import type { Part, Ring, Shape } from "./shapes.ts";

/** Mass of all parts in kg: a property of the thing, not of how a view shows it. */
export function partsMassKg(parts: readonly Part[]): number {
  let grams = 0;
  for (const part of parts) grams += volumeMm3(part.shape) * 1e-3 * part.density;
  return grams / 1000;
}

/** Mass of one of an item's targets, kg. */
export function targetMassKg(item: Item, target: number): number {
  return partsMassKg(item.parts.filter((part) => part.target === target));
}

export function volumeMm3(shape: Shape): number {
  const [a, b, c] = shape.half;
  switch (shape.kind) {
    case "box":
      return 8 * a * b * c;
    case "ellipsoid":
      return (4 / 3) * Math.PI * a * b * c;
    case "cylinder":
      return 2 * Math.PI * a * b * c;
    case "frustum":
      return ((2 * c) / 3) * Math.PI * (a * a + a * shape.top + shape.top ** 2);
    case "prism":
      return 2 * c * evenOddArea(shape.rings);
    case "wire": {
      let length = 0;
      for (let k = 1; k < shape.points.length; k++) {
        const p = shape.points[k - 1] ?? [0, 0, 0];
        const q = shape.points[k] ?? p;
        length += Math.hypot(q[0] - p[0], q[1] - p[1], q[2] - p[2]);
      }
      return Math.PI * shape.radius ** 2 * length;
    }
  }
}

/** Rings that lie inside an odd number of others are holes; rings do not cross. */
function evenOddArea(rings: readonly Ring[]): number {
  let area = 0;
  for (const ring of rings) {
    const x = ring[0] as number;
    const y = ring[1] as number;
    let depth = 0;
    for (const other of rings) if (other !== ring && holds(other, x, y)) depth++;
    area += depth % 2 === 0 ? ringArea(ring) : -ringArea(ring);
  }
  return area;
}

function ringArea(ring: Ring): number {
  let twice = 0;
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2)
    twice += (ring[j] as number) * (ring[i + 1] as number) - (ring[i] as number) * (ring[j + 1] as number);
  return Math.abs(twice) / 2;
}

function holds(ring: Ring, x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    const [xi, yi, xj, yj] = [ring[i], ring[i + 1], ring[j], ring[j + 1]] as [number, number, number, number];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
