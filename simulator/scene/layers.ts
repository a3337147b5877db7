import type { ChordRow, RayRow } from "./chords.ts";
import { type CrossingLine, crossingLine, crossRings, MAX_CROSSINGS } from "./crossings.ts";
import type { Shape } from "./shapes.ts";

/** A solid is cut into no more layers than this. */
export const MOST_LAYERS = 48;
const MOST_SPANS = (MOST_LAYERS * MAX_CROSSINGS) / 2;

/** What the layers of a solid cover of one row, in the order in which they were found. */
export interface Spans {
  count: number;
  /** First and last sample of each. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** What the first and the last get, and each between them, mm; where there is but one sample it gets `head`. */
  readonly head: Float64Array;
  readonly tail: Float64Array;
  readonly gain: Float64Array;
}

export function spansOfRow(): Spans {
  return {
    count: 0,
    first: new Int32Array(MOST_SPANS),
    last: new Int32Array(MOST_SPANS),
    head: new Float64Array(MOST_SPANS),
    tail: new Float64Array(MOST_SPANS),
    gain: new Float64Array(MOST_SPANS),
  };
}

/** Finds the spans of one of `layers` flat layers of a solid in a row of `count` rays: see {@link layerTracer}. */
export type LayerTracer = (ray: RayRow, count: number, layer: number, layers: number, spans: Spans) => void;

/**
 * For boxes and prisms that the rays pass from bottom to top: the solid is cut into `layers` flat ones along local z, and the
 * row of rays fills whole spans of the given one, with exact partial cover at both ends of each span. As rays drift sideways
 * through the solid, its layers shift against each other.
 */
export function layerTracer(
  shape: Shape,
  crossings = new Float64Array(MAX_CROSSINGS),
): LayerTracer | undefined {
  if (shape.kind !== "box" && shape.kind !== "prism") return undefined;
  const [a, b, c] = shape.half;
  const rings = shape.kind === "prism" ? shape.rings : [[-a, -b, a, -b, a, b, -a, b]];
  const line = crossingLine(rings, crossings);
  return (r, count, layer, layers, spans) => {
    const up = (2 * ((layer + 0.5) / layers) - 1) * c - r.z;
    const driftX = r.dirX / r.dirZ;
    const driftY = r.dirY / r.dirZ;
    line.x = r.x + driftX * up;
    line.y = r.y + driftY * up;
    line.stepX = r.stepX - driftX * r.stepZ;
    line.stepY = r.stepY - driftY * r.stepZ;
    takeSpans(line, count, ((1 / layers) * 2 * c) / Math.abs(r.dirZ), spans);
  };
}

/** Spans of the row between the crossings of its line with the rings; they cover the samples at their ends in part. */
function takeSpans(line: CrossingLine, count: number, gain: number, spans: Spans): void {
  const { crossings } = line;
  const found = crossRings(line);
  for (let k = 0; k + 1 < found; k += 2) {
    const from = Math.max(-0.5, crossings[k] as number) + 0.5;
    const to = Math.min(count - 0.5, crossings[k + 1] as number) + 0.5;
    if (to <= from) continue;
    const first = Math.floor(from);
    const last = Math.min(count - 1, Math.floor(to));
    const n = spans.count++;
    spans.first[n] = first;
    spans.last[n] = last;
    spans.head[n] = first === last ? gain * (to - from) : gain * (first + 1 - from);
    spans.tail[n] = gain * (to - last);
    spans.gain[n] = gain;
  }
}

/**
 * Adds spans, one after the other, to a row that holds nothing yet, and empties them. What lies within all of them comes to the
 * same for each sample: it is added up once.
 */
export function laySpans(spans: Spans, row: ChordRow): void {
  const { count, first, last, head, tail, gain } = spans;
  const out = row.lengths;
  let from = 0;
  let to = row.lengths.length;
  for (let n = 0; n < count; n++) {
    const begin = first[n] as number;
    const end = last[n] as number;
    if (begin < row.from) row.from = begin;
    if (end >= row.to) row.to = end + 1;
    if (begin >= from) from = begin + 1;
    if (end < to) to = end;
  }
  if (from >= to) from = to = row.lengths.length;
  let within = 0;
  for (let n = 0; n < count; n++) {
    const begin = first[n] as number;
    const end = last[n] as number;
    out[begin] = (out[begin] as number) + (head[n] as number);
    if (begin === end) continue;
    const each = gain[n] as number;
    const near = Math.min(end, from);
    for (let i = begin + 1; i < near; i++) out[i] = (out[i] as number) + each;
    within = Math.fround(within + each);
    for (let i = to; i < end; i++) out[i] = (out[i] as number) + each;
    out[end] = (out[end] as number) + (tail[n] as number);
  }
  for (let i = from; i < to; i++) out[i] = within;
  spans.count = 0;
}
