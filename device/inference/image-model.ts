import type { ScanPlanes } from "../../models/planes.ts";
import type { ViewTensors } from "../../models/tensor.ts";
import type { Subject } from "../image/subject.ts";
import type { Analysis, LoadFinding, LookedFor } from "../scan.ts";

/** What one model says of one view. */
export interface ModelFindings {
  readonly detections: Analysis["detections"];
  readonly contents: Analysis["contents"];
  readonly load?: LoadFinding | null;
  /** Unit vector. */
  readonly embedding?: Float32Array | null;
  /** Bare `session.run`, ms. */
  readonly milliseconds: number;
}

/** What a model is for (contract `model-package.md`). */
export type ModelTask = "detection" | "contents" | "embedding";

/** A loaded model, as the analysis sees it. */
export interface ImageModel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly provider: string;
  /** Classes it searches for, with the score that finding none of one stands for; empty: it does not say. */
  readonly lookedFor: readonly LookedFor[];
  /** Absent: it judges the image. An embedding judges nothing: where it alone ran, nobody looked. */
  readonly task?: ModelTask;
  /** What it was made for; absent: for anything. */
  readonly subjects?: readonly Subject[];
  /** Class or group → calibrated score from which it counts as found. */
  readonly thresholds?: ReadonlyMap<string, number>;
  /** Cosines that an embedding's package states. */
  readonly similarity?: { readonly same: number; readonly alike: number };
  accepts(planes: ScanPlanes): boolean;
  /** `tensors`: the inputs of this view, shared by the models that look at it. */
  run(planes: ScanPlanes, tensors: ViewTensors): Promise<ModelFindings>;
}
