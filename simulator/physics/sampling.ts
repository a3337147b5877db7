import type { Canvas } from "../scene/canvas.ts";
import type { DetectorSettings } from "./settings.ts";

/**
 * How far each column is displaced along the belt, lines: a sensor row that sees each line a little later, and a belt whose
 * speed wavers. At most a line.
 */
export function displacements(width: number, { jitter }: DetectorSettings, lagLines: number): Float32Array {
  const lines = jitter?.lines ?? 0;
  const turn = (2 * Math.PI) / (jitter?.period ?? 1);
  return Float32Array.from({ length: width }, (_, x) => {
    const wavering = lines === 0 ? 0 : lines * Math.sin(turn * x + (jitter?.phase ?? 0));
    return Math.max(-1, Math.min(1, wavering + lagLines));
  });
}

/**
 * Displaces the columns of a plane, between two of which the signal is taken to change evenly, and leaves `share` of each in
 * those beside it. In place, over the covered columns and one beyond.
 */
export function spreadLines(
  plane: Float32Array,
  { width, height, from, to }: Canvas,
  share: number,
  shifts: Float32Array,
): void {
  for (let y = 0; y < height; y++) {
    const first = Math.max(0, (from[y] as number) - 2);
    const end = Math.min(width, (to[y] as number) + 2);
    if (end <= first) continue;
    const start = y * width;
    let left = plane[start + Math.max(0, first - 1)] as number;
    let here = plane[start + first] as number;
    // Displaced signal of the two columns before this one.
    let before = 0;
    let middle = 0;
    for (let x = first; x < end; x++) {
      const right = x + 1 < width ? (plane[start + x + 1] as number) : here;
      const shift = shifts[x] as number;
      const beside = shift < 0 ? left : right;
      const now = Math.fround(here + Math.abs(shift) * (beside - here));
      if (x > first + 1) plane[start + x - 1] = middle + share * (before + now - 2 * middle);
      else if (x > first) plane[start + first] = middle;
      before = middle;
      middle = now;
      left = here;
      here = right;
    }
    plane[start + end - 1] = middle;
  }
}

/** Dead pixels of the detector show the mean of the rows beside them, as machines repair them. In place. */
export function repairDead(plane: Float32Array, canvas: Canvas, rows: readonly number[]): void {
  const { width, height } = canvas;
  for (const y of rows) {
    if (y < 1 || y + 1 >= height) continue;
    const [above, own, below] = [(y - 1) * width, y * width, (y + 1) * width];
    for (let x = 0; x < width; x++)
      plane[own + x] = ((plane[above + x] as number) + (plane[below + x] as number)) / 2;
  }
}
