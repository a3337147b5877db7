import type { Case } from "../case.ts";
import { compareMass } from "../mass.ts";
import { type EvidenceRow, mass } from "./row.ts";

/**
 * The scale against the declared gross mass. Within the tolerance it says nothing; beyond, ln(difference / tolerance), at
 * most `weights.mass`: twice the tolerance doubles the odds.
 */
export function massEvidence({ own, input }: Case): readonly EvidenceRow[] {
  if (own === null) return [];
  const { scan, settings } = input;
  const compared = compareMass(scan, own.stored.declaration, own.matchedBy, settings.massTolerance);
  if (compared === null || compared.ratio <= 1) return [];
  const { measuredKg, declaredKg, pieces } = compared;
  const allowed = mass(Math.max(settings.massTolerance.kg, settings.massTolerance.share * declaredKg));
  const whole = pieces > 1 ? ` for all ${pieces} pieces` : "";
  return [
    {
      source: "mass",
      code: "MASS_MISMATCH",
      logOdds: Math.min(settings.weights.mass, Math.log(compared.ratio)),
      detail: `measured ${mass(measuredKg)}, declared ${mass(declaredKg)}${whole}: ${mass(Math.abs(measuredKg - declaredKg))} ${measuredKg > declaredKg ? "more" : "less"}, ${allowed} allowed`,
    },
  ];
}
