import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import { type EvidenceRow, score } from "./row.ts";

/** Similarities are told apart between these two. */
const RANGE = { least: 0.8, most: 0.95 } as const;

/**
 * An earlier scan that looks like this one and in which an examination found something: `weights.similar`, in full from a
 * similarity of 0.95 on. Looking like a regular one says nothing: most things do.
 */
export function similarEvidence({ input }: Case): readonly EvidenceRow[] {
  const found = (input.similarFound ?? []).filter(
    ({ scanId, similarity }) => similarity >= 0 && similarity <= 1 && scanId !== input.scan.scanId,
  );
  if (found.length === 0) return [];
  const best = Math.max(...found.map(({ similarity }) => similarity));
  const share = Math.min(1, (best - RANGE.least) / (RANGE.most - RANGE.least));
  if (!(share > 0)) return [];
  const others = found.length > 1 ? ` and ${found.length - 1} more` : "";
  const { settings } = input;
  return [
    {
      source: "similar",
      code: "SIMILAR_TO_HIT",
      logOdds: calibrated(settings, "similar", settings.weights.similar * share),
      detail: `looks like an earlier scan in which something was found (similarity ${score(best)}${others})`,
    },
  ];
}
