/**
 * Fan beam of one view, in the view's own frame: x along the belt (column = line), u along the detector (row = pixel), w
 * towards the source; mm. Pixel y looks along the ray from the source to (y + ½) pitches at the reference plane w = 0. All
 * rays of a column lie in one plane across the belt, so that x is not magnified.
 */
export interface FanBeam {
  /** Where the source stands along the detector's axis, mm. */
  readonly sourceU: number;
  /** Its distance from the reference plane, mm; infinite for parallel rays. */
  readonly sourceW: number;
}

export const PARALLEL_RAYS: FanBeam = { sourceU: 0, sourceW: Number.POSITIVE_INFINITY };

/** What comes nearer to the source than this share of its distance is treated as if it were there. */
const NEAREST = 0.9;

/** Where a point shows on the reference plane, mm along u. */
export function projected({ sourceU, sourceW }: FanBeam, u: number, w: number): number {
  return sourceU + (u - sourceU) / (1 - Math.min(NEAREST, w / sourceW));
}

/** How much longer than in the reference plane a short length along u shows at height w. */
export function magnification({ sourceW }: FanBeam, w: number): number {
  return 1 / (1 - Math.min(NEAREST, w / sourceW));
}
