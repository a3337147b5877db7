/** Figures of scores against truth. Pure; what has no positives or no negatives has no figure (null). */

/** Ranked finds of one class: best first, which of them are right, and how many there were to find. */
export interface Ranked {
  readonly hits: readonly boolean[];
  readonly positives: number;
  /** How often each find counts; absent: once. */
  readonly weights?: readonly number[];
}

/** Area under the precision–recall curve, interpolated at all points (as in training and in COCO at one overlap). */
export function averagePrecision({ hits, positives, weights }: Ranked): number | null {
  if (positives === 0) return null;
  const weightOf = (at: number) => weights?.[at] ?? 1;
  let right = 0;
  let all = 0;
  for (const [at, hit] of hits.entries()) {
    all += weightOf(at);
    right += hit ? weightOf(at) : 0;
  }
  let best = 0;
  let sum = 0;
  for (let at = hits.length - 1; at >= 0; at--) {
    const weight = weightOf(at);
    if (weight === 0) continue;
    best = Math.max(best, right / all);
    all -= weight;
    if (!hits[at]) continue;
    sum += best * weight;
    right -= weight;
  }
  return sum / positives;
}

/** Points of the precision–recall curve, at most `most`. */
export function precisionRecall(
  { hits, positives }: Ranked,
  most = 200,
): readonly { recall: number; precision: number }[] {
  const points: { recall: number; precision: number }[] = [];
  let right = 0;
  for (const [at, hit] of hits.entries()) {
    if (!hit) continue;
    right++;
    points.push({ recall: right / positives, precision: right / (at + 1) });
  }
  const step = Math.max(1, Math.ceil(points.length / most));
  return points.filter((_, at) => at % step === 0 || at === points.length - 1);
}

/** Chance that a positive scores above a negative; ties count half. */
export function rocArea(scores: readonly number[], labels: readonly boolean[]): number | null {
  const order = scores
    .map((score, at) => ({ score, positive: labels[at] === true }))
    .sort((a, b) => a.score - b.score);
  const positives = order.filter(({ positive }) => positive).length;
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  let area = 0;
  let below = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    let tied = 0;
    while (to < order.length && order[to]!.score === order[from]!.score)
      tied += order[to++]!.positive ? 1 : 0;
    const others = to - from - tied;
    area += tied * (below + others / 2);
    below += others;
    from = to;
  }
  return area / (positives * negatives);
}

/** Mean squared error of probabilities. */
export function brier(scores: readonly number[], labels: readonly boolean[]): number | null {
  if (scores.length === 0) return null;
  return scores.reduce((sum, score, at) => sum + (score - (labels[at] ? 1 : 0)) ** 2, 0) / scores.length;
}

/** One bin of a reliability diagram. */
export interface ReliabilityBin {
  readonly count: number;
  /** Mean of the scores, and share of positives. */
  readonly claimed: number;
  readonly counted: number;
}

const BINS = 10;

/** Scores in bins of a tenth; empty bins are left out. */
export function reliability(
  scores: readonly number[],
  labels: readonly boolean[],
): readonly ReliabilityBin[] {
  const bins = Array.from({ length: BINS }, () => ({ count: 0, claimed: 0, counted: 0 }));
  for (const [at, score] of scores.entries()) {
    const bin = bins[Math.min(BINS - 1, Math.floor(score * BINS))]!;
    bin.count++;
    bin.claimed += score;
    bin.counted += labels[at] ? 1 : 0;
  }
  return bins
    .filter(({ count }) => count > 0)
    .map(({ count, claimed, counted }) => ({ count, claimed: claimed / count, counted: counted / count }));
}

/** Expected calibration error: mean difference of claimed and counted, weighted by the bins' scores. */
export function calibrationError(bins: readonly ReliabilityBin[]): number | null {
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return null;
  return bins.reduce((sum, bin) => sum + bin.count * Math.abs(bin.claimed - bin.counted), 0) / total;
}

/** Value below which `share` of the sorted values lie, linear in between. */
export function quantile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null;
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - low);
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Bootstrap 95 % interval over scans: `statistic` is given how often each scan was drawn. The same seed draws the same.
 */
export function bootstrap(
  options: { readonly scans: number; readonly rounds: number; readonly seed: number },
  statistic: (times: Uint16Array) => number | null,
): Interval | null {
  const values: number[] = [];
  const next = generator(options.seed);
  const times = new Uint16Array(options.scans);
  for (let round = 0; round < options.rounds; round++) {
    times.fill(0);
    for (let draw = 0; draw < options.scans; draw++) times[Math.floor(next() * options.scans)]! += 1;
    const value = statistic(times);
    if (value !== null) values.push(value);
  }
  values.sort((a, b) => a - b);
  const low = quantile(values, 0.025);
  const high = quantile(values, 0.975);
  return low === null || high === null ? null : { low, high };
}

/** Uniform numbers 0 ≤ x < 1 (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
