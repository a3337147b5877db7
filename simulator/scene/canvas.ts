import { BIN_ENERGIES_KEV } from "../physics/attenuation.ts";
import { materialOf } from "../physics/materials.ts";
import { type RayRow, rowTracer } from "./chords.ts";
import { add, apply, compose, type Rotation, rotatedExtents, type Vector } from "./geometry.ts";
import type { Part } from "./shapes.ts";
import { textureField, textureIndex } from "./texture.ts";
import { traceWire } from "./wire.ts";

export const BINS = BIN_ENERGIES_KEV.length;
/** Parts that show less than this (mm) are sampled on a finer grid. */
const FINE_BELOW_MM = 5;
const HALF_FINE_BELOW_MM = 16;
/** Rays within this of local z count as running along it (about half a degree). */
const UPRIGHT = 1e-4;

export interface Pose {
  readonly at: Vector;
  readonly turn: Rotation;
}

/**
 * Line integrals of one view: for each pixel and energy bin Σ μ/ρ · ρ · chord (dimensionless), summed over all
 * parts, plus the areal density (g/cm²) of the target being drawn. Parallel rays along −z; column = line.
 */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pitch: number;
  /** bins[pixel × BINS + k]. */
  readonly bins: Float32Array;
  /** g/cm² of the target being drawn. */
  readonly mark: Float32Array;
  /** First and one past last covered column of each row. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly #row: Float32Array;

  constructor(width: number, height: number, pitch: number) {
    this.width = width;
    this.height = height;
    this.pitch = pitch;
    this.bins = new Float32Array(width * height * BINS);
    this.mark = new Float32Array(width * height);
    this.from = new Int32Array(height).fill(width);
    this.to = new Int32Array(height);
    this.#row = new Float32Array(width);
  }

  /** Pixels that a part of a thing at `pose` may touch; of no width or height where it lies outside. */
  reach(part: Part, pose: Pose): { x: number; y: number; width: number; height: number } {
    const turn = compose(pose.turn, part.turn);
    return this.#reach(add(pose.at, apply(pose.turn, part.at)), rotatedExtents(turn, part.shape.half));
  }

  #reach(at: Vector, half: Vector): { x: number; y: number; width: number; height: number } {
    const pitch = this.pitch;
    const x = Math.max(0, Math.floor((at[0] - half[0]) / pitch));
    const y = Math.max(0, Math.floor((at[1] - half[1]) / pitch));
    const width = Math.min(this.width, Math.ceil((at[0] + half[0]) / pitch) + 1) - x;
    return { x, y, width, height: Math.min(this.height, Math.ceil((at[1] + half[1]) / pitch) + 1) - y };
  }

  /** Draws one part of a thing that stands at `pose`; returns its mass in kg as the rays see it. */
  draw(part: Part, pose: Pose, marked: boolean): number {
    const turn = compose(pose.turn, part.turn);
    const at = add(pose.at, apply(pose.turn, part.at));
    const half = rotatedExtents(turn, part.shape.half);
    const pitch = this.pitch;
    const { x: x0, y: y0, width, height } = this.#reach(at, half);
    if (width <= 0 || height <= 0) return 0;
    const x1 = x0 + width;
    const y1 = y0 + height;
    const shape = part.shape;
    const row = this.#row;
    let sum = 0;
    if (shape.kind === "wire") {
      const points = shape.points.map((p) => add(at, apply(turn, p)));
      for (let y = y0; y < y1; y++) {
        row.fill(0, 0, x1 - x0);
        traceWire(points, shape.radius, pitch, x0, x1 - x0, y, row);
        sum += this.#deposit(part, x0, x1 - x0, y, marked);
      }
    } else {
      const upright = Math.abs(turn[6]) + Math.abs(turn[7]) < UPRIGHT;
      const tracer = rowTracer(shape, upright);
      const seen = 2 * Math.min(half[0], half[1]);
      const n = seen < FINE_BELOW_MM ? 3 : seen < HALF_FINE_BELOW_MM ? 2 : 1;
      // Spans are exact along the row, so that only the rows between need samples.
      const spans = upright && (shape.kind === "box" || shape.kind === "prism");
      const nx = spans ? 1 : n;
      const ny = spans ? 2 : n;
      const ray: RayRow = {
        x: 0,
        y: 0,
        z: 0,
        stepX: turn[0] * pitch,
        stepY: turn[1] * pitch,
        stepZ: turn[2] * pitch,
        dirX: turn[6],
        dirY: turn[7],
        dirZ: turn[8],
      };
      const gain = 1 / (nx * ny);
      for (let y = y0; y < y1; y++) {
        row.fill(0, 0, x1 - x0);
        for (let j = 0; j < ny; j++) {
          const wy = (y + (j + 0.5) / ny) * pitch - at[1];
          for (let i = 0; i < nx; i++) {
            const wx = (x0 + (i + 0.5) / nx) * pitch - at[0];
            ray.x = turn[0] * wx + turn[3] * wy - turn[6] * at[2];
            ray.y = turn[1] * wx + turn[4] * wy - turn[7] * at[2];
            ray.z = turn[2] * wx + turn[5] * wy - turn[8] * at[2];
            tracer(ray, x1 - x0, gain, row);
          }
        }
        sum += this.#deposit(part, x0, x1 - x0, y, marked);
      }
    }
    return (sum * pitch * pitch * 0.01) / 1000;
  }

  /** Adds the chords of the row buffer as areal density; returns their sum in g/cm². */
  #deposit(part: Part, x0: number, count: number, y: number, marked: boolean): number {
    const { bins, mark } = this;
    const row = this.#row;
    const mu = materialOf(part.material).attenuation;
    const m0 = mu[0] as number,
      m1 = mu[1] as number,
      m2 = mu[2] as number,
      m3 = mu[3] as number;
    const m4 = mu[4] as number,
      m5 = mu[5] as number,
      m6 = mu[6] as number,
      m7 = mu[7] as number;
    const density = part.density * 0.1;
    let begin = 0;
    let end = count;
    while (begin < end && row[begin] === 0) begin++;
    while (end > begin && row[end - 1] === 0) end--;
    if (begin === end) return 0;
    if (x0 + begin < (this.from[y] as number)) this.from[y] = x0 + begin;
    if (x0 + end > (this.to[y] as number)) this.to[y] = x0 + end;
    const texture = part.texture;
    if (texture) {
      const field = textureField(texture.kind);
      const step = this.pitch / texture.scale;
      const c = Math.cos(texture.turn) * step;
      const s = Math.sin(texture.turn) * step;
      let u = (x0 + begin) * c - y * s + texture.offset;
      let v = (x0 + begin) * s + y * c + texture.offset * 1.7;
      for (let i = begin; i < end; i++, u += c, v += s) {
        row[i] = (row[i] as number) * (1 + texture.amount * (field[textureIndex(u, v)] as number));
      }
    }
    let sum = 0;
    let pixel = y * this.width + x0 + begin;
    let at = pixel * BINS;
    for (let i = begin; i < end; i++, pixel++, at += 8) {
      const areal = (row[i] as number) * density;
      sum += areal;
      bins[at] = (bins[at] as number) + areal * m0;
      bins[at + 1] = (bins[at + 1] as number) + areal * m1;
      bins[at + 2] = (bins[at + 2] as number) + areal * m2;
      bins[at + 3] = (bins[at + 3] as number) + areal * m3;
      bins[at + 4] = (bins[at + 4] as number) + areal * m4;
      bins[at + 5] = (bins[at + 5] as number) + areal * m5;
      bins[at + 6] = (bins[at + 6] as number) + areal * m6;
      bins[at + 7] = (bins[at + 7] as number) + areal * m7;
      if (marked) mark[pixel] = (mark[pixel] as number) + areal;
    }
    return sum;
  }
}
