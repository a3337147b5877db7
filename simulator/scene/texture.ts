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

/** How a texture lies on a canvas: its field and the step in it, cells, from column to column and from row to row. */
export interface Weave {
  /** Mean about 0, standard deviation 0.4, never below −1, row-major SIDE × SIDE, tileable. */
  readonly field: Float32Array;
  readonly amount: number;
  readonly along: number;
  readonly across: number;
  readonly offset: number;
}

/** `pitch`: mm of a pixel. */
export function weaveOf({ kind, amount, scale, offset, turn }: Texture, pitch: number): Weave {
  const step = pitch / scale;
  const [along, across] = [Math.cos(turn) * step, Math.sin(turn) * step];
  return { field: FIELDS[kind], amount, along, across, offset };
}

/** Modulates samples `begin` to `end` (exclusive) of a row, the first sample of which is the pixel (x, y). */
export function modulate(
  row: Float32Array,
  begin: number,
  end: number,
  { field, amount, along, across, offset }: Weave,
  x: number,
  y: number,
): void {
  let u = (x + begin) * along - y * across + offset;
  let v = (x + begin) * across + y * along + offset * 1.7;
  for (let i = begin; i < end; i++, u += along, v += across) {
    const cell = ((v & (SIDE - 1)) << 8) | (u & (SIDE - 1));
    row[i] = (row[i] as number) * (1 + amount * (field[cell] as number));
  }
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
