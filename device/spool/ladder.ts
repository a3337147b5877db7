/** Which images go: of no item (test and calibration scans), of items that score low, of any item. Delivered ones alone, each. */
export type Tier = "idle" | "low" | "any";

/**
 * What is given up as the spool fills, in this order, and down to which share each step empties it. What is not delivered, and
 * every row of the journal, is no step: at the top the scanner is refused instead.
 */
export const LADDER = {
  /** Bodies of messages that could not be read, older than a day; copies of earlier journals. */
  letters: 0.7,
  /** Images of no item. */
  idle: 0.8,
  /** Images of items that score low, the oldest first. */
  low: 0.9,
  /** Images of any item that central has the hits of; where that is not enough no bulk is taken, and central is told. */
  any: 0.95,
  /** Space held back on the volume goes to the journal, never to images. */
  reserve: 0.98,
  /** No scan is admitted. */
  full: 1,
} as const;

/** A step empties the spool to so much below itself, so that it is not taken again at each scan. */
const SLACK = 0.02;

/** The images that may go at a fill, 0 to 1, and the share to come down to; null: none. */
export function tiersAt(fill: number): readonly { readonly tier: Tier; readonly downTo: number }[] {
  return (["idle", "low", "any"] as const)
    .filter((tier) => fill >= LADDER[tier])
    .map((tier) => ({ tier, downTo: LADDER[tier] - SLACK }));
}

/** What the spool refuses: nothing; bulk (model packages, images for archives); that, and the space held back is given up; scans too. */
export const LEVELS = ["open", "no-bulk", "reserve", "full"] as const;
export type Level = (typeof LEVELS)[number];

const ENTERED: Readonly<Record<Level, number>> = {
  open: 0,
  "no-bulk": LADDER.any,
  reserve: LADDER.reserve,
  full: LADDER.full,
};
/** A level is left only so far below where it was entered: less than {@link SLACK}, to which images are evicted. */
const HYSTERESIS = 0.01;

/** The level at a fill, 0 to 1, where it was at `before`. */
export function levelAt(fill: number, before: Level): Level {
  const held = LEVELS.indexOf(before);
  const found = LEVELS.findLast(
    (level, at) => fill >= ENTERED[level] - (at <= held && at > 0 ? HYSTERESIS : 0),
  );
  return found ?? "open";
}

export function isAtLeast(level: Level, other: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(other);
}
