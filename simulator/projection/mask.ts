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
  const shown = (x: number, y: number): boolean => {
    const [sx, sy] = [x - place.x, y - place.y];
    return (
      sx >= 0 && sy >= 0 && sx < stencil.width && sy < stencil.height && mask[sy * stencil.width + sx] === 1
    );
  };
  let [x0, y0, x1, y1] = [scan.width, scan.height, 0, 0];
  for (let y = 0; y < scan.height; y++) {
    for (let x = Math.max(0, place.x); x < Math.min(scan.width, place.x + stencil.width); x++) {
      if (!shown(x, y)) continue;
      [x0, x1] = [Math.min(x0, x), Math.max(x1, x + 1)];
      [y0, y1] = [Math.min(y0, y), Math.max(y1, y + 1)];
    }
  }
  if (x1 <= x0) return undefined;
  const maskRle: number[] = [];
  let [run, within] = [0, false];
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      if (shown(x, y) === within) run++;
      else {
        maskRle.push(run);
        [run, within] = [1, !within];
      }
    }
  }
  maskRle.push(run);
  return { box: { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }, maskRle };
}
