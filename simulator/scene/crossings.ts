import type { Ring } from "./shapes.ts";

/** Of one line with the rings of a solid. */
export const MAX_CROSSINGS = 128;

/** A line across rings, and where it crosses them; one object for all lines of a solid, since numbers in calls cost memory. */
export interface CrossingLine {
  readonly rings: readonly Ring[];
  x: number;
  y: number;
  stepX: number;
  stepY: number;
  /** Sorted parameters of the crossings, in steps from (x, y). */
  readonly crossings: Float64Array;
}

export function crossingLine(rings: readonly Ring[], crossings: Float64Array): CrossingLine {
  return { rings, x: 0.5, y: 0.5, stepX: 0.5, stepY: 0.5, crossings };
}

/** Finds where the line crosses its rings; returns how often. */
export function crossRings({ rings, x, y, stepX: dx, stepY: dy, crossings: sorted }: CrossingLine): number {
  let found = 0;
  for (const ring of rings) {
    const last = ring.length - 2;
    let px = ring[last] as number;
    let py = ring[last + 1] as number;
    let pSide = dx * (py - y) - dy * (px - x);
    for (let k = 0; k <= last; k += 2) {
      const qx = ring[k] as number;
      const qy = ring[k + 1] as number;
      const qSide = dx * (qy - y) - dy * (qx - x);
      if (qSide > 0 !== pSide > 0 && found < MAX_CROSSINGS) {
        const f = pSide / (pSide - qSide);
        const hx = px + f * (qx - px) - x;
        const hy = py + f * (qy - py) - y;
        const t = (hx * dx + hy * dy) / (dx * dx + dy * dy);
        let at = found++;
        while (at > 0 && (sorted[at - 1] as number) > t) {
          sorted[at] = sorted[at - 1] as number;
          at--;
        }
        sorted[at] = t;
      }
      px = qx;
      py = qy;
      pSide = qSide;
    }
  }
  return found;
}
