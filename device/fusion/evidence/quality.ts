import { type QualityMetric, reasonForMetric } from "../../../protocols/vocabulary.ts";
import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import type { EvidenceRow } from "./row.ts";

/** Poor data from natural persons is normal: it says half as much. */
const NATURAL_PERSON = 0.5;

/**
 * Failing data quality metrics of the best match: weak evidence, a reason to look at the papers, never proof. The sum is
 * held to `weights.qualityTotal` by scaling all rows alike.
 */
export function qualityEvidence({ matches, input }: Case): readonly EvidenceRow[] {
  const [best] = matches;
  if (best === undefined) return [];
  const { quality, qualityTotal } = input.settings.weights;
  const factor = best.stored.declaration.parties?.consignor?.kind === "natural" ? NATURAL_PERSON : 1;
  const rows = Object.entries(best.quality.unsaid).flatMap(([name, share]): EvidenceRow[] => {
    const metric = name as QualityMetric;
    const logOdds = (quality[metric] ?? 0) * share * factor;
    const finding = best.quality.findings.find((one) => one.metric === metric);
    if (logOdds <= 0 || finding === undefined) return [];
    return [
      {
        source: "quality",
        code: reasonForMetric(metric),
        logOdds,
        detail: `declaration data: ${finding.message} (${finding.pointer})`,
      },
    ];
  });
  const total = rows.reduce((sum, row) => sum + row.logOdds, 0);
  const scale =
    total === 0 ? 1 : calibrated(input.settings, "quality", Math.min(qualityTotal, total)) / total;
  return rows
    .map((row) => ({ ...row, logOdds: row.logOdds * scale }))
    .sort((one, other) => (one.code < other.code ? -1 : 1));
}
