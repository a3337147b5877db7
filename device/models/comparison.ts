import type { Analysis } from "../scan.ts";
import type { ComparisonFigures } from "./state.ts";

/** Borders of the bins that scores are counted in, calibrated 0..1: finer where thresholds lie. */
const BORDERS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9] as const;
/** Scans of both together that each side is filled up with. */
const FILLING = 5;
/** Run times kept for the percentile; of more, the newest. */
const KEPT_TIMES = 1000;
/** A difference below this is the clock's and the scheduler's, not the model's, ms. */
const LATENCY_SLACK_MS = 2;

/** What one package said of one scan. */
export interface Said {
  /** Its highest calibrated score, 0..1; null: it gives none (an embedding). */
  readonly score: number | null;
  /** Whether something reached its threshold, or the state of a load; null: neither. */
  readonly finding: string | null;
  /** Bare `session.run`, ms. */
  readonly milliseconds: number;
}

/** What the package of a name said, from an analysis; null where it did not run on the scan. `task`: as its manifest says. */
export function saidBy(
  { name, task }: { readonly name: string; readonly task: string },
  analysis: Analysis,
): Said | null {
  const ran = analysis.models.find((model) => model.name === name);
  if (ran === undefined) return null;
  const { milliseconds } = ran;
  if (task === "embedding") return { score: null, finding: null, milliseconds };
  if (task === "contents") {
    const { load, contents } = analysis;
    if (load) return { score: load.score, finding: load.state, milliseconds };
    return { score: most(contents), finding: contents[0]?.group ?? "nothing", milliseconds };
  }
  const detections = analysis.detections.filter(({ model }) => model === `${ran.name}@${ran.version}`);
  const found = detections.some(({ score, threshold }) => score >= threshold);
  return { score: most(detections), finding: found ? "found" : "nothing", milliseconds };
}

function most(scored: readonly { readonly score: number }[]): number {
  return scored.reduce((best, { score }) => Math.max(best, score), 0);
}

/** Scores and run times of one package, counted; bounded whatever their number. */
export class ScoreWindow {
  readonly #bins = new Array<number>(BORDERS.length + 1).fill(0);
  readonly #times: number[] = [];
  #next = 0;
  #scored = 0;

  add({ score, milliseconds }: Said): void {
    if (this.#times.length < KEPT_TIMES) this.#times.push(milliseconds);
    else this.#times[this.#next] = milliseconds;
    this.#next = (this.#next + 1) % KEPT_TIMES;
    if (score === null) return;
    const bin = BORDERS.findIndex((border) => score < border);
    this.#bins[bin < 0 ? BORDERS.length : bin]! += 1;
    this.#scored += 1;
  }

  /** Scans that were scored. */
  get scored(): number {
    return this.#scored;
  }

  /** Runs. */
  get runs(): number {
    return this.#times.length;
  }

  /** ms; null before the first run. */
  get p99(): number | null {
    return this.quantile(0.99);
  }

  /** A quantile of the run times, ms; null before the first run. */
  quantile(share: number): number | null {
    const sorted = this.#times.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
  }

  /** Scans of each bin. */
  get counts(): readonly number[] {
    return this.#bins;
  }
}

/**
 * Population stability index of two sets of scores; null where either is empty. Each side is filled up with some scans of both
 * together, so that no bin is empty and a small set does not differ from a large one by its size.
 */
export function stabilityIndex(before: ScoreWindow, after: ScoreWindow): number | null {
  if (before.scored === 0 || after.scored === 0) return null;
  const pooled = before.counts.map((count, at) => {
    return (count + (after.counts[at] ?? 0)) / (before.scored + after.scored);
  });
  const share = ({ counts, scored }: ScoreWindow, at: number) =>
    ((counts[at] ?? 0) + FILLING * (pooled[at] ?? 0)) / (scored + FILLING);
  return pooled.reduce((sum, both, at) => {
    if (both === 0) return sum;
    const [was, is] = [share(before, at), share(after, at)];
    return sum + (is - was) * Math.log(is / was);
  }, 0);
}

/** What a candidate may differ by. */
export interface Gates {
  /** 99th percentile of its run time over that of the active package. */
  readonly latencyRatio: number;
  /** Population stability index of its scores against those of the active package. */
  readonly psi: number;
}

/** Whether a package is too slow or its scores have moved, against another; null: neither. */
export function moved(before: ScoreWindow, after: ScoreWindow, gates: Gates): string | null {
  const [was, is] = [before.p99, after.p99];
  if (was !== null && is !== null && isSlower(before, after, gates))
    return `its 99th percentile is ${is.toFixed(1)} ms, ${gates.latencyRatio} times the ${was.toFixed(1)} ms of the active package are allowed`;
  const psi = stabilityIndex(before, after);
  return psi !== null && psi >= gates.psi
    ? `its scores have moved (stability index ${psi.toFixed(2)}, limit ${gates.psi})`
    : null;
}

/**
 * The two run in processes of their own, one after the other: what else the machine does falls upon one of them. It makes some
 * runs long and the others not, so that a package is slower only where a tenth of its runs says the same as its slowest.
 */
function isSlower(before: ScoreWindow, after: ScoreWindow, { latencyRatio }: Gates): boolean {
  return [0.9, 0.99].every((share) => {
    const [was, is] = [before.quantile(share), after.quantile(share)];
    return was !== null && is !== null && is > was * latencyRatio + LATENCY_SLACK_MS;
  });
}

/** A candidate beside the active package, on the same scans. */
export class Comparison {
  readonly active = new ScoreWindow();
  readonly candidate = new ScoreWindow();
  #compared = 0;
  #failures = 0;
  #disagreements = 0;

  /** Both ran. Returns whether they found the same. */
  add(active: Said, candidate: Said): boolean {
    this.active.add(active);
    this.candidate.add(candidate);
    this.#compared += 1;
    const agrees = active.finding === candidate.finding;
    if (!agrees) this.#disagreements += 1;
    return agrees;
  }

  /** The candidate gave nothing. */
  fail(): void {
    this.#failures += 1;
  }

  get compared(): number {
    return this.#compared;
  }

  figures(): ComparisonFigures {
    return {
      compared: this.#compared,
      failures: this.#failures,
      disagreements: this.#disagreements,
      psi: stabilityIndex(this.active, this.candidate),
      p99Ms: this.candidate.p99,
      activeP99Ms: this.active.p99,
    };
  }

  /** Why the candidate must not become active; null while nothing speaks against it. */
  verdict(gates: Gates): string | null {
    if (this.#failures > 0) return `${this.#failures} of its runs gave nothing`;
    return moved(this.active, this.candidate, gates);
  }
}
