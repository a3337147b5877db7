import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import { claimedEuros } from "../money.ts";
import type { EvidenceRow } from "./row.ts";

/** Consignments to one party in the window that are still usual. */
const USUAL = 3;

/**
 * Many consignments of low value to one party in a short time (metric K3): beyond three, each doubling adds
 * `weights.splitting`, twice at most. A declared value above the de minimis limit speaks for itself and is no part of a split.
 */
export function splittingEvidence({ own, input }: Case): readonly EvidenceRow[] {
  if (own === null) return [];
  const { declaration } = own.stored;
  const { settings, splitting } = input;
  const seen = splitting?.[declaration.aedId];
  const euros = claimedEuros(declaration);
  if (seen === undefined || !(seen.consignments > USUAL) || euros === null || euros > settings.deMinimisEur)
    return [];
  const doublings = Math.min(2, Math.log2(seen.consignments / USUAL));
  return [
    {
      source: "splitting",
      code: "SPLIT_CONSIGNMENT",
      logOdds: calibrated(settings, "splitting", settings.weights.splitting * doublings),
      detail: `${seen.consignments} consignments to this party in ${seen.days} days, this one of ${euros.toFixed(0)} EUR where up to ${settings.deMinimisEur} EUR nothing is due`,
    },
  ];
}
