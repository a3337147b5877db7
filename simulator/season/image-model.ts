import { logistic } from "../../protocols/mqtt/score-check.ts";
import type { Random } from "../random.ts";
import { type ImageTable, type Quantiles, valueAt } from "./image-table.ts";
import type { SeasonParameters } from "./parameters.ts";

/** What is true of one scan, as far as an image shows it. */
export interface ImageTruth {
  /** Classes that are there, by how well they can be seen. */
  readonly targets: ReadonlyMap<string, "clear" | "partial" | "hidden">;
  /** Goods groups by share of the mass, 0..1. */
  readonly groups: ReadonlyMap<string, number>;
  readonly massKg: number;
}

/** What image models say of a scan; the members that a score is made of. */
export interface SeasonAnalysis {
  readonly analysed: boolean;
  readonly quality: number;
  readonly detections: readonly {
    readonly class: string;
    readonly score: number;
    readonly threshold: number;
    readonly prevalence: number;
    readonly model: string;
  }[];
  readonly lookedFor: readonly {
    readonly class: string;
    readonly prevalence: number;
    readonly absent: number;
  }[];
  readonly contents: readonly { readonly group: string; readonly score: number; readonly share: number }[];
  readonly xrayMassKg: number | null;
  readonly opaque: boolean;
}

/** Scores are reported from here up, as by a gateway (`fusion.reportFrom`). */
const REPORT_FROM = 0.02;

/**
 * Draws what the models would say of a scan: for every class and group a value from the distribution measured for what is
 * true of it. Values of one scan go together as far as was measured (one common factor).
 */
export function drawAnalysis(
  truth: ImageTruth,
  table: ImageTable,
  image: SeasonParameters["image"],
  random: Random,
): SeasonAnalysis {
  if (random.chance(image.failed))
    return {
      analysed: false,
      quality: 0,
      detections: [],
      lookedFor: [],
      contents: [],
      xrayMassKg: null,
      opaque: false,
    };
  const quality = valueAt(table.quality, random.float()) ?? 1;
  const error = valueAt(table.massErrors, random.float());
  return {
    analysed: true,
    quality: Math.min(1, Math.max(0, quality)),
    detections: detections(truth, table, image, random),
    lookedFor: table.classes.map(({ class: name, prevalence, absent }) => ({
      class: name,
      prevalence,
      absent,
    })),
    contents: contents(truth, table, image, random),
    xrayMassKg: error === null ? null : truth.massKg * Math.exp(error) * (1 + image.massBias),
    opaque: random.chance(table.opaque),
  };
}

function detections(
  { targets }: ImageTruth,
  table: ImageTable,
  image: SeasonParameters["image"],
  random: Random,
): SeasonAnalysis["detections"] {
  const draw = rankedDraws(table.together.detections, random);
  return table.classes.flatMap(({ class: name, threshold, prevalence, absent, logits }) => {
    const state = targets.get(name) ?? "none";
    const found = valueAt(firstKnown(logits[state], logits.hidden, logits.none), draw());
    if (found === null) return [];
    const score = logistic(found + (logistic(found) > absent ? image.detectorShift : 0));
    return score >= REPORT_FROM && score > absent
      ? [{ class: name, score, threshold, prevalence, model: "threat-detector@season" }]
      : [];
  });
}

function contents(
  { groups }: ImageTruth,
  table: ImageTable,
  image: SeasonParameters["image"],
  random: Random,
): SeasonAnalysis["contents"] {
  const draw = rankedDraws(table.together.contents, random);
  const drawn = table.groups.map(({ group, logits, shares }) => {
    const share = groups.get(group) ?? 0;
    const bin = share <= 0 ? 0 : table.shareBins.filter((from) => share > from).length;
    const at = draw();
    const found = valueAt(firstKnown(logits[bin] ?? [], logits[1] ?? [], logits[0] ?? []), at) ?? -4;
    const part = valueAt(firstKnown(shares[bin] ?? [], shares[1] ?? [], shares[0] ?? []), at) ?? 0;
    return { group, score: logistic(found + (bin > 0 ? image.contentsShift : 0)), share: part };
  });
  const total = drawn.reduce((sum, one) => sum + one.share, 0);
  return drawn.map((one) => ({ ...one, share: total > 0 ? one.share / total : 0 }));
}

function firstKnown(...all: readonly Quantiles[]): Quantiles {
  return all.find((one) => one.length > 0) ?? [];
}

/** Uniform numbers 0..1 that go together with correlation `rho`: normals with a common factor. */
function rankedDraws(rho: number, random: Random): () => number {
  const common = Math.sqrt(rho) * random.normal();
  const own = Math.sqrt(1 - rho);
  return () => normalShare(common + own * random.normal());
}

/** The standard normal's distribution function (Abramowitz and Stegun 26.2.17, error below 1e-7). */
function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z >= 0 ? 1 - tail : tail;
}
