import type { Party } from "../../../protocols/declaration.ts";
import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import type { EvidenceRow } from "./row.ts";

/** A party of the authority's watch list stands in a matching declaration. Tokens are compared, never names. */
export function watchListEvidence({ matches, input }: Case): readonly EvidenceRow[] {
  const { settings } = input;
  const roles = new Set<string>();
  for (const { stored } of matches) {
    for (const [role, party] of Object.entries(stored.declaration.parties ?? {})) {
      const token = (party as Party).token;
      if (token !== undefined && settings.watchList.has(token)) roles.add(role);
    }
  }
  if (roles.size === 0) return [];
  return [
    {
      source: "watch-list",
      code: "WATCH_LIST",
      logOdds: calibrated(settings, "watch-list", settings.weights.watchList),
      detail: `on the authority's watch list: ${[...roles].sort().join(", ")}`,
    },
  ];
}

/** The roles whose standing counts, most responsible first. */
const RESPONSIBLE = ["declarant", "consignor", "seller", "consignee"] as const;

/** The role in which an authorised economic operator answers for the best match; null where none does. */
export function trustedRole({ matches }: Case): (typeof RESPONSIBLE)[number] | null {
  const parties = matches[0]?.stored.declaration.parties;
  return RESPONSIBLE.find((role) => parties?.[role]?.aeo === true) ?? null;
}

/** A trusted trader lowers the score; it cannot touch a floor. */
export function traderEvidence(subject: Case): readonly EvidenceRow[] {
  const role = trustedRole(subject);
  if (role === null) return [];
  const { settings } = subject.input;
  return [
    {
      source: "trader",
      code: "TRUSTED_TRADER",
      logOdds: calibrated(settings, "trader", -settings.weights.trusted),
      detail: `the ${role} is an authorised economic operator`,
    },
  ];
}
