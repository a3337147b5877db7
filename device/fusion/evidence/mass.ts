import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import type { FusionSettings } from "../input.ts";
import { compareMass, type MassComparison } from "../mass.ts";
import { type EvidenceRow, mass } from "./row.ts";

/**
 * The scale, else the image, against the declared gross mass: ln(difference / tolerance), so that twice the tolerance doubles the odds; at
 * most `weights.mass.differ`, and at least −`weights.mass.agree`. A piece of several can only be too heavy.
 */
export function massEvidence({ own, input }: Case): readonly EvidenceRow[] {
  if (own === null) return [];
  const { settings } = input;
  const compared = compareMass(input, own.stored.declaration, own.matchedBy);
  if (compared === null) return [];
  const { agree, differ } = settings.weights.mass;
  const least = compared.pieces > 1 ? 0 : -agree;
  const raw = Math.min(differ, Math.max(least, Math.log(compared.ratio)));
  const logOdds = calibrated(settings, compared.by === "scale" ? "mass" : "xray-mass", raw);
  return logOdds === 0
    ? []
    : [
        {
          source: compared.by === "scale" ? "mass" : "xray-mass",
          code: "MASS_MISMATCH",
          logOdds,
          detail: inWords(compared, settings),
        },
      ];
}

function inWords(
  { measuredKg, by, declaredKg, pieces, ratio }: MassComparison,
  { massTolerance, xrayMassTolerance }: FusionSettings,
): string {
  const tolerance = by === "scale" ? massTolerance : xrayMassTolerance;
  const whole = pieces > 1 ? ` for all ${pieces} pieces` : "";
  const measured = by === "scale" ? "measured" : "by X-ray";
  const both = `${measured} ${mass(measuredKg)}, declared ${mass(declaredKg)}${whole}`;
  const allowed = mass(Math.max(tolerance.kg, tolerance.share * declaredKg));
  if (ratio <= 1) return `${both}: they agree within ${allowed}`;
  const more = measuredKg > declaredKg ? "more" : "less";
  return `${both}: ${mass(Math.abs(measuredKg - declaredKg))} ${more}, ${allowed} allowed`;
}
