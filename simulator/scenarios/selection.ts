import { makeDeclarable, makeTarget } from "../goods/catalogue.ts";
import type { Item, TargetClass } from "../goods/item.ts";
import type { Random } from "../random.ts";
import type { Vector } from "../scene/geometry.ts";
import type { Parcel } from "../scene/parcel.ts";

export type Mix = "training" | "traffic";

/** What is sent: the packaging and the goods in the order in which they are packed. */
export interface Contents {
  readonly parcel: Parcel;
  readonly items: readonly Item[];
}

/** Share of scans that are meant to hold a target: training, traffic. */
const HOLDING: Readonly<Record<Mix, number>> = { training: 0.66, traffic: 0.09 };
/** Share of the rest of traffic that holds goods of a declarable class (battery, liquid). */
const DECLARABLE = 0.25;
const FITTING_TRIES = 12;

/** Drawn so that each class comes to be in about as many scans: large ones find no room at times, boards bring batteries. */
const CLASSES: readonly (readonly [TargetClass, number])[] = [
  ["firearm", 1.05],
  ["blade", 1],
  ["battery", 0.9],
  ["narcotic", 1],
  ["tobacco", 1.15],
  ["currency", 1.05],
  ["liquid", 1.15],
  ["ammunition", 0.95],
  ["explosive", 1],
];

/** Targets and declarable goods of one scan, each within `room` (full lengths, mm, longest first); often none. */
export function chooseRequired(random: Random, mix: Mix, room: Vector): Item[] {
  if (random.chance(HOLDING[mix])) {
    const count =
      mix === "traffic"
        ? 1
        : random.weighted([
            [1, 6],
            [2, 3],
            [3, 1],
          ] as const);
    const items = Array.from({ length: count }, () => fitting(random, room));
    return items.filter((item) => item !== undefined);
  }
  if (mix === "training" || !random.chance(DECLARABLE)) return [];
  const item = makeDeclarable(random);
  return fits(item, room) ? [item] : [];
}

function fitting(random: Random, room: Vector): Item | undefined {
  const name = random.weighted(CLASSES);
  for (let n = 0; n < FITTING_TRIES; n++) {
    const item = makeTarget(name, random);
    if (fits(item, room)) return item;
  }
  return undefined;
}

/** Whether the item's box goes into the room in some right-angled pose. */
export function fits(item: Item, room: Vector): boolean {
  const size = sorted(item.half);
  return size.every((half, i) => 2 * half <= (room[i] as number));
}

/** Largest first. */
export function sorted(v: Vector): Vector {
  const [a, b, c] = [...v].sort((one, other) => other - one) as [number, number, number];
  return [a, b, c];
}

/** The goods with those that must be in among the first, yet not always at the bottom. */
export function mixed(required: readonly Item[], others: readonly Item[], random: Random): Item[] {
  return [...required, ...others]
    .map((item, i) => ({ item, key: random.float() * (i < required.length ? 0.45 : 1) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
