import type { Room } from "./carrier.ts";
import { chord, type Fan, RAYS_PER_ROW } from "./rays.ts";
import { LOAD_THRESHOLD, type PixelBox, PROFILE_BINS } from "./truth.ts";

export interface MeasureOptions {
  /** Areal density of the load alone, g/cm², one value a pixel. */
  readonly load: Float32Array;
  readonly width: number;
  readonly rows: number;
  readonly fan: Fan;
  readonly room: Room;
  /** Column of a place along x, cm. */
  readonly columnOf: (x: number) => number;
}

/** Ray length within the room, as a share of its depth, from which a row counts as looking into it. */
const INSIDE_SHARE = 0.3;

/** Fill of the room along its length, and boxes of places in it. */
export function measureLoad(options: MeasureOptions): {
  readonly profile: number[];
  readonly boxOf: (x0: number, x1: number) => PixelBox;
} {
  const { load, width, rows, fan, room, columnOf } = options;
  const section = { kind: "box", y0: room.y0, y1: room.y1, z0: room.z0, z1: room.z1 } as const;
  const least = INSIDE_SHARE * (room.z1 - room.z0);
  const inside: number[] = [];
  for (let row = 0; row < rows; row++)
    if (chord(section, fan.sourceY, fan.slopes[row * RAYS_PER_ROW]!) > least) inside.push(row);
  const first = inside[0] ?? 0;
  const last = inside[inside.length - 1] ?? rows - 1;
  const fillAt = (column: number): number => {
    let covered = 0;
    for (const row of inside) if (load[row * width + column]! > LOAD_THRESHOLD) covered++;
    return inside.length === 0 ? 0 : covered / inside.length;
  };
  const start = columnOf(room.x0);
  const end = columnOf(room.x1);
  const profile = Array.from({ length: PROFILE_BINS }, (_, bin) => {
    const from = Math.max(0, Math.floor(start + (bin / PROFILE_BINS) * (end - start)));
    const to = Math.min(
      width,
      Math.max(from + 1, Math.ceil(start + ((bin + 1) / PROFILE_BINS) * (end - start))),
    );
    let sum = 0;
    for (let column = from; column < to; column++) sum += fillAt(column);
    return to > from ? Math.round((1000 * sum) / (to - from)) / 1000 : 0;
  });
  const boxOf = (x0: number, x1: number): PixelBox => {
    const x = Math.max(0, Math.floor(columnOf(x0)));
    const right = Math.min(width, Math.ceil(columnOf(x1)));
    return { x, y: first, width: Math.max(1, right - x), height: last - first + 1 };
  };
  return { profile, boxOf };
}

/** The plane with its columns moved down by `slope` × distance from the middle: the lane is never quite level. */
export function tilted(plane: Float32Array, width: number, slope: number): Float32Array {
  const height = plane.length / width;
  const out = new Float32Array(plane.length);
  for (let x = 0; x < width; x++) {
    const shift = slope * (x - width / 2);
    for (let y = 0; y < height; y++) {
      const at = Math.min(height - 1, Math.max(0, y - shift));
      const above = Math.floor(at);
      const below = Math.min(height - 1, above + 1);
      const part = at - above;
      out[y * width + x] = plane[above * width + x]! * (1 - part) + plane[below * width + x]! * part;
    }
  }
  return out;
}
