import { BIN_ENERGIES_KEV } from "../physics/attenuation.ts";
import { materialOf } from "../physics/materials.ts";
import { type Memory, ownMemory } from "../workspace.ts";
import { type FanBeam, PARALLEL_RAYS, projected } from "./beam.ts";
import { type ChordRow, type RayRow, rowTracer } from "./chords.ts";
import { MAX_CROSSINGS } from "./crossings.ts";
import { add, apply, compose, type Rotation, rotatedExtents, type Vector } from "./geometry.ts";
import { layerTracer, laySpans, MOST_LAYERS, spansOfRow } from "./layers.ts";
import type { Part, Shape } from "./shapes.ts";
import { modulate, type Weave, weaveOf } from "./texture.ts";
import { projectWire, traceWire } from "./wire.ts";

export const BINS = BIN_ENERGIES_KEV.length;
/** Parts that show less than this (mm) are sampled on a finer grid. */
const FINE_BELOW_MM = 5;
const HALF_FINE_BELOW_MM = 16;
/** A box through which rays drift sideways by more than this (mm) is traced ray by ray instead of in layers. */
const BOX_DRIFT_MM = 4;
/** The same for a prism, whose rays are dearer. */
const PRISM_DRIFT_MM = 90;
/** Rays flatter than this against a solid's layers are traced one by one. */
const STEEP = 0.3;
/** A row is sampled by this many sub-rows and layers at least, and by so many more per pixel of drift. */
const FEWEST_LAYERS = 2;
const LAYERS_PER_PIXEL = 1.2;

/** Side of a cell of the tally, pixels. */
export const TALLY_CELL = 4;
/** The bin whose attenuation is tallied: in the middle of the spectrum. */
const TALLY_BIN = 4;

export interface Pose {
  readonly at: Vector;
  readonly turn: Rotation;
}

/** What a part is made of. */
interface Stuff {
  /** g/cm² a mm. */
  readonly density: number;
  /** μ/ρ at the bin energies, cm²/g. */
  readonly mu: Float32Array;
  readonly weave: Weave | undefined;
}

/**
 * Line integrals of one view: for each pixel and energy bin Σ μ/ρ · ρ · chord (dimensionless), summed over all
 * parts, plus the areal density (g/cm²) of the target being drawn. Poses are in the view's frame (`beam.ts`); column = line.
 */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pitch: number;
  readonly beam: FanBeam;
  /** bins[pixel × BINS + k]. */
  readonly bins: Float32Array;
  /** g/cm² of the target being drawn. */
  readonly mark: Float32Array;
  /** First and one past last covered column of each row. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Where those who work on the canvas get memory that is needed no longer than it. */
  readonly memory: Memory;
  readonly #row: ChordRow;
  /** Cosine of the angle at which the rays of each row meet the reference plane. */
  readonly #cosines: Float64Array;
  readonly #crossings = new Float64Array(MAX_CROSSINGS);
  readonly #spans = spansOfRow();
  #tally: Float32Array | undefined;

  constructor(
    width: number,
    height: number,
    pitch: number,
    beam: FanBeam = PARALLEL_RAYS,
    memory = ownMemory,
  ) {
    this.width = width;
    this.height = height;
    this.pitch = pitch;
    this.beam = beam;
    this.memory = memory;
    this.bins = memory("bins", width * height * BINS).fill(0);
    this.mark = memory("mark", width * height).fill(0);
    this.from = new Int32Array(height).fill(width);
    this.to = new Int32Array(height);
    this.#row = { lengths: new Float32Array(width), from: width, to: 0 };
    this.#cosines = Float64Array.from({ length: height }, (_, y) => {
      const tilt = (beam.sourceU - (y + 0.5) * pitch) / beam.sourceW;
      return 1 / Math.sqrt(1 + tilt * tilt);
    });
  }

  /** From here on what is drawn is also added up over cells of {@link TALLY_CELL} pixels a side. */
  startTally(): void {
    this.#tally = new Float32Array(this.tallyWidth * this.tallyHeight);
  }

  /** Line integrals of one bin summed over each cell, row-major; undefined unless started. */
  get tally(): Float32Array | undefined {
    return this.#tally;
  }

  get tallyWidth(): number {
    return Math.ceil(this.width / TALLY_CELL);
  }

  get tallyHeight(): number {
    return Math.ceil(this.height / TALLY_CELL);
  }

  /** Pixels that a part of a thing at `pose` may touch; of no width or height where it lies outside. */
  reach(part: Part, pose: Pose): { x: number; y: number; width: number; height: number } {
    const turn = compose(pose.turn, part.turn);
    return this.#reach(add(pose.at, apply(pose.turn, part.at)), rotatedExtents(turn, part.shape.half));
  }

  #reach(at: Vector, half: Vector): { x: number; y: number; width: number; height: number } {
    const { pitch, beam } = this;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (const u of [at[1] - half[1], at[1] + half[1]]) {
      for (const w of [at[2] - half[2], at[2] + half[2]]) {
        const v = projected(beam, u, w);
        least = Math.min(least, v);
        most = Math.max(most, v);
      }
    }
    const x = Math.max(0, Math.floor((at[0] - half[0]) / pitch));
    const y = Math.max(0, Math.floor(least / pitch));
    const width = Math.min(this.width, Math.ceil((at[0] + half[0]) / pitch) + 1) - x;
    return { x, y, width, height: Math.min(this.height, Math.ceil(most / pitch) + 1) - y };
  }

  /** Draws one part of a thing that stands at `pose`; returns its mass in kg as the rays see it. */
  draw(part: Part, pose: Pose, marked: boolean): number {
    const turn = compose(pose.turn, part.turn);
    const at = add(pose.at, apply(pose.turn, part.at));
    const half = rotatedExtents(turn, part.shape.half);
    const area = this.#reach(at, half);
    if (area.width <= 0 || area.height <= 0) return 0;
    const { shape } = part;
    const row = this.#row;
    const stuff: Stuff = {
      density: part.density * 0.1,
      mu: materialOf(part.material).attenuation,
      weave: part.texture && weaveOf(part.texture, this.pitch),
    };
    const trace =
      shape.kind === "wire"
        ? this.#wireRows(shape, at, turn, area)
        : this.#solidRows(shape, at, turn, Math.min(half[0], (area.height * this.pitch) / 2), area);
    let sum = 0;
    for (let y = area.y; y < area.y + area.height; y++) {
      trace(y);
      if (row.from >= row.to) continue;
      sum += this.#deposit(stuff, area.x, y, marked) * (this.#cosines[y] as number);
      row.from = this.width;
      row.to = 0;
    }
    const rows = this.pitch * (1 - at[2] / this.beam.sourceW);
    return (sum * this.pitch * rows * 0.01) / 1000;
  }

  #wireRows(
    shape: Extract<Shape, { kind: "wire" }>,
    at: Vector,
    turn: Rotation,
    area: { x: number; width: number },
  ): (y: number) => void {
    const points = shape.points.map((p) => add(at, apply(turn, p)));
    const segments = projectWire(points, this.beam);
    const row = this.#row;
    return (y) => traceWire(segments, shape.radius, this.pitch, area.x, area.width, y, row);
  }

  #solidRows(
    shape: Shape,
    at: Vector,
    turn: Rotation,
    seenHalf: number,
    area: { x: number; width: number },
  ): (y: number) => void {
    const { pitch, beam } = this;
    const row = this.#row;
    const spans = this.#spans;
    const count = area.width;
    const inverse = 1 / beam.sourceW;
    const ray: RayRow = {
      x: 0,
      y: 0,
      z: 0,
      first: 0,
      last: 0,
      stepX: turn[0] * pitch,
      stepY: turn[1] * pitch,
      stepZ: turn[2] * pitch,
      dirX: 0,
      dirY: 0,
      dirZ: 0,
    };
    /** Where the ray is turned to: row of the detector, mm, and its first sample along the belt from the solid's middle, mm. */
    const goal = { v: 0.5, wx: 0.5 };
    const aim = (): void => {
      const { v, wx } = goal;
      const tilt = (beam.sourceU - v) * inverse;
      const up = 1 / Math.sqrt(1 + tilt * tilt);
      const across = tilt * up;
      const wu = v + tilt * at[2] - at[1];
      ray.x = turn[0] * wx + turn[3] * wu;
      ray.y = turn[1] * wx + turn[4] * wu;
      ray.z = turn[2] * wx + turn[5] * wu;
      ray.dirX = turn[3] * across + turn[6] * up;
      ray.dirY = turn[4] * across + turn[7] * up;
      ray.dirZ = turn[5] * across + turn[8] * up;
    };
    const layer = layerTracer(shape, this.#crossings);
    if (layer !== undefined) {
      goal.v = projected(beam, at[1], at[2]);
      aim();
      const drift = driftThrough(ray, shape.half[2]);
      if (drift <= (shape.kind === "box" ? BOX_DRIFT_MM : PRISM_DRIFT_MM)) {
        goal.wx = (area.x + 0.5) * pitch - at[0];
        return (y) => {
          goal.v = (y + 0.5) * pitch;
          aim();
          const perPixel = (driftThrough(ray, shape.half[2]) / pitch) * LAYERS_PER_PIXEL;
          const layers = Math.min(MOST_LAYERS, FEWEST_LAYERS + Math.floor(perPixel));
          const stride = STRIDES[layers] as number;
          for (let j = 0; j < layers; j++) {
            goal.v = (y + (j + 0.5) / layers) * pitch;
            aim();
            layer(ray, count, (j * stride) % layers, layers, spans);
          }
          laySpans(spans, row);
        };
      }
    }
    const seen = 2 * seenHalf;
    const n = seen < FINE_BELOW_MM ? 3 : seen < HALF_FINE_BELOW_MM ? 2 : 1;
    const tracer = rowTracer(shape, this.#crossings);
    const gain = 1 / (n * n);
    return (y) => {
      for (let j = 0; j < n; j++) {
        for (let i = 0; i < n; i++) {
          goal.v = (y + (j + 0.5) / n) * pitch;
          goal.wx = (area.x + (i + 0.5) / n) * pitch - at[0];
          aim();
          tracer(ray, count, gain, row);
        }
      }
    };
  }

  /** Takes the chords out of the row buffer and adds them as areal density; returns their sum in g/cm². */
  #deposit({ density, mu, weave }: Stuff, x0: number, y: number, marked: boolean): number {
    const { bins, mark } = this;
    const row = this.#row.lengths;
    const m0 = mu[0] as number,
      m1 = mu[1] as number,
      m2 = mu[2] as number,
      m3 = mu[3] as number;
    const m4 = mu[4] as number,
      m5 = mu[5] as number,
      m6 = mu[6] as number,
      m7 = mu[7] as number;
    let begin = this.#row.from;
    let end = this.#row.to;
    while (begin < end && row[begin] === 0) begin++;
    while (end > begin && row[end - 1] === 0) end--;
    if (begin === end) return 0;
    if (x0 + begin < (this.from[y] as number)) this.from[y] = x0 + begin;
    if (x0 + end > (this.to[y] as number)) this.to[y] = x0 + end;
    if (weave !== undefined) modulate(row, begin, end, weave, x0, y);
    if (this.#tally !== undefined)
      this.#count(this.#tally, y, x0, begin, end, density * (mu[TALLY_BIN] as number));
    const pixel = y * this.width + x0;
    if (marked)
      for (let i = begin; i < end; i++)
        mark[pixel + i] = (mark[pixel + i] as number) + (row[i] as number) * density;
    let sum = 0;
    for (let i = begin, at = (pixel + begin) << 3; i < end; i++, at += 8) {
      const areal = (row[i] as number) * density;
      row[i] = 0;
      if (areal === 0) continue;
      sum += areal;
      bins[at] = (bins[at] as number) + areal * m0;
      bins[at | 1] = (bins[at | 1] as number) + areal * m1;
      bins[at | 2] = (bins[at | 2] as number) + areal * m2;
      bins[at | 3] = (bins[at | 3] as number) + areal * m3;
      bins[at | 4] = (bins[at | 4] as number) + areal * m4;
      bins[at | 5] = (bins[at | 5] as number) + areal * m5;
      bins[at | 6] = (bins[at | 6] as number) + areal * m6;
      bins[at | 7] = (bins[at | 7] as number) + areal * m7;
    }
    return sum;
  }

  #count(tally: Float32Array, y: number, x0: number, begin: number, end: number, factor: number): void {
    const row = this.#row.lengths;
    const base = Math.floor(y / TALLY_CELL) * this.tallyWidth;
    for (let i = begin; i < end; i++) {
      const cell = base + (((x0 + i) / TALLY_CELL) | 0);
      tally[cell] = (tally[cell] as number) + (row[i] as number) * factor;
    }
  }
}

/** How far a ray moves sideways between the bottom and the top of a solid, mm. */
function driftThrough(ray: RayRow, halfZ: number): number {
  const up = Math.abs(ray.dirZ);
  return up < STEEP
    ? Number.POSITIVE_INFINITY
    : (2 * halfZ * Math.sqrt(ray.dirX * ray.dirX + ray.dirY * ray.dirY)) / up;
}

/** For each number of layers a stride without common divisor, so that sub-rows and layers are paired evenly. */
const STRIDES: readonly number[] = Array.from({ length: MOST_LAYERS + 1 }, (_, n) => {
  let stride = Math.max(1, Math.round(n * 0.618));
  while (n > 1 && common(stride, n) > 1) stride++;
  return stride;
});

function common(a: number, b: number): number {
  return b === 0 ? a : common(b, a % b);
}
