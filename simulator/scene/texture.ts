import { Random } from "../random.ts";
import type { Texture } from "./shapes.ts";

/** Side of the tileable fields, cells; a power of two. */
const SIDE = 256;

const FIELDS: Readonly<Record<Texture["kind"], Float32Array>> = {
  soft: octaves([8, 16, 32], [1, 0.6, 0.35], false),
  wrinkle: octaves([6, 12, 24, 48], [1, 0.8, 0.5, 0.3], true),
  grain: octaves([64, 128], [1, 0.8], false),
  weave: weave(),
};

/** Field of a texture: mean about 0, standard deviation 0.4, never below −1, row-major SIDE × SIDE, tileable. */
export function textureField(kind: Texture["kind"]): Float32Array {
  return FIELDS[kind];
}

export function textureIndex(u: number, v: number): number {
  return ((v & (SIDE - 1)) << 8) | (u & (SIDE - 1));
}

/** Sum of smooth lattice noises; `ridged` folds each so that creases appear. */
function octaves(cells: readonly number[], weights: readonly number[], ridged: boolean): Float32Array {
  const out = new Float32Array(SIDE * SIDE);
  for (const [n, count] of cells.entries()) {
    const random = new Random(977 + n, ridged ? "wrinkle" : `soft${cells.length}`);
    const lattice = Float32Array.from({ length: count * count }, () => random.range(-1, 1));
    const weight = weights[n] ?? 1;
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const value = lookup(lattice, count, (x * count) / SIDE, (y * count) / SIDE);
        const at = y * SIDE + x;
        out[at] = (out[at] ?? 0) + weight * (ridged ? 0.55 - 2 * Math.abs(value) : value);
      }
    }
  }
  return standardised(out);
}

function lookup(lattice: Float32Array, count: number, x: number, y: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const fx = x - ix;
  const fy = y - iy;
  const sx = fx * fx * (3 - 2 * fx);
  const sy = fy * fy * (3 - 2 * fy);
  const at = (cx: number, cy: number): number => lattice[(cy % count) * count + (cx % count)] ?? 0;
  const top = at(ix, iy) + sx * (at(ix + 1, iy) - at(ix, iy));
  const bottom = at(ix, iy + 1) + sx * (at(ix + 1, iy + 1) - at(ix, iy + 1));
  return top + sy * (bottom - top);
}

function weave(): Float32Array {
  const out = new Float32Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      out[y * SIDE + x] = Math.sin((x * Math.PI) / 4) + 0.4 * Math.sin((y * Math.PI) / 2);
    }
  }
  return standardised(out);
}

function standardised(field: Float32Array): Float32Array {
  let mean = 0;
  for (const value of field) mean += value / field.length;
  let variance = 0;
  for (const value of field) variance += (value - mean) ** 2 / field.length;
  const scale = 0.4 / Math.sqrt(variance);
  return field.map((value) => Math.max(-1, (value - mean) * scale));
}
