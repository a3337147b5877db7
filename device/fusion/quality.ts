import { QUALITY_METRICS, type QualityMetric } from "../../protocols/vocabulary.ts";
import type { StoredDeclaration } from "../spool/port.ts";
import type { FusionSettings } from "./input.ts";
import { CHECKS, type Failure } from "./quality-checks.ts";
import { failuresOfScan, type ScannedAgainst } from "./quality-of-scan.ts";
import { qualityThresholds } from "./quality-thresholds.ts";

/** A fault of a declaration: metric of `customs-standards.md` §4.1, WCO-style pointer (class id, sequence, tag). */
export interface QualityFinding {
  readonly metric: QualityMetric;
  /** e.g. `42A/67A/68A[3]/23A/137`, or an RFC 6901 pointer where a member was dropped on receipt. */
  readonly pointer: string;
  /** Plain English; never quotes the declaration. */
  readonly message: string;
}

/** How good the data of a declaration is. */
export interface Quality {
  /** 1 − Σ weight × failed share, 0..1; 1 = no fault found. */
  readonly score: number;
  /** How far each failing metric fails, 0 < share ≤ 1. */
  readonly failed: Readonly<Partial<Record<QualityMetric, number>>>;
  /** The same without what another source of evidence says: mass, pieces, value and splitting speak for themselves. */
  readonly unsaid: Readonly<Partial<Record<QualityMetric, number>>>;
  /** The metrics that had anything to say of this declaration. */
  readonly checked: readonly QualityMetric[];
  readonly findings: readonly QualityFinding[];
}

/** What stands around a declaration. */
export interface QualityContext {
  /** Another live declaration carries the same identifier of a single item. */
  readonly duplicated?: boolean;
  /** Live consignments to the same consignee, this one included; absent: not counted. */
  readonly consignments?: number | undefined;
  /** What the scan contradicts (A4 measured mass, A5 pieces); absent: there is no scan. */
  readonly scanned?: ScannedAgainst | undefined;
}

/**
 * Assesses a declaration by itself, and by its scan where there is one. T2, whether a scan has its declaration, is of scans
 * alone. K1 also holds what parsing found.
 */
export function assessQuality(
  { declaration, findings: received }: Pick<StoredDeclaration, "declaration" | "findings">,
  settings: Pick<FusionSettings, "stopTerms" | "quality" | "deMinimisEur" | "unitValues">,
  { duplicated, consignments, scanned }: QualityContext = {},
): Quality {
  const { stopTerms, deMinimisEur, unitValues } = settings;
  const subject = {
    declaration,
    thresholds: qualityThresholds(settings.quality),
    stopTerms,
    deMinimisEur,
    unitValues,
    ...(consignments === undefined ? {} : { consignments }),
  };
  const checked = new Set<QualityMetric>(["K1", "K2"]);
  const failures: Failure[] = [];
  for (const [metric, check] of Object.entries(CHECKS)) {
    const found = check(subject);
    if (found === null) continue;
    checked.add(metric as QualityMetric);
    failures.push(...found);
  }
  const against = scanned === undefined ? null : failuresOfScan(scanned);
  for (const metric of against?.checked ?? []) checked.add(metric);
  failures.push(...(against?.failures ?? []));
  if (duplicated === true)
    failures.push({
      metric: "K2",
      pointer: "42A/D026",
      message: "another live declaration carries the same identifier",
      share: 1,
    });
  for (const { metric, pointer, message } of received) {
    const known = metric in QUALITY_METRICS ? (metric as QualityMetric) : "K1";
    checked.add(known);
    failures.push({ metric: known, pointer, message, share: 1 });
  }
  return summary(failures, [...checked], subject.thresholds.weights);
}

function summary(
  failures: readonly Failure[],
  checked: readonly QualityMetric[],
  weights: Readonly<Partial<Record<QualityMetric, number>>>,
): Quality {
  const failed = worst(failures);
  const unsaid = worst(failures.filter(({ saidBy }) => saidBy === undefined));
  const lost = Object.entries(failed).reduce(
    (sum, [metric, share]) => sum + (weights[metric as QualityMetric] ?? 0) * share,
    0,
  );
  const findings = failures.map(({ metric, pointer, message }) => ({ metric, pointer, message }));
  return { score: Math.min(1, Math.max(0, 1 - lost)), failed, unsaid, checked, findings };
}

function worst(failures: readonly Failure[]): Partial<Record<QualityMetric, number>> {
  const shares: Partial<Record<QualityMetric, number>> = {};
  for (const { metric, share } of failures) shares[metric] = Math.max(shares[metric] ?? 0, share);
  return shares;
}
