import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import { opinionLogOdds } from "../odds.ts";
import { type EvidenceRow, percent } from "./row.ts";

/**
 * The gateway's own risk model of the best match's data: λ (logit p − logit prevalence), within ± `weights.risk`. Where central sent a figure of its own
 * both speak, each with the discount that was fitted with the other beside it.
 */
export function declarationRiskEvidence({ matches, input }: Case): readonly EvidenceRow[] {
  const risk = input.declarationRisk;
  if (
    matches.length === 0 ||
    risk == null ||
    !isShare(risk.p) ||
    !(risk.prevalence > 0 && risk.prevalence < 1)
  )
    return [];
  const { settings } = input;
  const reach = settings.weights.risk;
  const opinion = { probability: risk.p, prevalence: risk.prevalence, discount: settings.discounts.risk };
  const raw = Math.min(reach, Math.max(-reach, opinionLogOdds(opinion)));
  return [
    {
      source: "risk",
      code: "DECLARATION_RISK",
      logOdds: calibrated(settings, "risk", raw),
      detail: `the declaration's data: risk ${percent(risk.p)} where ${percent(risk.prevalence)} is usual (${risk.model})`,
    },
  ];
}

function isShare(value: number): boolean {
  return value >= 0 && value <= 1;
}
