import { imageFeatures, medianRatio } from "./features.ts";
import type { PicturePlanes } from "./picture-planes.ts";
import { SUBJECT_WEIGHTS } from "./subject-weights.ts";

/**
 * What an image shows: `item` (parcel, bag, mail), `cargo` (container, pallet, unit load device) or `none` (no X-ray
 * image, or one that was turned round or clipped, so that nothing in it can be trusted).
 */
export type Subject = "item" | "cargo" | "none";
export const SUBJECTS: readonly Subject[] = ["item", "cargo", "none"];

export interface SubjectInput extends PicturePlanes {
  readonly pixelPitchMm?: { readonly x: number; readonly y: number } | null | undefined;
}

export interface SubjectVerdict {
  readonly subject: Subject;
  /** Of each subject, sum 1. */
  readonly scores: Readonly<Record<Subject, number>>;
}

/** Weights are stored as whole numbers of 1 / this. */
export const WEIGHT_SCALE = 10_000;
/** Features are followed by the kind of image: pair, single energy, colour. */
const KINDS = 3;
/** Wrongly refusing a scan costs a rescan, wrongly taking a photograph a moment: `none` must be this sure. */
const NONE_FROM = 0.75;
/** A side of what is scanned from which it is no parcel and no bag: their tunnels end at 1 m. Millimetres. */
const CARGO_FROM_MM = 1150;

/**
 * Recognises what an image shows: from its size where the pixel pitch is known, and from features weighed by a small
 * network (`test/bench/subject/fit.ts` fits it on simulated scans and drawn pictures).
 */
export function recogniseSubject(view: SubjectInput): SubjectVerdict {
  const features = subjectFeatures(inOrder(view));
  const scores = scoreSubject(features);
  if (scores.none >= NONE_FROM) return { subject: "none", scores };
  const known = bySize(view) ?? (view.rgb || isKilovoltPair(view) ? "item" : null);
  if (known === "item" && scores.none > scores.item) return { subject: "none", scores };
  return { subject: known ?? (scores.cargo > scores.item ? "cargo" : "item"), scores };
}

/**
 * Low over high attenuation from which a pair was taken with tubes: at MeV energies all matter lies between 1.1 and 1.2
 * (of 60 real pairs of bags the lowest is 1.25). The inverse of it comes of exchanged planes.
 */
const KILOVOLT_RATIO_FROM = 1.2;

/** Planes that were exchanged are judged as if they were not: that is a fault of the pair, not of what it shows. */
function inOrder(view: SubjectInput): SubjectInput {
  const { low, high, airLevel } = view;
  if (!low || !high || (medianRatio(low, high, airLevel) ?? 1) >= 1 / KILOVOLT_RATIO_FROM) return view;
  return { ...view, low: high, high: low };
}

/** Whether a pair shows the energies that parcels are scanned with. Pallets are too: only their size tells them apart. */
function isKilovoltPair({ low, high, airLevel }: SubjectInput): boolean {
  if (!low || !high) return false;
  const ratio = medianRatio(low, high, airLevel);
  return ratio !== null && (ratio >= KILOVOLT_RATIO_FROM || ratio < 1 / KILOVOLT_RATIO_FROM);
}

/** Both sides tell: a bag may be long, a container is also high. */
function bySize({ width, height, pixelPitchMm }: SubjectInput): "item" | "cargo" | null {
  if (!pixelPitchMm) return null;
  const high = height * pixelPitchMm.y;
  const long = width * pixelPitchMm.x;
  return high >= CARGO_FROM_MM && long >= CARGO_FROM_MM ? "cargo" : null;
}

/** Input of the network: image features and the kind of image. */
export function subjectFeatures(view: SubjectInput): Float64Array {
  const features = imageFeatures(view);
  const out = new Float64Array(features.length + KINDS);
  out.set(features);
  out[features.length + (view.rgb ? 2 : view.low && view.high ? 0 : 1)] = 1;
  return out;
}

/** Two layers: tanh, then softmax. */
export function scoreSubject(
  features: Float64Array,
  weights: SubjectWeights = SUBJECT_WEIGHTS,
): SubjectVerdict["scores"] {
  const hidden = weights.hidden.map((row) => Math.tanh(dot(row, features)));
  const logits = weights.out.map((row) => dot(row, hidden));
  const most = Math.max(...logits);
  const exponentials = logits.map((logit) => Math.exp(logit - most));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  const [item, cargo, none] = exponentials.map((value) => value / total);
  return { item: item!, cargo: cargo!, none: none! };
}

/** Rows end with the bias; all in ten-thousandths. */
export interface SubjectWeights {
  readonly hidden: readonly (readonly number[])[];
  readonly out: readonly (readonly number[])[];
}

function dot(row: readonly number[], values: ArrayLike<number>): number {
  let sum = row[values.length] ?? 0;
  for (let i = 0; i < values.length; i++) sum += row[i]! * values[i]!;
  return sum / WEIGHT_SCALE;
}
