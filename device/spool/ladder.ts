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
  /** Images of any item that central has the hits of; central is told. */
  any: 0.95,
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
