/**
 * Share of pixels at exactly the highest or lowest value from which a plane may be clipped there. Noise spreads the values
 * of detectors: of 120 real 16-bit planes none has more than 0.02 % at an end.
 */
const CLIPPED_FROM = 0.02;
/** How many times more pixels than at each of the next values: a plateau stands alone, the end of a narrow peak does not. */
const ALONE_FROM = 10;
const NEXT_VALUES = 16;
/** Lowest value over air up to which a floor is that of the detector itself: thick metal rests on it. */
const FLOOR_UNTIL = 0.02;
/** Share of pixels away from the ends that lie on a line with their neighbours from which a plane is drawn, not measured. */
const DRAWN_FROM = 0.3;
/** Counts by which a pixel may lie off that line. */
const ON_LINE = 2;

/** At which end a 16-bit plane is clipped by a window or a full scale; null where it is not. */
export function clippingOf(plane: Uint16Array, width: number, airLevel: number): "bright" | "dark" | null {
  const histogram = new Uint32Array(65_536);
  for (const value of plane) histogram[value]!++;
  const low = histogram.findIndex((count) => count > 0);
  const high = histogram.findLastIndex((count) => count > 0);
  const bright = isPlateau(histogram, high, -1, plane.length);
  const dark = low > airLevel * FLOOR_UNTIL && isPlateau(histogram, low, 1, plane.length);
  if ((!bright && !dark) || isDrawn(plane, width, low, high)) return null;
  return bright ? "bright" : "dark";
}

function isPlateau(histogram: Uint32Array, at: number, inward: 1 | -1, total: number): boolean {
  const count = histogram[at] ?? 0;
  if (count < total * CLIPPED_FROM) return false;
  let next = 0;
  for (let i = 1; i <= NEXT_VALUES; i++) next += histogram[at + inward * i] ?? 0;
  return count > (ALONE_FROM * next) / NEXT_VALUES;
}

/** Noise bends every line of pixels; a drawing, a phantom without noise, a computed plane has none. */
function isDrawn(plane: Uint16Array, width: number, low: number, high: number): boolean {
  let between = 0;
  let straight = 0;
  for (let i = 1; i + 1 < plane.length; i++) {
    const value = plane[i]!;
    if (value === low || value === high || i % width === 0 || i % width === width - 1) continue;
    between++;
    if (Math.abs(plane[i - 1]! - 2 * value + plane[i + 1]!) <= ON_LINE) straight++;
  }
  return between === 0 || straight > between * DRAWN_FROM;
}
