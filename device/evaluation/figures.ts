import { bootstrap, type Interval } from "../cli/evaluate/statistics.ts";

/** Bins of equal size for the calibration error (`customs-standards.md` §5.4). */
const BINS = 15;

const FIGURES = ["auc", "precisionAt1", "precisionAt5", "brier", "ece"] as const;
type FigureName = (typeof FIGURES)[number];

/** How good probabilities are, with 95 % intervals by bootstrap over the items; null where nothing can be said. */
export interface ProbabilityFigures extends Readonly<Record<FigureName, number | null>> {
  readonly items: number;
  readonly irregular: number;
  readonly intervals: Readonly<Record<FigureName, Interval | null>>;
}

export interface Judged {
  readonly scores: readonly number[];
  readonly labels: readonly boolean[];
}

/** Scores in order, lowest first, so that a figure of a resample is one pass over weights instead of a sort. */
interface Ranking {
  readonly scores: Float64Array;
  readonly labels: Uint8Array;
  /** Place of each in the list that it came from. */
  readonly items: Uint32Array;
}

function rankingOf({ scores, labels }: Judged): Ranking {
  const items = Uint32Array.from(scores.keys()).sort(
    (one, other) => (scores[one] as number) - (scores[other] as number) || one - other,
  );
  return {
    items,
    scores: Float64Array.from(items, (at) => scores[at] as number),
    labels: Uint8Array.from(items, (at) => (labels[at] === true ? 1 : 0)),
  };
}

type Weights = ArrayLike<number> | null;

function weightOf({ items }: Ranking, weights: Weights, at: number): number {
  return weights === null ? 1 : (weights[items[at] as number] as number);
}

function areaOf(ranking: Ranking, weights: Weights): number | null {
  const { scores, labels } = ranking;
  let [area, below, positives] = [0, 0, 0];
  for (let from = 0; from < scores.length; ) {
    let [to, hits, misses] = [from, 0, 0];
    for (; to < scores.length && scores[to] === scores[from]; to++) {
      const weight = weightOf(ranking, weights, to);
      if (labels[to] === 1) hits += weight;
      else misses += weight;
    }
    area += hits * (below + misses / 2);
    below += misses;
    positives += hits;
    from = to;
  }
  return positives === 0 || below === 0 ? null : area / (positives * below);
}

function totalOf(ranking: Ranking, weights: Weights): number {
  let total = 0;
  for (let at = 0; at < ranking.scores.length; at++) total += weightOf(ranking, weights, at);
  return total;
}

/** Share of irregular items among the `share` of highest scores; ties are taken in part. */
function precisionOf(ranking: Ranking, weights: Weights, share: number): number | null {
  const { scores, labels } = ranking;
  const wanted = Math.max(1, Math.floor(share * totalOf(ranking, weights)));
  let [taken, found] = [0, 0];
  for (let from = scores.length - 1; from >= 0 && taken < wanted; ) {
    let [to, all, hits] = [from, 0, 0];
    for (; to >= 0 && scores[to] === scores[from]; to--) {
      const weight = weightOf(ranking, weights, to);
      all += weight;
      if (labels[to] === 1) hits += weight;
    }
    const part = all === 0 ? 0 : Math.min(1, (wanted - taken) / all);
    taken += part * all;
    found += part * hits;
    from = to;
  }
  return taken === 0 ? null : found / taken;
}

function brierOf(ranking: Ranking, weights: Weights): number | null {
  const { scores, labels } = ranking;
  let sum = 0;
  for (const [at, score] of scores.entries())
    sum += weightOf(ranking, weights, at) * (score - (labels[at] as number)) ** 2;
  return scores.length === 0 ? null : sum / totalOf(ranking, weights);
}

export interface CalibrationBin {
  readonly items: number;
  /** Mean of the probabilities, and share of irregular items. */
  readonly claimed: number;
  readonly counted: number;
}

/** Bins of equally many items, lowest probabilities first; an item on an edge counts in both in part. */
function binsOf(ranking: Ranking, weights: Weights, bins: number): readonly CalibrationBin[] {
  const { scores, labels } = ranking;
  const size = totalOf(ranking, weights) / bins;
  const sums = Array.from({ length: bins }, () => ({ items: 0, claimed: 0, counted: 0 }));
  let bin = 0;
  for (const [at, score] of scores.entries()) {
    for (let left = weightOf(ranking, weights, at); left > 1e-9; ) {
      const own = sums[bin] as (typeof sums)[number];
      const part = bin === bins - 1 ? left : Math.min(left, size - own.items);
      own.items += part;
      own.claimed += part * score;
      own.counted += part * (labels[at] as number);
      left -= part;
      if (bin < bins - 1 && own.items >= size - 1e-9) bin++;
    }
  }
  return sums
    .filter(({ items }) => items > 0)
    .map(({ items, claimed, counted }) => ({ items, claimed: claimed / items, counted: counted / items }));
}

function errorOf(ranking: Ranking, weights: Weights): number | null {
  const bins = binsOf(ranking, weights, BINS);
  const total = bins.reduce((sum, { items }) => sum + items, 0);
  if (total === 0) return null;
  return bins.reduce((sum, bin) => sum + (bin.items / total) * Math.abs(bin.claimed - bin.counted), 0);
}

const OF: Readonly<Record<FigureName, (ranking: Ranking, weights: Weights) => number | null>> = {
  auc: areaOf,
  precisionAt1: (ranking, weights) => precisionOf(ranking, weights, 0.01),
  precisionAt5: (ranking, weights) => precisionOf(ranking, weights, 0.05),
  brier: brierOf,
  ece: errorOf,
};

/** Share of irregular items among the `share` of highest scores; ties are taken in part. */
export function precisionAt(judged: Judged, share: number): number | null {
  return precisionOf(rankingOf(judged), null, share);
}

/** Bins of equally many items, lowest probabilities first. */
export function equalBins(judged: Judged, bins = BINS): readonly CalibrationBin[] {
  return binsOf(rankingOf(judged), null, bins);
}

/** Expected calibration error over bins of equal size. */
export function calibrationErrorOf(judged: Judged): number | null {
  return errorOf(rankingOf(judged), null);
}

/** All figures, with `rounds` rounds of bootstrap. */
export function probabilityFigures(judged: Judged, seed: number, rounds = 200): ProbabilityFigures {
  const ranking = rankingOf(judged);
  const of = (name: FigureName) => OF[name](ranking, null);
  const interval = (name: FigureName) =>
    bootstrap({ scans: judged.scores.length, rounds, seed }, (times) => OF[name](ranking, times));
  const each = <Value>(value: (name: FigureName) => Value) =>
    Object.fromEntries(FIGURES.map((name) => [name, value(name)])) as Record<FigureName, Value>;
  return {
    items: judged.scores.length,
    irregular: judged.labels.filter(Boolean).length,
    ...each(of),
    intervals: each(interval),
  };
}
