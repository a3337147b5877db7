/** Normal quantile of a two-sided interval of 95 %. */
const Z = 1.959_963_984_540_054;

/** A rate with what it may really be. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Wilson's score interval (1927), 95 %, of `failed` among `checked`: it stays within 0 and 1 and says something of small
 * numbers, where the usual one does not. Of nothing checked it is 0 to 1.
 */
export function wilson(failed: number, checked: number): Interval {
  if (checked === 0) return { low: 0, high: 1 };
  const rate = failed / checked;
  const z2 = Z * Z;
  const centre = rate + z2 / (2 * checked);
  const spread = Z * Math.sqrt((rate * (1 - rate)) / checked + z2 / (4 * checked * checked));
  const scale = 1 + z2 / checked;
  return {
    low: failed === 0 ? 0 : rounded((centre - spread) / scale),
    high: failed === checked ? 1 : rounded((centre + spread) / scale),
  };
}

/** Six places: an interval is no more exact than that, and a message shorter. */
function rounded(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * 1e6) / 1e6;
}
