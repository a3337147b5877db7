import type { Random } from "../random.ts";
import type { Pair } from "./pair.ts";

const BLOCK = 16;
const ENOUGH_BLOCKS = 8;
/** Electronic noise of a usual detector as a share of air; one scan does not show it apart. */
const ELECTRONIC = 2e-4;
const USUAL_VARIANCE = 2.5e-5;

/** Noise of a pair in air: variance of the transmission and correlation of neighbours. */
export interface NoiseEstimate {
  /** Variance per unit of transmission (photon statistics), low and high. */
  readonly quantum: readonly [number, number];
  /** Variance that does not depend on the transmission. */
  readonly electronic: number;
  /** Correlation of neighbours along the belt and along the detector, 0 … 0.5. */
  readonly neighbours: { readonly x: number; readonly y: number };
}

/** Noise of the pair, from its quietest blocks of air. */
export function estimateNoise(pair: Pair): NoiseEstimate {
  const found = pair.planes.map((plane) => blocksOf(plane, pair));
  const quantum = found.map((blocks) => Math.max(1e-8, variance(blocks) - ELECTRONIC ** 2));
  const high = found[1] as Block[];
  const neighbour = (axis: "x" | "y"): number =>
    high.length < ENOUGH_BLOCKS
      ? 0
      : Math.max(0, Math.min(0.5, lowerThird(high.map((block) => block[axis]))));
  return {
    quantum: [quantum[0] as number, quantum[1] as number],
    electronic: ELECTRONIC ** 2,
    neighbours: { x: neighbour("x"), y: neighbour("y") },
  };
}

interface Block {
  readonly variance: number;
  readonly x: number;
  readonly y: number;
}

function variance(blocks: readonly Block[]): number {
  return blocks.length < ENOUGH_BLOCKS ? USUAL_VARIANCE : lowerThird(blocks.map((block) => block.variance));
}

/** The lower third: blocks that are not all air are above it. */
function lowerThird(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 3)] as number;
}

function blocksOf(plane: Float32Array, { width, height }: Pair): Block[] {
  const found: Block[] = [];
  for (let y = 0; y + BLOCK <= height; y += BLOCK) {
    for (let x = 0; x + BLOCK <= width; x += BLOCK) {
      const block = blockAt(plane, width, x, y);
      if (block !== undefined) found.push(block);
    }
  }
  return found;
}

/** Statistics of one block about its mean; undefined where it is not air. */
function blockAt(plane: Float32Array, width: number, x0: number, y0: number): Block | undefined {
  const values = new Float32Array(BLOCK * BLOCK);
  let mean = 0;
  for (let y = 0; y < BLOCK; y++) {
    for (let x = 0; x < BLOCK; x++) {
      const value = plane[(y0 + y) * width + x0 + x] as number;
      if (value < 0.95 || value > 1.05) return undefined;
      values[y * BLOCK + x] = value;
      mean += value / (BLOCK * BLOCK);
    }
  }
  if (mean < 0.985) return undefined;
  let [sum, byX, byY] = [0, 0, 0];
  for (let y = 0; y < BLOCK; y++) {
    for (let x = 0; x < BLOCK; x++) {
      const here = (values[y * BLOCK + x] as number) - mean;
      sum += here * here;
      if (x > 0) byX += here * ((values[y * BLOCK + x - 1] as number) - mean);
      if (y > 0) byY += here * ((values[(y - 1) * BLOCK + x] as number) - mean);
    }
  }
  const pairs = BLOCK * (BLOCK - 1);
  const spread = sum / (BLOCK * BLOCK);
  return { variance: spread, x: byX / pairs / spread, y: byY / pairs / spread };
}

/** A field of standard normals whose neighbours correlate as `neighbours` says, row-major. */
export function noiseField(
  width: number,
  height: number,
  neighbours: NoiseEstimate["neighbours"],
  random: Random,
): Float32Array {
  const field = new Float32Array(width * height);
  random.normals(field);
  return smoothed(smoothed(field, width, height, 1, neighbours.x), width, height, width, neighbours.y);
}

/** Three taps (c, 1, c) of unit power that give neighbours this correlation. */
function smoothed(field: Float32Array, width: number, height: number, step: number, correlation: number) {
  const c = tapFor(correlation);
  if (c === 0) return field;
  const gain = 1 / Math.sqrt(1 + 2 * c * c);
  const out = new Float32Array(field.length);
  for (let i = 0; i < width * height; i++) {
    const before = field[i - step] ?? (field[i] as number);
    const after = field[i + step] ?? (field[i] as number);
    out[i] = gain * ((field[i] as number) + c * (before + after));
  }
  return out;
}

/** Solves 2c / (1 + 2c²) = r for the smaller root; 0 ≤ r ≤ 0.5. */
function tapFor(correlation: number): number {
  const r = Math.max(0, Math.min(0.5, correlation));
  return r < 1e-3 ? 0 : (1 - Math.sqrt(1 - 2 * r * r)) / (2 * r);
}
