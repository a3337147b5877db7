/** Rotations as row-major 3×3 (local → world), lengths in mm, z towards the tube. */
export type Vector = readonly [number, number, number];
export type Rotation = readonly [number, number, number, number, number, number, number, number, number];

export const IDENTITY: Rotation = [1, 0, 0, 0, 1, 0, 0, 0, 1];
/** Local x to the front (z up): stands a thing that was drawn lying along x. */
export const STAND_X: Rotation = [0, 0, 1, 0, 1, 0, -1, 0, 0];
/** Local z becomes y: lays down a thing that was drawn standing. */
export const LAY_Z: Rotation = [1, 0, 0, 0, 0, 1, 0, -1, 0];
/** Local z becomes x. */
export const LAY_Z_ALONG_X: Rotation = [0, 0, 1, 1, 0, 0, 0, 1, 0];

export function aboutZ(angle: number): Rotation {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  return [c, -s, 0, s, c, 0, 0, 0, 1];
}

export function aboutX(angle: number): Rotation {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  return [1, 0, 0, 0, c, -s, 0, s, c];
}

export function aboutY(angle: number): Rotation {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  return [c, 0, s, 0, 1, 0, -s, 0, c];
}

export function compose(a: Rotation, b: Rotation): Rotation {
  return [
    a[0] * b[0] + a[1] * b[3] + a[2] * b[6],
    a[0] * b[1] + a[1] * b[4] + a[2] * b[7],
    a[0] * b[2] + a[1] * b[5] + a[2] * b[8],
    a[3] * b[0] + a[4] * b[3] + a[5] * b[6],
    a[3] * b[1] + a[4] * b[4] + a[5] * b[7],
    a[3] * b[2] + a[4] * b[5] + a[5] * b[8],
    a[6] * b[0] + a[7] * b[3] + a[8] * b[6],
    a[6] * b[1] + a[7] * b[4] + a[8] * b[7],
    a[6] * b[2] + a[7] * b[5] + a[8] * b[8],
  ];
}

export function apply(r: Rotation, v: Vector): Vector {
  return [
    r[0] * v[0] + r[1] * v[1] + r[2] * v[2],
    r[3] * v[0] + r[4] * v[1] + r[5] * v[2],
    r[6] * v[0] + r[7] * v[1] + r[8] * v[2],
  ];
}

export function add(a: Vector, b: Vector): Vector {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

/** Half extents of the world box around a local box of half extents `half`. */
export function rotatedExtents(r: Rotation, half: Vector): Vector {
  return [
    Math.abs(r[0]) * half[0] + Math.abs(r[1]) * half[1] + Math.abs(r[2]) * half[2],
    Math.abs(r[3]) * half[0] + Math.abs(r[4]) * half[1] + Math.abs(r[5]) * half[2],
    Math.abs(r[6]) * half[0] + Math.abs(r[7]) * half[1] + Math.abs(r[8]) * half[2],
  ];
}
