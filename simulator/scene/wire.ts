import type { Vector } from "./geometry.ts";

/**
 * Adds the chords (mm) of a thin round wire along a chain of points, averaged over the pixel's width so that
 * wires thinner than a pixel keep their mass. Segments that stand nearly upright are capped at 8 × the radius.
 */
export function traceWire(
  points: readonly Vector[],
  radius: number,
  pitch: number,
  x0: number,
  count: number,
  y: number,
  out: Float32Array,
): void {
  const cy = (y + 0.5) * pitch;
  const reach = radius + pitch;
  for (let k = 1; k < points.length; k++) {
    const p = points[k - 1] as Vector;
    const q = points[k] as Vector;
    if (Math.min(p[1], q[1]) - reach > cy || Math.max(p[1], q[1]) + reach < cy) continue;
    const ux = q[0] - p[0];
    const uy = q[1] - p[1];
    const flat = Math.hypot(ux, uy);
    if (flat < 1e-6) continue;
    const stretch = Math.min(8, Math.hypot(flat, q[2] - p[2]) / flat);
    const from = Math.max(0, Math.floor((Math.min(p[0], q[0]) - reach) / pitch) - x0);
    const to = Math.min(count, Math.ceil((Math.max(p[0], q[0]) + reach) / pitch) + 1 - x0);
    for (let i = from; i < to; i++) {
      const cx = (x0 + i + 0.5) * pitch;
      const along = ((cx - p[0]) * ux + (cy - p[1]) * uy) / flat;
      if (along < 0 || along >= flat) continue;
      const away = ((cx - p[0]) * uy - (cy - p[1]) * ux) / flat;
      const area = segment(away + pitch / 2, radius) - segment(away - pitch / 2, radius);
      if (area > 0) out[i] = (out[i] as number) + (area / pitch) * stretch;
    }
  }
}

/** ∫ 2 √(r² − u²) du from −r to u: the area of a circle left of u. */
function segment(u: number, r: number): number {
  const v = Math.max(-r, Math.min(r, u));
  return v * Math.sqrt(r * r - v * v) + r * r * Math.asin(v / r);
}
