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
/** Poses looked at for each item, and the most places looked at for each pose. */
const POSES = 5;
const PLACES = 110;
/** What is tried where nothing else fits: on each face, along and across, flattest first. */
const SQUARE = [IDENTITY, LAY_Z, STAND_X].flatMap((face) => [face, compose(aboutZ(Math.PI / 2), face)]);
/** A place this much higher (mm) is taken at times: nobody packs perfectly. */
const SLOPPINESS_MM = 14;

export interface Placed {
  readonly item: Item;
  /** Centre in the parcel's frame: origin in the middle of the floor, z up. */
  readonly at: Vector;
  readonly turn: Rotation;
}

/**
 * Stacks items in a box of `inner` mm: each goes where its bounding box comes to rest about lowest, so that boxes
 * never overlap and nothing hangs in the air; what does not fit is left out. Items that are placed on purpose
 * (`place`) go where that says, or like the others where there is no room for that.
 */
export function pack(items: readonly Item[], inner: Vector, random: Random): Placed[] {
  const room: Room = {
    inner,
    columns: Math.max(1, Math.ceil(inner[0] / CELL_MM)),
    rows: Math.max(1, Math.ceil(inner[1] / CELL_MM)),
    floor: new Float32Array(Math.ceil(inner[0] / CELL_MM) * Math.ceil(inner[1] / CELL_MM)),
    placed: [],
  };
  const first = items.filter((item) => item.place === "floor");
  for (const item of [...first, ...items.filter((other) => other.place !== "floor")]) {
    const spot = placeOnPurpose(item, room, random) ?? findSpot(item, room, random);
    if (spot === undefined) continue;
    raise(room, spot);
    room.placed.push({ item, at: spot.at, turn: spot.turn });
  }
  return room.placed;
}

interface Room {
  readonly inner: Vector;
  readonly columns: number;
  readonly rows: number;
  /** Height of what lies in each cell, mm. */
  readonly floor: Float32Array;
  readonly placed: Placed[];
}

type Cells = readonly [number, number, number, number];
interface Spot {
  readonly at: Vector;
  readonly turn: Rotation;
  readonly cells: Cells;
  readonly top: number;
}

/** Where an item of this pose comes to rest with its middle over (x, y); undefined where its top passes `lowest` or the room. */
function restAt(
  room: Room,
  turn: Rotation,
  half: Vector,
  x: number,
  y: number,
  lowest = Number.POSITIVE_INFINITY,
): Spot | undefined {
  const { inner, columns, rows } = room;
  const slack = 1e-6;
  if (Math.abs(x) + half[0] > inner[0] / 2 + slack || Math.abs(y) + half[1] > inner[1] / 2 + slack)
    return undefined;
  const left = cellOf(x - half[0] + inner[0] / 2 + slack, columns);
  const right = cellOf(x + half[0] + inner[0] / 2 - slack, columns);
  const front = cellOf(y - half[1] + inner[1] / 2 + slack, rows);
  const back = cellOf(y + half[1] + inner[1] / 2 - slack, rows);
  const limit = Math.min(inner[2], lowest) - 2 * half[2];
  const base = highest(room, left, right, front, back, limit);
  if (base > limit) return undefined;
  return { at: [x, y, base + half[2]], turn, cells: [left, right, front, back], top: base + 2 * half[2] };
}

/** Column or row of cells, of `count`, that a place (mm from the first one) lies in. */
function cellOf(place: number, count: number): number {
  return Math.max(0, Math.min(count - 1, Math.floor(place / CELL_MM)));
}

function findSpot(item: Item, room: Room, random: Random): Spot | undefined {
  let best: Spot | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  // Things thrown in without care come to lie on each other even where the floor is free.
  const careless = random.chance(0.2);
  for (let n = 0; n < POSES + SQUARE.length + 2 && (n < POSES || best === undefined); n++) {
    const turn = n < POSES ? pose(item, random, n) : squarePose(item, n - POSES);
    const half = rotatedExtents(turn, item.half);
    const free = [room.inner[0] - 2 * half[0], room.inner[1] - 2 * half[1]] as const;
    if (free[0] < 0 || free[1] < 0 || 2 * half[2] > room.inner[2]) continue;
    const step = Math.max(CELL_MM, Math.sqrt(((free[0] + CELL_MM) * (free[1] + CELL_MM)) / PLACES));
    const shift = [
      random.float() * Math.min(step, free[0]),
      random.float() * Math.min(step, free[1]),
    ] as const;
    if (careless && n < POSES) {
      const x = random.range(-0.5, 0.5) * free[0];
      const spot = restAt(room, turn, half, x, random.range(-0.5, 0.5) * free[1]);
      if (spot) return spot;
      continue;
    }
    for (let u = shift[0]; u <= free[0]; u += step)
      for (let v = shift[1]; v <= free[1]; v += step) {
        const spot = restAt(room, turn, half, u - free[0] / 2, v - free[1] / 2, bestScore);
        if (spot === undefined) continue;
        const score = spot.top + random.float() * SLOPPINESS_MM;
        if (score >= bestScore) continue;
        best = spot;
        bestScore = score;
      }
  }
  return best;
}

function placeOnPurpose(item: Item, room: Room, random: Random): Spot | undefined {
  const { inner } = room;
  if (item.place === "layer") {
    const turn = aboutZ(random.chance(0.5) ? Math.PI : 0);
    return restAt(room, turn, item.half, 0, 0);
  }
  if (item.place === "side") {
    const turn = compose(aboutZ(random.chance(0.5) ? Math.PI : 0), uprightThinAlongY(item.half));
    const half = rotatedExtents(turn, item.half);
    const y = (random.chance(0.5) ? 1 : -1) * (inner[1] / 2 - half[1]);
    return restAt(room, turn, half, random.range(-1, 1) * Math.max(0, inner[0] / 2 - half[0]), y);
  }
  if (item.place === "floor") {
    const turn = compose(aboutZ(random.int(0, 1) * Math.PI), flattest(item.half));
    const half = rotatedExtents(turn, item.half);
    const x = random.range(-1, 1) * Math.max(0, inner[0] / 2 - half[0]);
    return restAt(room, turn, half, x, random.range(-1, 1) * Math.max(0, inner[1] / 2 - half[1]));
  }
  return item.place === "behind" ? overDensest(item, room, random) : undefined;
}

/** On top of whatever lets least through. */
function overDensest(item: Item, room: Room, random: Random): Spot | undefined {
  let densest: Placed | undefined;
  let most = 0;
  for (const candidate of room.placed) {
    const half = rotatedExtents(candidate.turn, candidate.item.half);
    const areal = massLike(candidate.item) / (half[0] * half[1]);
    if (areal <= most) continue;
    most = areal;
    densest = candidate;
  }
  if (densest === undefined) return undefined;
  const turn = compose(aboutZ(random.int(0, 3) * (Math.PI / 2)), flattest(item.half));
  const half = rotatedExtents(turn, item.half);
  const within = (value: number, i: 0 | 1): number => {
    const limit = Math.max(0, room.inner[i] / 2 - half[i]);
    return Math.max(-limit, Math.min(limit, value + random.range(-10, 10)));
  };
  return restAt(room, turn, half, within(densest.at[0], 0), within(densest.at[1], 1));
}

/** Grows with the mass: density times the box of each part. */
function massLike(item: Item): number {
  return item.parts.reduce(
    (sum, { density, shape: { half } }) => sum + density * half[0] * half[1] * half[2],
    0,
  );
}

/** Lays a thing with these half extents on its largest face. */
function flattest([x, y, z]: Vector): Rotation {
  return z <= x && z <= y ? IDENTITY : y <= x ? LAY_Z : STAND_X;
}

/** Stands a thing on its edge, the thinnest extent along y. */
function uprightThinAlongY([x, y, z]: Vector): Rotation {
  if (y <= x && y <= z) return IDENTITY;
  return z <= x ? LAY_Z : [0, 1, 0, -1, 0, 0, 0, 0, 1];
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
  if (item.rests === "upright" && attempt < POSES / 2) return IDENTITY;
  if (item.rests === "flat" && attempt < POSES - 1) return flattest(item.half);
  if (random.chance(0.62)) return flattest(item.half);
  return random.chance(0.2) ? LAY_Z_ALONG_X : random.pick([STAND_X, LAY_Z, IDENTITY] as const);
}

/** The n-th right-angled pose; the flattest face comes first. */
function squarePose(item: Item, n: number): Rotation {
  const flat = flattest(item.half);
  return n < 2 ? compose(aboutZ((n * Math.PI) / 2), flat) : (SQUARE[n - 2] as Rotation);
}

/** Height under these cells; of one that passes `limit` where one does. */
function highest(
  { floor, columns }: Room,
  left: number,
  right: number,
  front: number,
  back: number,
  limit: number,
): number {
  let top = 0;
  for (let row = front; row <= back; row++) {
    for (let at = row * columns + left; at <= row * columns + right; at++) {
      const here = floor[at] as number;
      if (here <= top) continue;
      if (here > limit) return here;
      top = here;
    }
  }
  return top;
}

function raise({ floor, columns }: Room, { cells, top }: Spot): void {
  for (let r = cells[2]; r <= cells[3]; r++)
    floor.fill(top, r * columns + cells[0], r * columns + cells[1] + 1);
}
