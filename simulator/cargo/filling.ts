import type { Random } from "../random.ts";
import type { Solid } from "./canvas.ts";
import { block, type Room } from "./carrier.ts";
import { LOAD_KINDS, type LoadKind, type LoadTrade, massOf } from "./loads.ts";
import { LOADED_FROM, type LoadState, PART_UNTIL } from "./truth.ts";

/** One stretch of a carrier with one kind of load. */
export interface Lot {
  readonly kind: string;
  readonly trade: LoadTrade;
  readonly x0: number;
  readonly x1: number;
  readonly solids: readonly Solid[];
  readonly massKg: number;
  /** Not what the papers will name. */
  readonly misdeclared: boolean;
}

export interface FillingOptions {
  readonly room: Room;
  readonly state: LoadState;
  readonly carrier: "dry" | "reefer" | "tank" | "small";
  /** A part of the load is of another kind. */
  readonly misdeclared: boolean;
}

/** Chooses and stacks the load of a carrier. Empty ones may hold straps, dunnage and litter, which is no load. */
export function fill(options: FillingOptions, random: Random): { lots: Lot[]; litter: Solid[] } {
  const { room, state, carrier, misdeclared } = options;
  if (state === "empty") return { lots: [], litter: carrier === "tank" ? [] : litterOf(room, random) };
  if (carrier === "tank") return { lots: [liquidLot(room, state, random)], litter: [] };
  const main = kindFor(carrier, random);
  const trade = random.pick(main.trades);
  const zones = state === "loaded" ? fullZones(room, random) : partZones(room, random);
  const lots: Lot[] = [];
  for (const [x0, x1] of zones) {
    if (misdeclared && lots.every((lot) => !lot.misdeclared)) {
      lots.push(...withOther({ ...room, x0, x1 }, main, trade, carrier, random));
      continue;
    }
    lots.push(lotOf({ ...room, x0, x1 }, main, trade, false, random));
  }
  return { lots: lots.filter((lot) => lot.solids.length > 0), litter: [] };
}

function kindFor(carrier: FillingOptions["carrier"], random: Random, except?: LoadKind): LoadKind {
  const fitting = LOAD_KINDS.filter((kind) => kind.carriers.includes(carrier) && kind !== except);
  const others =
    except === undefined
      ? fitting
      : LOAD_KINDS.filter((kind) => kind.carriers.includes("dry") && kind !== except);
  return random.weighted((fitting.length > 0 ? fitting : others).map((kind) => [kind, kind.weight] as const));
}

function lotOf(room: Room, kind: LoadKind, trade: LoadTrade, misdeclared: boolean, random: Random): Lot {
  const solids = kind.stack(room, random).map((solid) => ({ ...solid, load: true }));
  return { kind: kind.name, trade, x0: room.x0, x1: room.x1, solids, massKg: massOf(solids), misdeclared };
}

/** The main load with a stretch of something else in it, of another group and another density or texture. */
function withOther(
  room: Room,
  main: LoadKind,
  trade: LoadTrade,
  carrier: FillingOptions["carrier"],
  random: Random,
): Lot[] {
  const length = room.x1 - room.x0;
  const share = random.range(0.12, 0.35);
  const from = room.x0 + random.range(0, 1 - share) * length;
  const to = from + share * length;
  let other = kindFor(carrier, random, main);
  for (let i = 0; i < 20 && other.trades.every(({ group }) => group === trade.group); i++)
    other = kindFor(carrier, random, main);
  const otherTrade = other.trades.find(({ group }) => group !== trade.group) ?? random.pick(other.trades);
  const parts: Lot[] = [];
  if (from - room.x0 > 30) parts.push(lotOf({ ...room, x1: from - 2 }, main, trade, false, random));
  parts.push(lotOf({ ...room, x0: from, x1: to }, other, otherTrade, true, random));
  if (room.x1 - to > 30) parts.push(lotOf({ ...room, x0: to + 2 }, main, trade, false, random));
  return parts;
}

/** Loaded from wall to door, a gap at one end at most. */
function fullZones(room: Room, random: Random): [number, number][] {
  const length = room.x1 - room.x0;
  const free = length * random.pick([0, 0.02, random.range(0, 0.5 * (1 - LOADED_FROM))]);
  const left = random.chance(0.5) ? free : 0;
  return [[room.x0 + left, room.x1 - (free - left)]];
}

/** From a single pallet to most of the length, in one to three stretches. */
function partZones(room: Room, random: Random): [number, number][] {
  const length = room.x1 - room.x0;
  const most = (PART_UNTIL - 0.04) * length;
  const least = Math.min(most * 0.6, 120);
  const total = random.range(least, most);
  const pieces =
    total < 260
      ? 1
      : random.weighted([
          [1, 6],
          [2, 3],
          [3, 1],
        ] as const);
  const free = length - total;
  const gaps = Array.from({ length: pieces + 1 }, () => random.float() ** 1.5);
  if (random.chance(0.55)) gaps[random.chance(0.5) ? 0 : pieces] = 0;
  const gapTotal = gaps.reduce((sum, gap) => sum + gap, 0);
  const out: [number, number][] = [];
  let x = room.x0;
  for (let i = 0; i < pieces; i++) {
    x += gapTotal === 0 ? 0 : ((gaps[i] ?? 0) / gapTotal) * free;
    out.push([x, x + total / pieces]);
    x += total / pieces;
  }
  return out;
}

/** A liquid up to a level, as thin slices of the vessel's circle. */
function liquidLot(room: Room, state: LoadState, random: Random): Lot {
  const kind = LOAD_KINDS.find(({ name }) => name === "liquid")!;
  const trade = random.pick(kind.trades);
  const radius = (room.y1 - room.y0) / 2;
  const y = room.y0 + radius;
  const z = (room.z0 + room.z1) / 2;
  const level = state === "loaded" ? random.range(0.85, 0.97) : random.range(0.08, 0.68);
  const slices = 40;
  const step = (level * 2 * radius) / slices;
  const density = random.range(0.78, 1.25);
  const solids: Solid[] = [];
  for (let i = 0; i < slices; i++) {
    const middle = room.y0 + (i + 0.5) * step;
    const half = Math.sqrt(Math.max(0, radius * radius - (middle - y) ** 2));
    solids.push({
      ...block(
        "water",
        density,
        [room.x0, room.x1],
        [middle - step / 2, middle + step / 2],
        [z - half, z + half],
      ),
      load: true,
    });
  }
  return {
    kind: kind.name,
    trade,
    x0: room.x0,
    x1: room.x1,
    solids,
    massKg: massOf(solids),
    misdeclared: false,
  };
}

function litterOf(room: Room, random: Random): Solid[] {
  const out: Solid[] = [];
  for (
    let i = random.weighted([
      [0, 6],
      [1, 2],
      [3, 1],
    ] as const);
    i > 0;
    i--
  ) {
    const x = random.range(room.x0, room.x1 - 60);
    if (random.chance(0.5))
      out.push(
        block(
          "wood",
          0.5,
          [x, x + random.range(8, 60)],
          [room.y0, room.y0 + random.range(1, 4)],
          [room.z0 + 40, room.z0 + 52],
        ),
      );
    else
      out.push(block("polyester", 0.3, [x, x + 4], [room.y0 + 20, room.y1 - 40], [room.z0 + 1, room.z0 + 2]));
  }
  return out;
}
