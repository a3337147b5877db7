import type { Ring, Shape } from "./shapes.ts";

/** Of one line with the rings of a solid. */
export const MAX_CROSSINGS = 128;
const PARALLEL = 1e-4;

/** The ray through one pixel: a local origin, its step from column to column, and the local direction. */
export interface RayRow {
  /** Local coordinates of the first sample. */
  x: number;
  y: number;
  z: number;
  /** Change per sample. */
  stepX: number;
  stepY: number;
  stepZ: number;
  /** Unit direction, the same for the whole row. */
  dirX: number;
  dirY: number;
  dirZ: number;
}

/** Adds `gain` × chord length (mm) of each ray of the row to `out[0..count)`. */
export type RowTracer = (ray: RayRow, count: number, gain: number, out: Float32Array) => void;

/** Row tracer of a shape; wires are traced by `wire.ts` instead. `crossings`: {@link MAX_CROSSINGS} numbers to work with. */
export function rowTracer(shape: Shape, crossings = new Float64Array(MAX_CROSSINGS)): RowTracer {
  const [a, b, c] = shape.half;
  if (shape.kind === "box") return (ray, count, gain, out) => box(ray, count, gain, out, a, b, c);
  if (shape.kind === "ellipsoid") return (ray, count, gain, out) => ellipsoid(ray, count, gain, out, a, b, c);
  if (shape.kind === "cylinder") return (ray, count, gain, out) => cone(ray, count, gain, out, a, b, c, 1);
  if (shape.kind === "frustum")
    return (ray, count, gain, out) => cone(ray, count, gain, out, a, b, c, shape.top / a);
  if (shape.kind === "prism") {
    const line = crossingLine(shape.rings, crossings);
    return (ray, count, gain, out) => prism(ray, count, gain, out, c, line);
  }
  throw new RangeError(`no row tracer for ${shape.kind}`);
}

function box(
  r: RayRow,
  count: number,
  gain: number,
  out: Float32Array,
  a: number,
  b: number,
  c: number,
): void {
  const flatX = Math.abs(r.dirX) < PARALLEL;
  const flatY = Math.abs(r.dirY) < PARALLEL;
  const flatZ = Math.abs(r.dirZ) < PARALLEL;
  const invX = 1 / r.dirX;
  const invY = 1 / r.dirY;
  const invZ = 1 / r.dirZ;
  const spanX = Math.abs(a * invX);
  const spanY = Math.abs(b * invY);
  const spanZ = Math.abs(c * invZ);
  let { x, y, z } = r;
  for (let i = 0; i < count; i++, x += r.stepX, y += r.stepY, z += r.stepZ) {
    let from = -1e9;
    let to = 1e9;
    if (flatX) {
      if (x > a || x < -a) continue;
    } else {
      const mid = -x * invX;
      if (mid - spanX > from) from = mid - spanX;
      if (mid + spanX < to) to = mid + spanX;
    }
    if (flatY) {
      if (y > b || y < -b) continue;
    } else {
      const mid = -y * invY;
      if (mid - spanY > from) from = mid - spanY;
      if (mid + spanY < to) to = mid + spanY;
    }
    if (flatZ) {
      if (z > c || z < -c) continue;
    } else {
      const mid = -z * invZ;
      if (mid - spanZ > from) from = mid - spanZ;
      if (mid + spanZ < to) to = mid + spanZ;
    }
    if (to > from) out[i] = (out[i] as number) + gain * (to - from);
  }
}

function ellipsoid(
  r: RayRow,
  count: number,
  gain: number,
  out: Float32Array,
  a: number,
  b: number,
  c: number,
): void {
  const dx = r.dirX / a;
  const dy = r.dirY / b;
  const dz = r.dirZ / c;
  const dd = dx * dx + dy * dy + dz * dz;
  const scale = (2 * gain) / dd;
  let { x, y, z } = r;
  for (let i = 0; i < count; i++, x += r.stepX, y += r.stepY, z += r.stepZ) {
    const ox = x / a;
    const oy = y / b;
    const oz = z / c;
    const od = ox * dx + oy * dy + oz * dz;
    const disc = od * od - dd * (ox * ox + oy * oy + oz * oz - 1);
    if (disc > 0) out[i] = (out[i] as number) + scale * Math.sqrt(disc);
  }
}

/** Cylinder or cone on an ellipse: in units of the base, x² + y² = (1 + k (z + c))², |z| ≤ c. */
function cone(
  r: RayRow,
  count: number,
  gain: number,
  out: Float32Array,
  a: number,
  b: number,
  c: number,
  top: number,
): void {
  const slope = (top - 1) / (2 * c);
  const dx = r.dirX / a;
  const dy = r.dirY / b;
  const dw = slope * r.dirZ;
  const qa = dx * dx + dy * dy - dw * dw;
  const flatZ = Math.abs(r.dirZ) < PARALLEL;
  let { x, y, z } = r;
  for (let i = 0; i < count; i++, x += r.stepX, y += r.stepY, z += r.stepZ) {
    let from = -1e9;
    let to = 1e9;
    if (flatZ) {
      if (z > c || z < -c) continue;
    } else {
      const mid = -z / r.dirZ;
      const span = Math.abs(c / r.dirZ);
      from = mid - span;
      to = mid + span;
    }
    const ox = x / a;
    const oy = y / b;
    const w = 1 + slope * (z + c);
    const qc = ox * ox + oy * oy - w * w;
    if (Math.abs(qa) < 1e-10) {
      if (qc < 0 && to > from && to < 1e8) out[i] = (out[i] as number) + gain * (to - from);
      continue;
    }
    const qb = ox * dx + oy * dy - w * dw;
    const disc = qb * qb - qa * qc;
    if (qa > 0) {
      if (disc <= 0) continue;
      const root = Math.sqrt(disc);
      const enter = (-qb - root) / qa;
      const leave = (-qb + root) / qa;
      if (enter > from) from = enter;
      if (leave < to) to = leave;
      if (to > from) out[i] = (out[i] as number) + gain * (to - from);
      continue;
    }
    // Steeper than the cone's side: inside before the first and after the second root (one nappe is capped away).
    if (disc <= 0) {
      if (qc < 0 || to > from) out[i] = (out[i] as number) + gain * Math.max(0, to - from);
      continue;
    }
    const root = Math.sqrt(disc);
    const first = (-qb + root) / qa;
    const second = (-qb - root) / qa;
    const before = Math.max(0, Math.min(to, first) - from);
    const after = Math.max(0, to - Math.max(from, second));
    out[i] = (out[i] as number) + gain * (before + after);
  }
}

function prism(
  r: RayRow,
  count: number,
  gain: number,
  out: Float32Array,
  c: number,
  line: CrossingLine,
): void {
  const { crossings } = line;
  line.stepX = r.dirX;
  line.stepY = r.dirY;
  const flatZ = Math.abs(r.dirZ) < PARALLEL;
  let { x, y, z } = r;
  for (let i = 0; i < count; i++, x += r.stepX, y += r.stepY, z += r.stepZ) {
    let from = -1e9;
    let to = 1e9;
    if (flatZ) {
      if (z > c || z < -c) continue;
    } else {
      const mid = -z / r.dirZ;
      const span = Math.abs(c / r.dirZ);
      from = mid - span;
      to = mid + span;
    }
    line.x = x;
    line.y = y;
    const found = crossRings(line);
    let length = 0;
    for (let k = 0; k + 1 < found; k += 2) {
      const enter = Math.max(from, crossings[k] as number);
      const leave = Math.min(to, crossings[k + 1] as number);
      if (leave > enter) length += leave - enter;
    }
    if (length > 0) out[i] = (out[i] as number) + gain * length;
  }
}

/** Adds a flat layer of a solid to a row: see {@link layerTracer}. */
export type LayerTracer = (
  ray: RayRow,
  count: number,
  gain: number,
  out: Float32Array,
  layer: number,
  layers: number,
) => void;

/**
 * For boxes and prisms that the rays pass from bottom to top: the solid is cut into `layers` flat ones along local z, and the
 * row of rays fills whole spans of the given one, with exact partial cover at both ends of each span. As rays drift sideways
 * through the solid, its layers shift against each other.
 */
export function layerTracer(
  shape: Shape,
  crossings = new Float64Array(MAX_CROSSINGS),
): LayerTracer | undefined {
  if (shape.kind !== "box" && shape.kind !== "prism") return undefined;
  const [a, b, c] = shape.half;
  const rings = shape.kind === "prism" ? shape.rings : [[-a, -b, a, -b, a, b, -a, b]];
  const line = crossingLine(rings, crossings);
  return (r, count, gain, out, layer, layers) => {
    const up = (2 * ((layer + 0.5) / layers) - 1) * c - r.z;
    const driftX = r.dirX / r.dirZ;
    const driftY = r.dirY / r.dirZ;
    line.x = r.x + driftX * up;
    line.y = r.y + driftY * up;
    line.stepX = r.stepX - driftX * r.stepZ;
    line.stepY = r.stepY - driftY * r.stepZ;
    span(line, count, (gain * 2 * c) / Math.abs(r.dirZ), out);
  };
}

/** Fills the row between the crossings of its line with the rings; ends of a span cover their sample in part. */
function span(line: CrossingLine, count: number, gain: number, out: Float32Array): void {
  const { crossings } = line;
  const found = crossRings(line);
  for (let k = 0; k + 1 < found; k += 2) {
    const from = Math.max(-0.5, crossings[k] as number) + 0.5;
    const to = Math.min(count - 0.5, crossings[k + 1] as number) + 0.5;
    if (to <= from) continue;
    const first = Math.floor(from);
    const last = Math.min(count - 1, Math.floor(to));
    if (first === last) {
      out[first] = (out[first] as number) + gain * (to - from);
      continue;
    }
    out[first] = (out[first] as number) + gain * (first + 1 - from);
    for (let i = first + 1; i < last; i++) out[i] = (out[i] as number) + gain;
    out[last] = (out[last] as number) + gain * (to - last);
  }
}

/** A line across rings, and where it crosses them; one object for all lines of a solid, since numbers in calls cost memory. */
interface CrossingLine {
  readonly rings: readonly Ring[];
  x: number;
  y: number;
  stepX: number;
  stepY: number;
  /** Sorted parameters of the crossings, in steps from (x, y). */
  readonly crossings: Float64Array;
}

function crossingLine(rings: readonly Ring[], crossings: Float64Array): CrossingLine {
  return { rings, x: 0.5, y: 0.5, stepX: 0.5, stepY: 0.5, crossings };
}

/** Finds where the line crosses its rings; returns how often. */
function crossRings({ rings, x, y, stepX: dx, stepY: dy, crossings: sorted }: CrossingLine): number {
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
