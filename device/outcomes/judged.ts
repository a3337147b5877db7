import type { ScoredHit } from "../spool/operations/outcomes.ts";

/** What an examination found in a scan (`mqtt.md`, Outcome). */
export interface Finding {
  readonly result: string;
  readonly examination: string;
  readonly classes: readonly string[];
  /** ms since the epoch */
  readonly at: number;
}

/** A hit with what was found. */
export interface JudgedHit extends Omit<ScoredHit, "outcome"> {
  readonly finding: Finding | null;
  /** What a full examination found; null: none was made. Calibration learns from these only. */
  readonly irregular: boolean | null;
}

/** Reads the outcomes of hits. */
export function judge(hits: readonly ScoredHit[]): readonly JudgedHit[] {
  return hits.map(({ outcome, ...hit }) => {
    const finding = outcome === null ? null : findingOf(outcome);
    const full = finding?.examination === "full" && finding.result !== "partial";
    return { ...hit, finding, irregular: full ? finding.result === "confirmed" : null };
  });
}

function findingOf(outcome: string): Finding {
  const { result, examination, classes, at } = JSON.parse(outcome) as Record<string, unknown>;
  return {
    result: String(result),
    examination: String(examination),
    classes: Array.isArray(classes) ? classes.map(String) : [],
    at: Date.parse(String(at)),
  };
}

/** A share of `of` with its 95 % interval by Wilson; null where nothing was counted. */
export interface Rate {
  readonly count: number;
  readonly of: number;
  readonly share: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** 97.5 % quantile of the normal distribution. */
const Z = 1.959964;

export function rate(count: number, of: number): Rate {
  if (of === 0) return { count, of, share: null, low: null, high: null };
  const p = count / of;
  const spread = Z * Math.sqrt((p * (1 - p)) / of + (Z * Z) / (4 * of * of));
  const middle = p + (Z * Z) / (2 * of);
  const whole = 1 + (Z * Z) / of;
  return {
    count,
    of,
    share: p,
    low: Math.max(0, (middle - spread) / whole),
    high: Math.min(1, (middle + spread) / whole),
  };
}

/** How often the fully examined were irregular, against what their scores claimed. */
export interface Claim {
  readonly examined: number;
  readonly irregular: number;
  /** Sum of the probabilities: as many irregular ones were to be expected. */
  readonly expected: number;
  /** How far off that is, in standard deviations; null without examinations. Beyond ±3 it is no chance. */
  readonly z: number | null;
}

export function claimOf(hits: readonly JudgedHit[]): Claim {
  const examined = hits.filter(({ irregular }) => irregular !== null);
  const irregular = examined.filter((hit) => hit.irregular === true).length;
  const expected = examined.reduce((sum, { probability }) => sum + probability, 0);
  const variance = examined.reduce((sum, { probability: p }) => sum + p * (1 - p), 0);
  const z = examined.length === 0 ? null : (irregular - expected) / Math.sqrt(Math.max(1e-9, variance));
  return { examined: examined.length, irregular, expected, z };
}
