import { bootstrap, brier, type Interval, rocArea } from "../cli/evaluate/statistics.ts";

/** Bins of equal size for the calibration error (`customs-standards.md` §5.4). */
const BINS = 15;

/** How good probabilities are, with 95 % intervals by bootstrap over the items; null where nothing can be said. */
export interface ProbabilityFigures {
  readonly items: number;
  readonly irregular: number;
  readonly auc: number | null;
  readonly precisionAt1: number | null;
  readonly precisionAt5: number | null;
  readonly brier: number | null;
  readonly ece: number | null;
  readonly intervals: Readonly<
    Record<"auc" | "precisionAt1" | "precisionAt5" | "brier" | "ece", Interval | null>
  >;
}

export interface Judged {
  readonly scores: readonly number[];
  readonly labels: readonly boolean[];
}

/** Share of irregular items among the `share` of highest scores; ties are taken in part. */
export function precisionAt({ scores, labels }: Judged, share: number): number | null {
  const wanted = Math.max(1, Math.floor(share * scores.length));
  if (scores.length === 0) return null;
  const order = scores
    .map((score, at) => ({ score, hit: labels[at] === true }))
    .sort((a, b) => b.score - a.score);
  const limit = order[wanted - 1]!.score;
  const above = order.filter(({ score }) => score > limit);
  const tied = order.filter(({ score }) => score === limit);
  const part = (wanted - above.length) / tied.length;
  const found = above.filter(({ hit }) => hit).length + part * tied.filter(({ hit }) => hit).length;
  return found / wanted;
}

export interface CalibrationBin {
  readonly items: number;
  /** Mean of the probabilities, and share of irregular items. */
  readonly claimed: number;
  readonly counted: number;
}

/** Bins of equally many items, lowest probabilities first. */
export function equalBins({ scores, labels }: Judged, bins = BINS): readonly CalibrationBin[] {
  const order = scores
    .map((score, at) => ({ score, hit: labels[at] === true }))
    .sort((a, b) => a.score - b.score);
  return Array.from({ length: bins }, (_, at) => {
    const part = order.slice(
      Math.floor((at * order.length) / bins),
      Math.floor(((at + 1) * order.length) / bins),
    );
    const sum = part.reduce((total, { score }) => total + score, 0);
    const items = part.length;
    return { items, claimed: sum / items, counted: part.filter(({ hit }) => hit).length / items };
  }).filter(({ items }) => items > 0);
}

/** Expected calibration error over bins of equal size. */
export function calibrationErrorOf(judged: Judged): number | null {
  if (judged.scores.length === 0) return null;
  const total = judged.scores.length;
  return equalBins(judged).reduce(
    (sum, { items, claimed, counted }) => sum + (items / total) * Math.abs(claimed - counted),
    0,
  );
}

/** All figures, with `rounds` rounds of bootstrap. */
export function probabilityFigures(judged: Judged, seed: number, rounds = 200): ProbabilityFigures {
  const { scores, labels } = judged;
  const of = {
    auc: (one: Judged) => rocArea(one.scores, one.labels),
    precisionAt1: (one: Judged) => precisionAt(one, 0.01),
    precisionAt5: (one: Judged) => precisionAt(one, 0.05),
    brier: (one: Judged) => brier(one.scores, one.labels),
    ece: calibrationErrorOf,
  } as const;
  const names = Object.keys(of) as (keyof typeof of)[];
  const values = Object.fromEntries(names.map((name) => [name, of[name](judged)])) as Record<
    keyof typeof of,
    number | null
  >;
  const intervals = Object.fromEntries(
    names.map((name) => [
      name,
      bootstrap({ scans: scores.length, rounds, seed }, (times) => of[name](drawn(judged, times))),
    ]),
  ) as ProbabilityFigures["intervals"];
  return { items: scores.length, irregular: labels.filter(Boolean).length, ...values, intervals };
}

function drawn({ scores, labels }: Judged, times: Uint16Array): Judged {
  const out = { scores: [] as number[], labels: [] as boolean[] };
  for (const [at, count] of times.entries()) {
    for (let n = 0; n < count; n++) {
      out.scores.push(scores[at] as number);
      out.labels.push(labels[at] === true);
    }
  }
  return out;
}
