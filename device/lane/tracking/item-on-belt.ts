import type { Reading } from "../../peripheral/port.ts";
import type { BeltPosition } from "./odometer.ts";

/** What is said of an item beside its readings, in the words of `mqtt.md`, Hit `scan.acquisition`. */
export type BeltFinding = "SLIP" | "MERGED" | "CUT";

/** An item as the belt carries it. Positions are belt positions, mm, of the moment an edge passed the entry (0 mm). */
export interface ItemOnBelt {
  /** Belt position at which its front passed the entry. */
  front: number;
  /** Belt position at which its back passed the entry; null while it is still there. */
  back: number | null;
  /** Uncertainty of both, mm. */
  within: number;
  /** Station from which it may have slipped since: the last place where its front was seen, mm from the entry. */
  seenAt: number;
  /** Where it is, or whether it is one item, is not known: nothing is tied to it. */
  doubtful: boolean;
  /** Kinds of reading that may be another item's. */
  readonly doubted: Set<Reading["kind"]>;
  readonly findings: Set<BeltFinding>;
  readonly readings: Reading[];
  /** The scanner's references of the scans that show it; more than one means that it is two items, or was cut. */
  readonly scans: Set<string>;
}

export function newItem(front: BeltPosition): ItemOnBelt {
  return {
    front: front.mm,
    back: null,
    within: front.within,
    seenAt: 0,
    doubtful: false,
    doubted: new Set(),
    findings: new Set(),
    readings: [],
    scans: new Set(),
  };
}

/** Both ends of a stretch of belt. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** How far items may slide on the belt: `mm` at most from one photo-eye to the next, whose places are `eyes`, mm from the entry. */
export interface Slip {
  readonly mm: number;
  readonly eyes: readonly number[];
}

/**
 * How far an item may be from where the belt should have brought it, mm: its slip in each section since it was last seen, and
 * what is not known of its edges. An eye that it passed unseen, close behind another item, ends a section all the same.
 */
export function slackOf(item: ItemOnBelt, station: number, slip: Slip): number {
  if (station <= item.seenAt) return item.within;
  const unseen = slip.eyes.reduce(
    (count, eye) => (eye > item.seenAt && eye < station ? count + 1 : count),
    1,
  );
  return item.within + unseen * slip.mm;
}

/** Belt positions during which some part of the item passes the station; an item still at the entry has no end. */
export function passageOf(item: ItemOnBelt, station: number): Stretch {
  return {
    from: item.front + station,
    to: item.back === null ? Number.POSITIVE_INFINITY : item.back + station,
  };
}

/** Whether two stretches share a point when each end may be `slack` further out. */
export function mayMeet(a: Stretch, b: Stretch, slack: number): boolean {
  return a.from - slack <= b.to && b.from <= a.to + slack;
}

/** How much of the belt two stretches share, mm. */
export function shared(a: Stretch, b: Stretch): number {
  return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));
}
