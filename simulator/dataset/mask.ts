import type { TargetTruth } from "../truth.ts";

/** Where a target shows. */
type Shown = Pick<TargetTruth, "box" | "maskRle">;

/** Uncompressed COCO run lengths: column-major over the whole image, beginning with a run outside. */
export interface CocoRuns {
  readonly size: readonly [number, number];
  readonly counts: readonly number[];
}

/** Whether each pixel of the target's box belongs to it, row-major. */
export function boxMask(target: Shown): Uint8Array {
  const mask = new Uint8Array(target.box.width * target.box.height);
  let at = 0;
  for (const [n, run] of target.maskRle.entries()) {
    if (n % 2 === 1) mask.fill(1, at, at + run);
    at += run;
  }
  return mask;
}

/** Paints the target's number into a label image of the plane's size. */
export function paint(labels: Uint8Array, width: number, target: Shown, value: number): void {
  const mask = boxMask(target);
  const { box } = target;
  for (let y = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++) {
      if (mask[y * box.width + x]) labels[(box.y + y) * width + box.x + x] = value;
    }
  }
}

/** The mask as COCO has it. */
export function cocoRuns(target: Shown, width: number, height: number): CocoRuns {
  const mask = boxMask(target);
  const { box } = target;
  const counts: number[] = [];
  let within = false;
  let run = box.x * height;
  for (let x = 0; x < box.width; x++) {
    run += box.y;
    for (let y = 0; y < box.height; y++) {
      const here = mask[y * box.width + x] === 1;
      if (here !== within) {
        counts.push(run);
        run = 0;
        within = here;
      }
      run++;
    }
    const below = height - box.y - box.height;
    // A box that reaches the last row goes on in the first row of the next column: runs may join there.
    if (within && (below > 0 || box.y > 0)) {
      counts.push(run);
      run = 0;
      within = false;
    }
    run += below;
  }
  const after = (width - box.x - box.width) * height;
  if (within) counts.push(run);
  if (!within || after > 0) counts.push(within ? after : run + after);
  return { size: [height, width], counts };
}
