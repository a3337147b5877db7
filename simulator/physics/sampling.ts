import type { Canvas } from "../scene/canvas.ts";
import type { DetectorSettings } from "./settings.ts";

/**
 * Displaces the columns of a plane, in place: a sensor row that sees each line a little later, and a belt whose speed
 * wavers. Displacements are less than a line; between two lines the signal is taken to change evenly.
 */
export function displace(
  plane: Float32Array,
  canvas: Canvas,
  settings: DetectorSettings,
  lagLines: number,
): void {
  const { width, height } = canvas;
  const shifts = shiftsOf(width, settings, lagLines);
  if (shifts === null) return;
  const row = new Float32Array(width + 2);
  for (let y = 0; y < height; y++) {
    const from = Math.max(0, (canvas.from[y] as number) - 2);
    const to = Math.min(width, (canvas.to[y] as number) + 2);
    if (to <= from) continue;
    const start = y * width;
    row.set(plane.subarray(start, start + width), 1);
    row[0] = row[1] as number;
    row[width + 1] = row[width] as number;
    for (let x = from; x < to; x++) {
      const shift = shifts[x] as number;
      const here = row[x + 1] as number;
      const beside = (shift < 0 ? row[x] : row[x + 2]) as number;
      plane[start + x] = here + Math.abs(shift) * (beside - here);
    }
  }
}

function shiftsOf(width: number, { jitter }: DetectorSettings, lagLines: number): Float32Array | null {
  const lines = jitter?.lines ?? 0;
  if (lines === 0 && lagLines === 0) return null;
  const turn = (2 * Math.PI) / (jitter?.period ?? 1);
  return Float32Array.from({ length: width }, (_, x) => {
    const wavering = lines === 0 ? 0 : lines * Math.sin(turn * x + (jitter?.phase ?? 0));
    return Math.max(-1, Math.min(1, wavering + lagLines));
  });
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
