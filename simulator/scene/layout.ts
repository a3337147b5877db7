import type { Item } from "../goods/item.ts";
import type { Random } from "../random.ts";
import type { Pose } from "./canvas.ts";
import { aboutZ, add, apply, compose, rotatedExtents, type Vector } from "./geometry.ts";
import { partsMassKg } from "./mass.ts";
import { pack } from "./packing.ts";
import type { Parcel } from "./parcel.ts";

/** A thing where it lies on the belt; frame: x along the belt, y across it from its middle, z up from it, mm. */
export interface LaidItem {
  readonly item: Item;
  readonly pose: Pose;
  readonly massKg: number;
}

/** A packed parcel on the belt, before any view of it. */
export interface Layout {
  readonly packaging: LaidItem;
  readonly items: readonly LaidItem[];
  /** Room inside the parcel, mm. */
  readonly parcel: Vector;
  /** Bounding boxes of the contents in the parcel's frame (origin in the middle of its floor), mm. */
  readonly placed: readonly { readonly at: Vector; readonly half: Vector }[];
  /** Middle and half extents of the box around the whole, in the belt's frame. */
  readonly middle: Vector;
  readonly half: Vector;
  /** Length of belt that the scan covers, mm. */
  readonly length: number;
}

export interface LayoutLimits {
  /** Longest scan, mm of belt. */
  readonly length: number;
  /** Widest thing across the belt, mm. */
  readonly across: number;
}

/** Packs the items and lays the parcel on the belt, mostly along or across it; `lying`: what draws how it lies, when not `random`. */
export function layOut(
  { parcel, items }: { readonly parcel: Parcel; readonly items: readonly Item[] },
  limits: LayoutLimits,
  random: Random,
  lying: Random = random,
): Layout {
  const placed = pack(items, parcel.inner, random);
  const turn = lie(parcel, limits, lying);
  const flat: Vector = [parcel.outer[0] / 2, parcel.outer[1] / 2, parcel.outer[2] / 2];
  const half = rotatedExtents(turn, flat);
  const lead = lying.range(12, 70);
  const length = Math.min(limits.length, 2 * half[0] + lead + lying.range(12, 70));
  const room = Math.max(0, limits.across / 2 - half[1]);
  const below = (parcel.outer[2] - parcel.inner[2]) / 2;
  const floor: Vector = [lead + half[0], lying.range(-room, room), below];
  const laid = (item: Item, at: Vector, own: Pose["turn"]): LaidItem => ({
    item,
    pose: { at: add(floor, apply(turn, at)), turn: compose(turn, own) },
    massKg: partsMassKg(item.parts),
  });
  return {
    packaging: laid(parcel.packaging, [0, 0, parcel.inner[2] / 2], aboutZ(0)),
    items: placed.map(({ item, at, turn: own }) => laid(item, at, own)),
    parcel: parcel.inner,
    placed: placed.map(({ item, at, turn: own }) => ({ at, half: rotatedExtents(own, item.half) })),
    middle: add(floor, [0, 0, parcel.inner[2] / 2]),
    half,
    length,
  };
}

function lie(parcel: Parcel, limits: LayoutLimits, random: Random): Pose["turn"] {
  const yaw = random.chance(0.65)
    ? random.int(0, 3) * (Math.PI / 2) + random.range(-0.2, 0.2)
    : random.range(0, 2 * Math.PI);
  const free = aboutZ(yaw);
  const reach = rotatedExtents(free, [parcel.outer[0] / 2, parcel.outer[1] / 2, 1]);
  if (2 * reach[1] <= limits.across && 2 * reach[0] <= limits.length - 30) return free;
  return aboutZ(random.range(-0.12, 0.12));
}
