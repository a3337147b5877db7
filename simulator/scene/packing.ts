import type { Item } from "../goods/item.ts";
import type { Random } from "../random.ts";
import {
  aboutX,
  aboutY,
  aboutZ,
  compose,
  IDENTITY,
  LAY_Z,
  LAY_Z_ALONG_X,
  type Rotation,
  rotatedExtents,
  STAND_X,
  type Vector,
} from "./geometry.ts";

const CELL_MM = 10;
const TRIES = 22;

export interface Placed {
  readonly item: Item;
  /** Centre in the parcel's frame: origin in the middle of the floor, z up. */
  readonly at: Vector;
  readonly turn: Rotation;
}

/**
 * Stacks items in a box of `inner` mm: each goes where its bounding box comes to rest lowest among a few random
 * places, so that boxes never overlap; what does not fit is left out.
 */
export function pack(items: readonly Item[], inner: Vector, random: Random): Placed[] {
  const columns = Math.max(1, Math.floor(inner[0] / CELL_MM));
  const rows = Math.max(1, Math.floor(inner[1] / CELL_MM));
  const floor = new Float32Array(columns * rows);
  const placed: Placed[] = [];
  for (const item of items) {
    const spot = findSpot(item, inner, floor, columns, rows, random);
    if (spot === undefined) continue;
    raise(floor, columns, spot.cells, spot.top);
    placed.push({ item, at: spot.at, turn: spot.turn });
  }
  return placed;
}

type Cells = readonly [number, number, number, number];
interface Spot {
  readonly at: Vector;
  readonly turn: Rotation;
  readonly cells: Cells;
  readonly top: number;
}

function findSpot(
  item: Item,
  inner: Vector,
  floor: Float32Array,
  columns: number,
  rows: number,
  random: Random,
): Spot | undefined {
  let best: Spot | undefined;
  // Things thrown in without care come to lie on each other even where the floor is free.
  const careless = random.chance(0.35);
  for (let n = 0; n < TRIES; n++) {
    const turn = pose(item, random, n);
    const half = rotatedExtents(turn, item.half);
    if (2 * half[0] > inner[0] || 2 * half[1] > inner[1] || 2 * half[2] > inner[2]) continue;
    const x = random.range(half[0], inner[0] - half[0]);
    const y = random.range(half[1], inner[1] - half[1]);
    const cells: Cells = [
      Math.min(columns - 1, Math.floor((x - half[0]) / CELL_MM)),
      Math.min(columns - 1, Math.floor((x + half[0]) / CELL_MM)),
      Math.min(rows - 1, Math.floor((y - half[1]) / CELL_MM)),
      Math.min(rows - 1, Math.floor((y + half[1]) / CELL_MM)),
    ];
    const base = highest(floor, columns, cells);
    const top = base + 2 * half[2];
    if (top > inner[2] || (best !== undefined && top >= best.top)) continue;
    best = { at: [x - inner[0] / 2, y - inner[1] / 2, base + half[2]], turn, cells, top };
    if (careless) break;
  }
  return best;
}

/** A resting pose: flat on the largest face most of the time, else on another face or leaning. */
function pose(item: Item, random: Random, attempt: number): Rotation {
  const yaw = aboutZ(
    random.chance(0.6)
      ? random.int(0, 3) * (Math.PI / 2) + random.range(-0.08, 0.08)
      : random.range(0, 2 * Math.PI),
  );
  const base = restingBase(item, random, attempt);
  const lean = random.chance(0.3)
    ? compose(aboutX(random.range(-0.3, 0.3)), aboutY(random.range(-0.3, 0.3)))
    : IDENTITY;
  return compose(yaw, compose(lean, base));
}

function restingBase(item: Item, random: Random, attempt: number): Rotation {
  if (item.rests === "upright" && attempt < TRIES / 2) return IDENTITY;
  const faces = [STAND_X, LAY_Z, IDENTITY] as const;
  const [x, y, z] = item.half;
  const flattest = z <= x && z <= y ? IDENTITY : y <= x ? LAY_Z : STAND_X;
  if (item.rests === "flat" && attempt < TRIES - 3) return flattest;
  if (random.chance(0.62)) return flattest;
  return random.chance(0.2) ? LAY_Z_ALONG_X : random.pick(faces);
}

function highest(floor: Float32Array, columns: number, cells: Cells): number {
  let top = 0;
  for (let r = cells[2]; r <= cells[3]; r++) {
    for (let c = cells[0]; c <= cells[1]; c++) top = Math.max(top, floor[r * columns + c] as number);
  }
  return top;
}

function raise(floor: Float32Array, columns: number, cells: Cells, top: number): void {
  for (let r = cells[2]; r <= cells[3]; r++)
    floor.fill(top, r * columns + cells[0], r * columns + cells[1] + 1);
}
