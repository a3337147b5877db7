import type { Analysis } from "../../scan.ts";
import type { LabelledImage } from "./dataset.ts";
import { overlapOf } from "./detections.ts";

/** Of each kind, so many are shown. */
const KEPT = 16;

/** An object that was not found, or an alarm where nothing is. */
export interface Miss {
  readonly kind: "not found" | "false alarm";
  readonly image: LabelledImage;
  readonly class: string;
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** The alarm's score, or that of the best detection on the object; 0..1. */
  readonly score: number;
  /** Worst first. */
  readonly weight: number;
}

/** The worst misses of a data set: the surest false alarms, and the plainest objects that nothing was said of. */
export class MissList {
  #lists: Record<Miss["kind"], Miss[]> = { "not found": [], "false alarm": [] };

  get all(): readonly Miss[] {
    return [...this.#lists["not found"], ...this.#lists["false alarm"]];
  }

  take(image: LabelledImage, detections: Analysis["detections"]): void {
    const boxes = detections.flatMap(({ boxes: own, ...one }) => own.map((box) => ({ ...one, box })));
    for (const target of image.targets) {
      if (target.tier === "hidden") continue;
      const near = boxes.filter((one) => one.class === target.class && overlapOf(one.box, target) >= 0.5);
      if (near.some(({ score, threshold }) => score >= threshold)) continue;
      const score = Math.max(0, ...near.map((one) => one.score));
      const { x, y, width, height } = target;
      const weight = (target.tier === "clear" ? 1e6 : 0) + Math.sqrt(width * height) * (1 - score);
      this.#keep({
        kind: "not found",
        image,
        class: target.class,
        box: { x, y, width, height },
        score,
        weight,
      });
    }
    for (const { class: name, score, threshold, box } of boxes) {
      if (score < threshold || image.targets.some((target) => overlapOf(box, target) >= 0.1)) continue;
      this.#keep({ kind: "false alarm", image, class: name, box, score, weight: score });
    }
  }

  #keep(miss: Miss): void {
    const list = this.#lists[miss.kind];
    list.push(miss);
    list.sort((a, b) => b.weight - a.weight);
    if (list.length > KEPT) list.pop();
  }
}
