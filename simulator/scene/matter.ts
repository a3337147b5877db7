import { GOODS_GROUPS } from "../../protocols/vocabulary/terms.ts";
import { TARGET_CLASSES } from "../goods/item.ts";
import { type Canvas, TALLY_CELL } from "./canvas.ts";

/** What a cell may be said to hold: goods groups, classes of targets, and the parcel itself. */
export const MATTER_LABELS: readonly string[] = [...GOODS_GROUPS, ...TARGET_CLASSES, "packaging"];
/** A cell that holds next to nothing, or as much of one thing as of another. */
export const NO_MATTER = 255;
/** Attenuation of a cell's pixels together (line integrals) below which it counts as air. */
const AIR_BELOW = 0.02 * TALLY_CELL * TALLY_CELL;
/** Share of a cell's attenuation that one label has to have. */
const MOST = 0.6;

/** Which thing takes most of the beam in each cell of {@link TALLY_CELL} pixels a side: what a training run learns materials from. */
export interface MatterMap {
  readonly width: number;
  readonly height: number;
  /** Indices into {@link MATTER_LABELS}, row-major, or {@link NO_MATTER}. */
  readonly cells: Uint8Array;
}

/** Collects what each thing adds to a canvas while it is drawn. */
export class MatterTally {
  readonly #canvas: Canvas;
  readonly #sums = new Map<number, Float32Array>();

  constructor(canvas: Canvas) {
    this.#canvas = canvas;
    canvas.startTally();
  }

  /** All that was drawn since the last call is `label`; a label that is not known counts as nothing that can be named. */
  take(label: string): void {
    const drawn = this.#canvas.tally;
    if (drawn === undefined) return;
    const index = MATTER_LABELS.indexOf(label);
    const sum = this.#sums.get(index) ?? new Float32Array(drawn.length);
    for (let i = 0; i < drawn.length; i++) sum[i] = (sum[i] as number) + (drawn[i] as number);
    this.#sums.set(index, sum);
    drawn.fill(0);
  }

  map(): MatterMap {
    const { tallyWidth: width, tallyHeight: height } = this.#canvas;
    const cells = new Uint8Array(width * height).fill(NO_MATTER);
    for (let i = 0; i < cells.length; i++) {
      let total = 0;
      let most = 0;
      let label = -1;
      for (const [index, sum] of this.#sums) {
        const here = sum[i] as number;
        total += here;
        if (here <= most) continue;
        most = here;
        label = index;
      }
      if (label >= 0 && total >= AIR_BELOW && most >= MOST * total) cells[i] = label;
    }
    return { width, height, cells };
  }
}
