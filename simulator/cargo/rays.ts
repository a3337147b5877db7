/**
 * The fan of one line: a source beside the lane, a vertical detector behind it. Coordinates in cm: x along the lane (one
 * column of the image is one line), y up, z away from the source. Every line sees the same fan, so a solid whose section
 * in y–z does not change along x has the same chord in each of its columns.
 */
export interface Fan {
  /** Height of the source. */
  readonly sourceY: number;
  /** dy/dz of each row's ray, two rays a row (rows are not points), from the top row down. */
  readonly slopes: Float64Array;
}

/** Rays through each row: what lies within a detector pixel is averaged over them. */
export const RAYS_PER_ROW = 2;

/** A section in the y–z plane. */
export type Section =
  | {
      readonly kind: "box";
      readonly y0: number;
      readonly y1: number;
      readonly z0: number;
      readonly z1: number;
    }
  | {
      readonly kind: "ellipse";
      readonly y: number;
      readonly z: number;
      readonly ry: number;
      readonly rz: number;
    };

/** A fan whose top row looks at slope `top` and whose bottom row at `bottom`. */
export function fanOf(options: {
  readonly sourceY: number;
  readonly top: number;
  readonly bottom: number;
  readonly rows: number;
}): Fan {
  const { sourceY, top, bottom, rows } = options;
  const count = rows * RAYS_PER_ROW;
  const slopes = Float64Array.from({ length: count }, (_, i) => top + ((bottom - top) * (i + 0.5)) / count);
  return { sourceY, slopes };
}

/** Length of one ray within a section, cm. */
export function chord(section: Section, sourceY: number, slope: number): number {
  return section.kind === "box" ? boxChord(section, sourceY, slope) : ellipseChord(section, sourceY, slope);
}

function boxChord(box: Section & { kind: "box" }, sourceY: number, slope: number): number {
  let from = box.z0;
  let to = box.z1;
  if (Math.abs(slope) < 1e-7) {
    if (sourceY < box.y0 || sourceY > box.y1) return 0;
  } else {
    const a = (box.y0 - sourceY) / slope;
    const b = (box.y1 - sourceY) / slope;
    from = Math.max(from, Math.min(a, b));
    to = Math.min(to, Math.max(a, b));
  }
  return to <= from ? 0 : (to - from) * Math.sqrt(1 + slope * slope);
}

function ellipseChord(section: Section & { kind: "ellipse" }, sourceY: number, slope: number): number {
  const { y, z, ry, rz } = section;
  const a = 1 / (rz * rz) + (slope * slope) / (ry * ry);
  const offset = sourceY - y;
  const b = -z / (rz * rz) + (slope * offset) / (ry * ry);
  const c = (z * z) / (rz * rz) + (offset * offset) / (ry * ry) - 1;
  const root = b * b - a * c;
  return root <= 0 ? 0 : ((2 * Math.sqrt(root)) / a) * Math.sqrt(1 + slope * slope);
}

/** Mean chord of each row with a section, from the first row that meets it; empty where none does. */
export function rowChords(
  section: Section,
  fan: Fan,
): { readonly first: number; readonly lengths: Float32Array } {
  const rows = fan.slopes.length / RAYS_PER_ROW;
  const [from, to] = rowRange(section, fan, rows);
  const lengths = new Float32Array(Math.max(0, to - from));
  for (let row = from; row < to; row++) {
    let sum = 0;
    for (let ray = 0; ray < RAYS_PER_ROW; ray++)
      sum += chord(section, fan.sourceY, fan.slopes[row * RAYS_PER_ROW + ray]!);
    lengths[row - from] = sum / RAYS_PER_ROW;
  }
  return { first: from, lengths };
}

/** Rows that can meet a section: the extreme slopes to the corners of its bounding box. */
function rowRange(section: Section, fan: Fan, rows: number): [number, number] {
  const box =
    section.kind === "box"
      ? section
      : {
          y0: section.y - section.ry,
          y1: section.y + section.ry,
          z0: section.z - section.rz,
          z1: section.z + section.rz,
        };
  const near = Math.max(1, box.z0);
  const corners = [box.y0, box.y1].flatMap((y) => [near, box.z1].map((z) => (y - fan.sourceY) / z));
  const first = fan.slopes[0]!;
  const step = (fan.slopes[fan.slopes.length - 1]! - first) / Math.max(1, fan.slopes.length - 1);
  const places = corners.map((slope) => (slope - first) / step / RAYS_PER_ROW);
  const from = Math.floor(Math.min(...places)) - 1;
  const to = Math.ceil(Math.max(...places)) + 2;
  return [Math.min(rows, Math.max(0, from)), Math.max(0, Math.min(rows, to))];
}
