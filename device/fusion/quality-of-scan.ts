import type { QualityMetric } from "../../protocols/vocabulary.ts";
import { mass } from "./evidence/row.ts";
import type { MassComparison } from "./mass.ts";
import type { Failure } from "./quality-checks.ts";

/** What a scan says of the declaration that it belongs to. */
export interface ScannedAgainst {
  /** null: nothing was measured or declared. */
  readonly mass: MassComparison | null;
  /** Pieces declared, and seen so far at this site; null unknown. */
  readonly pieces: { readonly declared: number | null; readonly seen: number | null };
}

/** The metrics that need the scan: measured against declared mass (A4), pieces (A5; fewer may still come). */
export function failuresOfScan({ mass: compared, pieces }: ScannedAgainst): {
  readonly checked: readonly QualityMetric[];
  readonly failures: readonly Failure[];
} {
  const checked: QualityMetric[] = [];
  const failures: Failure[] = [];
  if (compared !== null) {
    checked.push("A4");
    const { measuredKg, declaredKg, ratio } = compared;
    const message = `gross mass is ${mass(declaredKg)}, measured ${mass(measuredKg)}`;
    if (ratio > 1) failures.push({ metric: "A4", pointer: "42A/131", message, share: 1, saidBy: "mass" });
  }
  const { declared, seen } = pieces;
  if (declared !== null && seen !== null) {
    checked.push("A5");
    const message = `${declared} pieces declared, ${seen} seen`;
    if (seen > declared)
      failures.push({ metric: "A5", pointer: "42A/144", message, share: 1, saidBy: "pieces" });
  }
  return { checked, failures };
}
