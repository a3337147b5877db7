import type { TargetTruth } from "../truth.ts";
import type { Place } from "./project.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Box and run lengths of a stencil's mask laid on a scan; undefined where none of it lies on the scan. */
export function maskOf(
  mask: Uint8Array,
  stencil: Size,
  place: Place,
  scan: Size,
): Pick<TargetTruth, "box" | "maskRle"> | undefined {
  // What of the stencil lies on the scan, in the scan's pixels.
  const left = Math.max(0, place.x);
  const right = Math.min(scan.width, place.x + stencil.width);
  const top = Math.max(0, place.y);
  const bottom = Math.min(scan.height, place.y + stencil.height);
  const at = (x: number, y: number): number => (y - place.y) * stencil.width + x - place.x;
  let [x0, y0, x1, y1] = [scan.width, scan.height, 0, 0];
  for (let y = top; y < bottom; y++) {
    for (let x = left, i = at(left, y); x < right; x++, i++) {
      if (mask[i] !== 1) continue;
      if (x < x0) x0 = x;
      if (x >= x1) x1 = x + 1;
      if (y < y0) y0 = y;
      y1 = y + 1;
    }
  }
  if (x1 <= x0) return undefined;
  const maskRle: number[] = [];
  let [run, within] = [0, false];
  for (let y = y0; y < y1; y++) {
    for (let x = x0, i = at(x0, y); x < x1; x++, i++) {
      const shown = mask[i] === 1;
      if (shown !== within) {
        maskRle.push(run);
        run = 0;
        within = shown;
      }
      run++;
    }
  }
  maskRle.push(run);
  return { box: { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }, maskRle };
}
