/** Lines at either end of a scan that show air, and how far from air they may be to be taken for it (−ln). */
const END_LINES = 6;
const NEAR_AIR = 0.03;

/** Attenuation that air shows along a row of a plane, `first + x × step`: detectors and tubes drift. */
export interface RowAir {
  readonly first: number;
  readonly step: number;
}

/** From the air at both ends of a row (`start`, `end`: places in the plane); level where one end shows none, 0 where neither does. */
export function rowAir(plane: Uint16Array, start: number, end: number, airLevel: number): RowAir {
  if (end - start < 4 * END_LINES) return { first: 0, step: 0 };
  const [one, other] = [start, end - END_LINES].map((from) => {
    let sum = 0;
    for (let i = from; i < from + END_LINES; i++) sum += plane[i]!;
    const attenuation = -Math.log(Math.max(1, sum / END_LINES) / airLevel);
    return Math.abs(attenuation) <= NEAR_AIR ? attenuation : null;
  });
  const [left, right] = [one ?? other ?? 0, other ?? one ?? 0];
  return { first: left, step: (right - left) / (end - start) };
}
