import { type ItemOnBelt, passageOf, type Slip, type Stretch, shared, slackOf } from "./item-on-belt.ts";

/** What a scan shows: its item, or those that it shows together; cut: part of the item was not scanned. */
export interface Imaged {
  readonly item: ItemOnBelt | null;
  readonly merged: readonly ItemOnBelt[];
  readonly cut: boolean;
  /** Items of which it surely shows a part worth the name. */
  readonly touched: readonly ItemOnBelt[];
}

/** Nothing is known of what a scan shows. */
export const NOTHING_IMAGED: Imaged = { item: null, merged: [], cut: false, touched: [] };

/** The stretch of belt that a scan covers: at most `possible`, at least `sure`. */
export interface Covered {
  readonly possible: Stretch;
  readonly sure: Stretch;
  readonly xrayMm: number;
  readonly slip: Slip;
}

/** An item is in the scan when half of it is. */
const MOST = 0.5;
/** Less of an item than this is the edge of a neighbour. */
const PART = 0.1;

interface Shares {
  readonly item: ItemOnBelt;
  readonly least: number;
  readonly most: number;
}

/**
 * Which of the items near a scan it shows. One is named when more than half of it is surely in the scan and no other can be
 * in it by half; where that leaves doubt, none.
 */
export function imagedBy(near: readonly ItemOnBelt[], covered: Covered): Imaged {
  const shares = near.map((item) => sharesOf(item, covered));
  const shown = shares.filter(({ least }) => least > MOST);
  const perhaps = shares.filter(({ least, most }) => least <= MOST && most >= MOST);
  const touched = shares.filter(({ least }) => least > PART).map(({ item }) => item);
  if (shown.length > 1) return { item: null, merged: shown.map(({ item }) => item), cut: false, touched };
  // Nothing else can be near: however little is sure of it, it is this one.
  const alone = shares.length === 1 && perhaps.length === 1 ? perhaps[0] : undefined;
  if (alone !== undefined)
    return { item: alone.item, merged: [], cut: alone.most < 1, touched: [alone.item] };
  const [one] = shown;
  if (one === undefined || perhaps.length > 0) return { ...NOTHING_IMAGED, touched };
  return { item: one.item, merged: [], cut: one.most < 1, touched };
}

/** The least and the most of an item's length that the scan can hold, 0..1. */
function sharesOf(item: ItemOnBelt, { possible, sure, xrayMm, slip }: Covered): Shares {
  const passage = passageOf(item, xrayMm);
  const slack = slackOf(item, xrayMm, slip);
  const length = passage.to - passage.from;
  if (!Number.isFinite(length)) return { item, least: 0, most: 1 };
  const within = (stretch: Stretch, by: number): number => {
    const reach = { from: stretch.from - by, to: stretch.to + by };
    return reach.to <= reach.from || length <= 0 ? 0 : Math.min(1, shared(passage, reach) / length);
  };
  return { item, least: within(sure, -slack), most: within(possible, slack) };
}
