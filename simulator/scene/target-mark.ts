import type { Item } from "../goods/item.ts";
import { BINS, type Canvas, type Pose } from "./canvas.ts";

/** A target's box holds the pixels where it adds more than this, g/cm². */
const MARK_THRESHOLD = 0.04;

export interface PixelBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where one target shows in a view, and what it adds there. */
export interface TargetMark {
  readonly box: PixelBox;
  /** Run lengths of the mask inside the box, row-major, beginning with a run outside the target. */
  readonly maskRle: readonly number[];
  /** Whether a pixel of the box belongs to the target. */
  readonly mask: Uint8Array;
  /** What the target adds to the canvas over the box, box pixels × BINS. */
  readonly bins: Float32Array;
}

/** Draws the parts of an item's target `n`; undefined where it does not show in this view. */
export function drawTarget(canvas: Canvas, item: Item, n: number, pose: Pose): TargetMark | undefined {
  const parts = item.parts.filter((part) => part.target === n);
  const reach = union(parts.map((part) => canvas.reach(part, pose)));
  if (reach === undefined) return undefined;
  const before = copyBins(canvas, reach);
  for (const part of parts) canvas.draw(part, pose, true);
  const mark = takeMark(canvas, reach, before);
  for (let y = 0; y < reach.height; y++) {
    const from = (reach.y + y) * canvas.width + reach.x;
    canvas.mark.fill(0, from, from + reach.width);
  }
  return mark;
}

function union(boxes: readonly PixelBox[]): PixelBox | undefined {
  const shown = boxes.filter((box) => box.width > 0 && box.height > 0);
  if (shown.length === 0) return undefined;
  const x = Math.min(...shown.map((box) => box.x));
  const y = Math.min(...shown.map((box) => box.y));
  const width = Math.max(...shown.map((box) => box.x + box.width)) - x;
  return { x, y, width, height: Math.max(...shown.map((box) => box.y + box.height)) - y };
}

function copyBins(canvas: Canvas, box: PixelBox): Float32Array {
  const all = canvas.bins;
  const stride = box.width * BINS;
  const out = canvas.memory("before", stride * box.height);
  for (let y = 0; y < box.height; y++) {
    const from = ((box.y + y) * canvas.width + box.x) * BINS;
    out.set(all.subarray(from, from + stride), y * stride);
  }
  return out;
}

function takeMark(canvas: Canvas, reach: PixelBox, before: Float32Array): TargetMark | undefined {
  const box = tightBox(canvas, reach);
  if (box === undefined) return undefined;
  const mask = new Uint8Array(box.width * box.height);
  const bins = new Float32Array(box.width * box.height * BINS);
  for (let y = 0; y < box.height; y++) {
    const source = (box.y + y) * canvas.width + box.x;
    const old = ((box.y + y - reach.y) * reach.width + box.x - reach.x) * BINS;
    const at = y * box.width;
    for (let x = 0; x < box.width; x++)
      mask[at + x] = (canvas.mark[source + x] as number) > MARK_THRESHOLD ? 1 : 0;
    for (let k = 0; k < box.width * BINS; k++)
      bins[at * BINS + k] = (canvas.bins[source * BINS + k] as number) - (before[old + k] as number);
  }
  return { box, maskRle: runsOf(mask), mask, bins };
}

function tightBox({ mark, width }: Canvas, reach: PixelBox): PixelBox | undefined {
  let [x0, y0, x1, y1] = [reach.x + reach.width, reach.y + reach.height, 0, 0];
  for (let y = reach.y; y < reach.y + reach.height; y++) {
    for (let x = reach.x; x < reach.x + reach.width; x++) {
      if ((mark[y * width + x] as number) <= MARK_THRESHOLD) continue;
      if (x < x0) x0 = x;
      if (x >= x1) x1 = x + 1;
      if (y < y0) y0 = y;
      y1 = y + 1;
    }
  }
  return x1 <= x0 ? undefined : { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
}

function runsOf(mask: Uint8Array): number[] {
  const runs: number[] = [];
  let run = 0;
  let within = 0;
  for (const here of mask) {
    if (here === within) run++;
    else {
      runs.push(run);
      run = 1;
      within = here;
    }
  }
  runs.push(run);
  return runs;
}
