import type { ScanPlanes } from "./planes.ts";
import { PSEUDO_AIR_LEVEL, pseudoPair } from "./pseudo-pair.ts";

/** Transmission below which a pixel belongs to what was scanned. */
const OBJECT_TRANSMISSION = 0.9;
/** Rows and columns with fewer such pixels are lines and text that the machine drew, not the object; share of their length. */
const LEAST_COVER = 0.02;
/** Geometric mean of the sides of a parcel or bag as it lies on a belt, mm: the only ruler in an image without a pitch. */
const USUAL_SIDE_MM = 450;
/** No machine shows less or more of a parcel than this, mm per pixel. */
const PITCH_RANGE_MM = { least: 0.4, most: 2.5 } as const;

/**
 * A pseudo-colour view with the pair that its colours stand for: `low`, `high`, their air level, and where none is stated a
 * pixel pitch estimated from the object's size (right within a factor of two for parcels and bags, no better). A view that
 * has a pair, or has no colours, is returned as it is.
 */
export function withPseudoPair(planes: ScanPlanes): ScanPlanes {
  const { rgb, width, height } = planes;
  if (rgb === undefined || planes.low !== undefined || rgb.length !== 3 * width * height) return planes;
  const { low, high } = pseudoPair(rgb, width, height);
  const pitch = planes.pixelPitchMm ?? estimatePitch(high, width, height);
  return { ...planes, low, high, airLevel: PSEUDO_AIR_LEVEL, pixelPitchMm: pitch };
}

/** Millimetres per pixel if the object is as large as parcels and bags usually are; null where the image shows none. */
function estimatePitch(high: Uint16Array, width: number, height: number): ScanPlanes["pixelPitchMm"] {
  const columns = new Uint32Array(width);
  const rows = new Uint32Array(height);
  const below = OBJECT_TRANSMISSION * PSEUDO_AIR_LEVEL;
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) {
      if (high[at]! >= below) continue;
      columns[x]! += 1;
      rows[y]! += 1;
    }
  }
  const size = Math.sqrt(extent(columns, LEAST_COVER * height) * extent(rows, LEAST_COVER * width));
  if (size === 0) return null;
  const mm = Math.min(PITCH_RANGE_MM.most, Math.max(PITCH_RANGE_MM.least, USUAL_SIDE_MM / size));
  return { x: mm, y: mm };
}

/** From the first to the last entry above `least`. */
function extent(counts: Uint32Array, least: number): number {
  let first = -1;
  let last = -1;
  counts.forEach((count, at) => {
    if (count <= least) return;
    if (first < 0) first = at;
    last = at;
  });
  return first < 0 ? 0 : last - first + 1;
}
