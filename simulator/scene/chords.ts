import { type CrossingLine, crossingLine, crossRings, MAX_CROSSINGS } from "./crossings.ts";
import type { Ring, Shape } from "./shapes.ts";

const PARALLEL = 1e-4;
/** Rays that pass the box around a solid by more than this (mm) are left out: more than {@link PARALLEL} and rounding can amount to. */
const MARGIN_MM = 0.2;
/** Further than any sample. */
const FAR_MM = 1e6;
/** A row that moves less than this (mm) from sample to sample stands still. */
const STILL = 1e-9;
/** Of the square term of a cone's crossings. */
const ALONG = 1e-10;

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
  /** Samples that may meet the solid, first and one past the last; (x, y, z) is that of `first`. */
  first: number;
  last: number;
}

/** Chord lengths of a row of rays, mm, and the samples, first and one past the last, beyond which all are 0. */
export interface ChordRow {
  readonly lengths: Float32Array;
  from: number;
  to: number;
}

/** Adds `gain` × chord length (mm) of each of the ray's `count` samples to a row. The ray is moved on. */
export type RowTracer = (ray: RayRow, count: number, gain: number, row: ChordRow) => void;

/** Row tracer of a shape; wires are traced by `wire.ts` instead. `crossings`: {@link MAX_CROSSINGS} numbers to work with. */
export function rowTracer(shape: Shape, crossings = new Float64Array(MAX_CROSSINGS)): RowTracer {
  const [a, b, c] = shape.half;
  if (shape.kind === "box")
    return (ray, count, gain, row) => {
      if (meets(ray, count, a, b, c, row)) box(ray, gain, row, a, b, c);
    };
  if (shape.kind === "ellipsoid")
    return (ray, count, gain, row) => {
      if (meets(ray, count, a, b, c, row)) ellipsoid(ray, gain, row, a, b, c);
    };
  if (shape.kind === "cylinder" || shape.kind === "frustum") {
    const top = shape.kind === "frustum" ? shape.top / a : 1;
    return (ray, count, gain, row) => {
      const more = alongSide(ray, a, b, c, top) ? FAR_MM : 0;
      if (meets(ray, count, a + more, b + more, c, row)) cone(ray, gain, row, a, b, c, top);
    };
  }
  if (shape.kind === "prism") {
    const line = crossingLine(shape.rings, crossings);
    const wide = reachOf(shape.rings, 0);
    const deep = reachOf(shape.rings, 1);
    return (ray, count, gain, row) => {
      if (meets(ray, count, wide, deep, c, row)) prism(ray, gain, row, c, line);
    };
  }
  throw new RangeError(`no row tracer for ${shape.kind}`);
}

/** How far rings reach from their middle along x (`axis` 0) or y (1), mm. */
function reachOf(rings: readonly Ring[], axis: 0 | 1): number {
  let most = 0;
  for (const ring of rings)
    for (let k = axis; k < ring.length; k += 2) most = Math.max(most, Math.abs(ring[k] as number));
  return most;
}

/**
 * Whether any of `count` samples may meet the box of half extents a, b, c: a ray does where it is within each two pairs of the
 * box's faces at once. Tells which in the ray and the row. The ray gets to the first of them step by step, so that it is at
 * each sample where it would be without.
 */
function meets(r: RayRow, count: number, a: number, b: number, c: number, row: ChordRow): boolean {
  const dirX = Math.abs(r.dirX);
  const dirY = Math.abs(r.dirY);
  const dirZ = Math.abs(r.dirZ);
  r.first = 0;
  r.last = count;
  const acrossZ = (a + MARGIN_MM) * dirY + (b + MARGIN_MM) * dirX;
  narrow(r, r.x * r.dirY - r.y * r.dirX, r.stepX * r.dirY - r.stepY * r.dirX, acrossZ);
  const acrossY = (a + MARGIN_MM) * dirZ + (c + MARGIN_MM) * dirX;
  narrow(r, r.x * r.dirZ - r.z * r.dirX, r.stepX * r.dirZ - r.stepZ * r.dirX, acrossY);
  const acrossX = (b + MARGIN_MM) * dirZ + (c + MARGIN_MM) * dirY;
  narrow(r, r.y * r.dirZ - r.z * r.dirY, r.stepY * r.dirZ - r.stepZ * r.dirY, acrossX);
  const { first, last } = r;
  if (first >= last) return false;
  if (first < row.from) row.from = first;
  if (last > row.to) row.to = last;
  let { x, y, z } = r;
  for (let i = 0; i < first; i++, x += r.stepX, y += r.stepY, z += r.stepZ);
  r.x = x;
  r.y = y;
  r.z = z;
  return true;
}

/** Leaves those samples i where |start + i × step| ≤ limit, and one more on each side. */
function narrow(r: RayRow, start: number, step: number, limit: number): void {
  if (Math.abs(step) < STILL) {
    if (Math.abs(start) > limit + STILL * r.last) r.last = 0;
    return;
  }
  const middle = -start / step;
  const half = Math.abs(limit / step);
  if (middle - half > r.first) r.first = Math.floor(Math.min(r.last, middle - half));
  if (middle + half + 2 < r.last) r.last = Math.ceil(Math.max(0, middle + half + 1));
}

function box(r: RayRow, gain: number, row: ChordRow, a: number, b: number, c: number): void {
  const flatX = Math.abs(r.dirX) < PARALLEL;
  const flatY = Math.abs(r.dirY) < PARALLEL;
  const flatZ = Math.abs(r.dirZ) < PARALLEL;
  const invX = 1 / r.dirX;
  const invY = 1 / r.dirY;
  const invZ = 1 / r.dirZ;
  const spanX = Math.abs(a * invX);
  const spanY = Math.abs(b * invY);
  const spanZ = Math.abs(c * invZ);
  const out = row.lengths;
  let { x, y, z } = r;
  for (let i = r.first; i < r.last; i++, x += r.stepX, y += r.stepY, z += r.stepZ) {
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

function ellipsoid(r: RayRow, gain: number, row: ChordRow, a: number, b: number, c: number): void {
  const dx = r.dirX / a;
  const dy = r.dirY / b;
  const dz = r.dirZ / c;
  const dd = dx * dx + dy * dy + dz * dz;
  const scale = (2 * gain) / dd;
  const out = row.lengths;
  let { x, y, z } = r;
  for (let i = r.first; i < r.last; i++, x += r.stepX, y += r.stepY, z += r.stepZ) {
    const ox = x / a;
    const oy = y / b;
    const oz = z / c;
    const od = ox * dx + oy * dy + oz * dz;
    const disc = od * od - dd * (ox * ox + oy * oy + oz * oz - 1);
    if (disc > 0) out[i] = (out[i] as number) + scale * Math.sqrt(disc);
  }
}

/** Whether rays run along the side of a cone: a chord is then as long as the solid, and told from one place of its ray alone. */
function alongSide(r: RayRow, a: number, b: number, c: number, top: number): boolean {
  const dx = r.dirX / a;
  const dy = r.dirY / b;
  const dw = ((top - 1) / (2 * c)) * r.dirZ;
  return Math.abs(dx * dx + dy * dy - dw * dw) < ALONG;
}

/** Cylinder or cone on an ellipse: in units of the base, x² + y² = (1 + k (z + c))², |z| ≤ c. */
function cone(r: RayRow, gain: number, row: ChordRow, a: number, b: number, c: number, top: number): void {
  const slope = (top - 1) / (2 * c);
  const dx = r.dirX / a;
  const dy = r.dirY / b;
  const dw = slope * r.dirZ;
  const qa = dx * dx + dy * dy - dw * dw;
  const flatZ = Math.abs(r.dirZ) < PARALLEL;
  const span = Math.abs(c / r.dirZ);
  const out = row.lengths;
  let { x, y, z } = r;
  for (let i = r.first; i < r.last; i++, x += r.stepX, y += r.stepY, z += r.stepZ) {
    let from = -1e9;
    let to = 1e9;
    if (flatZ) {
      if (z > c || z < -c) continue;
    } else {
      const mid = -z / r.dirZ;
      from = mid - span;
      to = mid + span;
    }
    const ox = x / a;
    const oy = y / b;
    const w = 1 + slope * (z + c);
    const qc = ox * ox + oy * oy - w * w;
    if (Math.abs(qa) < ALONG) {
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

function prism(r: RayRow, gain: number, row: ChordRow, c: number, line: CrossingLine): void {
  const { crossings } = line;
  line.stepX = r.dirX;
  line.stepY = r.dirY;
  const flatZ = Math.abs(r.dirZ) < PARALLEL;
  const span = Math.abs(c / r.dirZ);
  const out = row.lengths;
  let { x, y, z } = r;
  for (let i = r.first; i < r.last; i++, x += r.stepX, y += r.stepY, z += r.stepZ) {
    let from = -1e9;
    let to = 1e9;
    if (flatZ) {
      if (z > c || z < -c) continue;
    } else {
      const mid = -z / r.dirZ;
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
