import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import { opinionLogOdds } from "../odds.ts";
import { type EvidenceRow, percent } from "./row.ts";

/** The target of the fused score, and of a figure that names none. */
const SCORED = "any_irregularity";

/** Central's figure of the best match where it is one for the score's own target, 0..1; else null. */
export function centralRisk({ matches }: Case): number | null {
  const risk = matches[0]?.stored.declaration.declRisk;
  return risk !== undefined && (risk.target ?? SCORED) === SCORED ? risk.p : null;
}

/**
 * Central's own calibrated risk of the best match: λ (logit p − logit basePrior). It may lower the score, it cannot touch a
 * floor. A figure for another target (revenue, prohibited, security) is shown and adds nothing.
 */
export function centralRiskEvidence({ matches, input }: Case): readonly EvidenceRow[] {
  const risk = matches[0]?.stored.declaration.declRisk;
  if (risk === undefined) return [];
  const { p: probability, basePrior: prevalence, target = SCORED, model } = risk;
  const counts = target === SCORED;
  const opinion = { probability, prevalence, discount: input.settings.discounts.declared };
  const aim = counts ? "" : ` for ${target}, shown only`;
  return [
    {
      source: "central",
      code: "CENTRAL_RISK",
      logOdds: counts ? calibrated(input.settings, "central", opinionLogOdds(opinion)) : 0,
      detail: `central's risk figure ${percent(probability)} where ${percent(prevalence)} is usual${aim} (${model})`,
    },
  ];
}
