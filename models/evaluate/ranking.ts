/** Figures of a score that ranks: how many of the first are hits, and how well it is calibrated. */

/** What `npm run evaluate:declaration-risk -- --json` prints. */
export interface RankingFigures {
  /** Share of irregular rows among the 1, 5 and 10 % with the highest scores. */
  readonly precisionAt1: number;
  readonly precisionAt5: number;
  readonly precisionAt10: number;
  /** Area under the ROC curve; ties count half. */
  readonly auc: number;
  /** Mean squared distance of score and label. */
  readonly brier: number;
  /** Expected calibration error: 15 bins of equal size. */
  readonly ece: number;
}

const BINS = 15;

/** @param scores 0..1 @param labels as many, true for an irregular row */
export function rankingFigures(scores: readonly number[], labels: readonly boolean[]): RankingFigures {
  const order = scores.map((_, at) => at).sort((one, other) => scores[other]! - scores[one]! || one - other);
  const hits = (indices: readonly number[]) => indices.filter((at) => labels[at]).length;
  const precision = (share: number) => {
    const first = order.slice(0, Math.max(1, Math.round(share * order.length)));
    return hits(first) / first.length;
  };
  const brier = scores.reduce((sum, score, at) => sum + (score - Number(labels[at])) ** 2, 0) / scores.length;
  return {
    precisionAt1: precision(0.01),
    precisionAt5: precision(0.05),
    precisionAt10: precision(0.1),
    auc: areaUnderCurve(order, scores, labels),
    brier,
    ece: calibrationError(order.toReversed(), scores, hits),
  };
}

/** Chance that an irregular row scores above a regular one, from ranks. `order`: highest score first. */
function areaUnderCurve(
  order: readonly number[],
  scores: readonly number[],
  labels: readonly boolean[],
): number {
  let above = 0;
  let wins = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    let hits = 0;
    for (; to < order.length && scores[order[to]!] === scores[order[from]!]; to++)
      hits += Number(labels[order[to]!]);
    const others = to - from - hits;
    wins += others * (above + hits / 2);
    above += hits;
    from = to;
  }
  return wins / (above * (order.length - above));
}

function calibrationError(
  rising: readonly number[],
  scores: readonly number[],
  hits: (indices: readonly number[]) => number,
): number {
  let error = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const part = rising.slice(
      Math.floor((bin * rising.length) / BINS),
      Math.floor(((bin + 1) * rising.length) / BINS),
    );
    const said = part.reduce((sum, at) => sum + scores[at]!, 0);
    error += Math.abs(said - hits(part)) / rising.length;
  }
  return error;
}
