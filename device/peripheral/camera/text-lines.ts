import type { Picture } from "./picture.ts";

/** A line of text in a picture, pixels, right and bottom exclusive. */
export interface TextBox {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Lines of one picture, at most; the largest are kept. */
export const MAX_LINES = 48;
/** A cell of the map is text from this probability on. */
const TEXT_FROM = 0.3;
/** A box whose mean probability is below this is noise. */
const BOX_FROM = 0.5;
/** The network marks the middle of a line; its box is grown by this share of area over perimeter. */
const GROW = 1.6;
/** Smaller than this is no line that can be read, pixels. */
const MIN_HEIGHT = 5;

/**
 * Lines of text from the probability map of a text detector (differentiable binarisation: Liao et al. 2020, the map before
 * its threshold). Connected cells are a line; upright boxes, for labels are photographed upright.
 */
export function linesOf(
  map: Float32Array,
  width: number,
  height: number,
  picture: Picture,
): readonly TextBox[] {
  const seen = new Uint8Array(map.length);
  const stack = new Int32Array(map.length);
  const boxes: TextBox[] = [];
  for (let start = 0; start < map.length; start++) {
    if (seen[start] === 1 || (map[start] as number) < TEXT_FROM) continue;
    const box = grownBox(flood(map, width, height, start, seen, stack), width, height);
    if (box !== null) boxes.push(box);
  }
  const [sx, sy] = [picture.width / width, picture.height / height];
  return boxes
    .map(({ x0, y0, x1, y1 }) => ({
      x0: Math.floor(x0 * sx),
      y0: Math.floor(y0 * sy),
      x1: Math.ceil(x1 * sx),
      y1: Math.ceil(y1 * sy),
    }))
    .sort((a, b) => (b.x1 - b.x0) * (b.y1 - b.y0) - (a.x1 - a.x0) * (a.y1 - a.y0))
    .slice(0, MAX_LINES);
}

interface Region extends TextBox {
  readonly mean: number;
}

/** The connected cells from `start` on. */
function flood(
  map: Float32Array,
  width: number,
  height: number,
  start: number,
  seen: Uint8Array,
  stack: Int32Array,
): Region {
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  let sum = 0;
  let count = 0;
  let top = 0;
  stack[top++] = start;
  seen[start] = 1;
  while (top > 0) {
    const cell = stack[--top] as number;
    const y = Math.floor(cell / width);
    const x = cell - y * width;
    sum += map[cell] as number;
    count += 1;
    x0 = Math.min(x0, x);
    x1 = Math.max(x1, x + 1);
    y0 = Math.min(y0, y);
    y1 = Math.max(y1, y + 1);
    for (const next of [x > 0 ? cell - 1 : -1, x + 1 < width ? cell + 1 : -1, cell - width, cell + width]) {
      if (next < 0 || next >= map.length || seen[next] === 1 || (map[next] as number) < TEXT_FROM) continue;
      seen[next] = 1;
      stack[top++] = next;
    }
  }
  return { x0, y0, x1, y1, mean: sum / count };
}

function grownBox({ x0, y0, x1, y1, mean }: Region, width: number, height: number): TextBox | null {
  const [w, h] = [x1 - x0, y1 - y0];
  if (mean < BOX_FROM || Math.min(w, h) < 2) return null;
  const by = (w * h * GROW) / (2 * (w + h));
  const box = {
    x0: Math.max(0, x0 - by),
    y0: Math.max(0, y0 - by),
    x1: Math.min(width, x1 + by),
    y1: Math.min(height, y1 + by),
  };
  return box.y1 - box.y0 < MIN_HEIGHT ? null : box;
}
