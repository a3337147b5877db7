import { type FanBeam, magnification, projected } from "./beam.ts";
import type { ChordRow } from "./chords.ts";
import type { Vector } from "./geometry.ts";

/** A ray that runs nearly along a wire passes at most this many diameters of it. */
const LONGEST = 8;
/** Numbers per segment: x, v of both ends on the reference plane, width factor, chord factor. */
const FIELDS = 6;

/** Segments of a chain of points as the view sees them, {@link FIELDS} numbers each. */
export function projectWire(points: readonly Vector[], beam: FanBeam): Float64Array {
  const out = new Float64Array(FIELDS * Math.max(0, points.length - 1));
  for (let k = 1; k < points.length; k++) {
    const p = points[k - 1] as Vector;
    const q = points[k] as Vector;
    const pv = projected(beam, p[1], p[2]);
    const qv = projected(beam, q[1], q[2]);
    const middle = (p[2] + q[2]) / 2;
    const tilt = (beam.sourceU - (pv + qv) / 2) / beam.sourceW;
    const cosine = 1 / Math.sqrt(1 + tilt * tilt);
    const length = Math.hypot(q[0] - p[0], q[1] - p[1], q[2] - p[2]);
    const along = ((q[1] - p[1]) * tilt + (q[2] - p[2])) * cosine;
    const across = Math.sqrt(Math.max(0, length * length - along * along));
    const flat = Math.hypot(q[0] - p[0], qv - pv);
    const widening = magnification(beam, middle) / cosine;
    const width = flat > 0 ? Math.hypot(((q[0] - p[0]) / flat) * widening, (qv - pv) / flat) : 1;
    out.set(
      [p[0], pv, q[0], qv, width, Math.min(LONGEST, length / Math.max(1e-6, across))],
      (k - 1) * FIELDS,
    );
  }
  return out;
}

/**
 * Adds the chords (mm) of a thin round wire along projected segments to row y, averaged over the pixel's width so that
 * wires thinner than a pixel keep their mass.
 */
export function traceWire(
  segments: Float64Array,
  radius: number,
  pitch: number,
  x0: number,
  count: number,
  y: number,
  row: ChordRow,
): void {
  const out = row.lengths;
  const cy = (y + 0.5) * pitch;
  for (let k = 0; k < segments.length; k += FIELDS) {
    const px = segments[k] as number;
    const py = segments[k + 1] as number;
    const qx = segments[k + 2] as number;
    const qy = segments[k + 3] as number;
    const width = segments[k + 4] as number;
    const reach = radius * width + pitch;
    if (Math.min(py, qy) - reach > cy || Math.max(py, qy) + reach < cy) continue;
    const ux = qx - px;
    const uy = qy - py;
    const flat = Math.hypot(ux, uy);
    if (flat < 1e-6) continue;
    const gain = ((segments[k + 5] as number) * width) / pitch;
    const half = pitch / 2 / width;
    const from = Math.max(0, Math.floor((Math.min(px, qx) - reach) / pitch) - x0);
    const to = Math.min(count, Math.ceil((Math.max(px, qx) + reach) / pitch) + 1 - x0);
    if (from >= to) continue;
    if (from < row.from) row.from = from;
    if (to > row.to) row.to = to;
    for (let i = from; i < to; i++) {
      const cx = (x0 + i + 0.5) * pitch;
      const along = ((cx - px) * ux + (cy - py) * uy) / flat;
      if (along < 0 || along >= flat) continue;
      const away = ((cx - px) * uy - (cy - py) * ux) / flat / width;
      if (away >= radius + half || away <= -radius - half) continue;
      const area = segment(away + half, radius) - segment(away - half, radius);
      if (area > 0) out[i] = (out[i] as number) + area * gain;
    }
  }
}

/** ∫ 2 √(r² − u²) du from −r to u: the area of a circle left of u. */
function segment(u: number, r: number): number {
  const v = Math.max(-r, Math.min(r, u));
  return v * Math.sqrt(r * r - v * v) + r * r * Math.asin(v / r);
}
