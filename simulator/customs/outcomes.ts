import { v5 } from "uuid";
import { EVENT_NAMESPACE } from "../../protocols/ids.ts";
import { OUTCOME_SCHEMA, type Outcome, type ReceivedHit } from "../../protocols/mqtt/index.ts";
import { GOODS_GROUPS, THREAT_CLASSES } from "../../protocols/vocabulary.ts";
import { Random } from "../random.ts";
import type { TruthLine } from "../scanner/truth.ts";

/** Share of the parcels that are examined although nothing was advised: central's random control. */
const RANDOM_SHARE = 0.1;
/** Share of the advised examinations that there is staff for. */
const ADVISED_SHARE = 0.8;
/** Advice after which a parcel is opened. */
const OPENED = new Set(["PHYS_EXAM", "HOLD", "ALT_SCREEN"]);
/** Irregularities that papers alone show. */
const ON_PAPER = /^(DECLARATION_|DATA_QUALITY_|VALUE_|SPLIT_)/;

/**
 * What an examination of the parcel found, or null where it was not examined. The same parcel and hit give the same
 * outcome. `at`: RFC 3339.
 */
export function outcomeOf(hit: ReceivedHit, truth: TruthLine, at: string): Outcome | null {
  const random = new Random(truth.seed, `outcome ${truth.index}`);
  const advised = hit.decision === "ALARM" || OPENED.has(hit.recommendation);
  if (!random.chance(advised ? ADVISED_SHARE : RANDOM_SHARE)) return null;
  const examination = random.weighted([
    ["full", 0.8] as const,
    ["partial", 0.15] as const,
    ["documents", 0.05] as const,
  ]);
  const found = foundBy(examination, truth, random);
  return {
    schema: OUTCOME_SCHEMA,
    outcomeId: v5(`outcome:${hit.scanId}`, EVENT_NAMESPACE),
    scanId: hit.scanId,
    revision: hit.revision,
    result: found ? "confirmed" : examination === "full" ? "refuted" : "partial",
    examination,
    classes: found
      ? THREAT_CLASSES.filter((name) => truth.targets.some((target) => target.class === name))
      : [],
    goodsGroups:
      examination === "full"
        ? GOODS_GROUPS.filter((name) => truth.groups.some(({ group }) => group === name))
        : [],
    officerAction: found ? "detained" : "released",
    at,
  };
}

function foundBy(examination: Outcome["examination"], truth: TruthLine, random: Random): boolean {
  if (examination === "documents") return truth.irregularities.some((code) => ON_PAPER.test(code));
  // Half of what is in a parcel is found where only a part of it is looked at.
  return truth.irregularities.length > 0 && (examination === "full" || random.chance(0.5));
}
