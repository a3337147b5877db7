import { QUALITY_METRICS, type QualityMetric } from "../../protocols/vocabulary.ts";
import type { StoredDeclaration } from "../spool/port.ts";
import type { FusionSettings } from "./input.ts";
import { CHECKS, type Failure } from "./quality-checks.ts";
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
}

/**
 * Assesses what can be assessed without the scan: all but T2 and A5, which are of scans, and the measured mass. K1 also holds
 * what parsing found.
 */
export function assessQuality(
  { declaration, findings: received }: Pick<StoredDeclaration, "declaration" | "findings">,
  settings: Pick<FusionSettings, "stopTerms" | "weights" | "quality">,
  { duplicated, consignments }: QualityContext = {},
): Quality {
  const subject = {
    declaration,
    thresholds: qualityThresholds(settings.quality),
    stopTerms: settings.stopTerms,
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
  return summary(failures, [...checked], settings);
}

function summary(
  failures: readonly Failure[],
  checked: readonly QualityMetric[],
  { weights }: Pick<FusionSettings, "weights">,
): Quality {
  const failed: Partial<Record<QualityMetric, number>> = {};
  for (const { metric, share } of failures) failed[metric] = Math.max(failed[metric] ?? 0, share);
  const lost = Object.entries(failed).reduce(
    (sum, [metric, share]) => sum + (weights.quality[metric as QualityMetric] ?? 0) * share,
    0,
  );
  const findings = failures.map(({ metric, pointer, message }) => ({ metric, pointer, message }));
  return { score: Math.min(1, Math.max(0, 1 - lost)), failed, checked, findings };
}
