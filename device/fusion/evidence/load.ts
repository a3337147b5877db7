import type { Declaration } from "../../../protocols/declaration.ts";
import type { LoadFinding } from "../../scan.ts";
import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import { logit } from "../odds.ts";
import { type EvidenceRow, percent } from "./row.ts";

type Declared = "empty" | "loaded";

/**
 * The load that the image shows against the one declared for the container or ULD: the log-odds of the finding, within
 * `weights.load`, discounted for dependence. A part load is a load. Nothing where either is not known.
 */
export function loadEvidence(subject: Case): readonly EvidenceRow[] {
  const { input, analysed, matches } = subject;
  const load = analysed ? input.analysis?.load : null;
  if (load == null || !(load.score > 0 && load.score <= 1)) return [];
  const says = matches.flatMap(({ stored, matchedBy }) => declaredLoad(stored.declaration, matchedBy) ?? []);
  const [declared] = says;
  // Two declarations for one container that differ say nothing together.
  if (declared === undefined || says.some((other) => other !== declared)) return [];
  const { agree, differ } = input.settings.weights.load;
  const against = logit(declared === "empty" ? loadedChance(load) : 1 - loadedChance(load));
  const held = Math.min(differ, Math.max(-agree, against));
  const logOdds = calibrated(input.settings, "load", input.settings.discounts.declared * held);
  if (logOdds === 0) return [];
  const code = declared === "empty" ? "DECLARED_EMPTY_LOADED" : "DECLARED_LOADED_EMPTY";
  const seen = load.state === "part" ? "part-loaded" : load.state;
  return [
    {
      source: "contents",
      code,
      logOdds,
      detail: `declared ${declared}, the image shows it ${seen} (${percent(load.score)})`,
    },
  ];
}

/** Chance that something is in it; of the two other states nothing is known but that they share the rest. */
function loadedChance({ state, score }: LoadFinding): number {
  const chance = state === "empty" ? 1 - score : score;
  return Math.min(1 - 1e-6, Math.max(1e-6, chance));
}

/** What the declaration says of the equipment it was matched by; null where it says nothing. */
function declaredLoad(
  { equipment, items }: Declaration,
  matchedBy: { readonly scheme: string; readonly value: string },
): Declared | null {
  if (matchedBy.scheme !== "ISO6346" && matchedBy.scheme !== "ULD") return null;
  const own = equipment?.find(({ id }) => id.replace(/[\s-]/g, "") === matchedBy.value);
  if (own?.load === "empty") return "empty";
  if (own?.load === "fcl" || own?.load === "lcl") return "loaded";
  return (items?.length ?? 0) > 0 ? "loaded" : null;
}
