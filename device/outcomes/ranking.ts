import { type Claim, claimOf, type JudgedHit, type Rate, rate } from "./judged.ts";

/** Shares of all items, best scores first, for which precision and recall are given: what a site has hands for. */
export const SHARES = [0.01, 0.02, 0.05, 0.1] as const;

/** Precision and recall of the items with the highest scores. */
export interface AtShare {
  readonly share: number;
  readonly items: number;
  /** Irregular among those of them that were fully examined. */
  readonly precision: Rate;
  readonly claim: Claim;
  /** Share of all irregular items that is among them; null: what was not examined is not known. */
  readonly recall: number | null;
}

/** How the irregular items are spread over what was selected and what was not. */
export interface Ranking {
  readonly at: readonly AtShare[];
  readonly alarms: {
    readonly items: number;
    readonly precision: Rate;
    readonly claim: Claim;
    readonly recall: number | null;
    /** Share of the regular items that alarmed; null: not known. */
    readonly falseAlarms: number | null;
  };
  /** Irregular items among all, as estimated from selected and random examinations; null: not known. */
  readonly irregular: number | null;
  /** Full examinations of items drawn at random, on which every estimate of what was not selected stands. */
  readonly random: number;
  /** Why recall is not known; null: it is. */
  readonly note: string | null;
}

/**
 * Precision and recall at fixed shares. Examined items stand for those like them that were not: the alarms for the alarms, each
 * random pick for 1 / its chance (`customs-standards.md` §5.4, inverse-probability weights). Without random picks nobody knows what
 * was let go, and recall is not given.
 */
export function rankingOf(hits: readonly JudgedHit[]): Ranking {
  const order = hits.toSorted((a, b) => b.probability - a.probability || (a.scanId < b.scanId ? -1 : 1));
  const weights = weightsOf(order);
  const { random, all, known, recall } = recallIn(weights);
  const alarms = order.filter(({ decision }) => decision === "ALARM");
  const at = SHARES.map((share) => {
    const items = order.slice(0, Math.max(order.length === 0 ? 0 : 1, Math.floor(share * order.length)));
    return { share, items: items.length, ...precisionOf(items), recall: recall(new Set(items)) };
  });
  const alarmed = new Set(alarms);
  const false_ = weighed(weights, (hit) => alarmed.has(hit)).regular;
  return {
    at,
    alarms: {
      items: alarms.length,
      ...precisionOf(alarms),
      recall: recall(alarmed),
      falseAlarms: random > 0 && all.regular > 0 ? false_ / all.regular : null,
    },
    irregular: random > 0 ? all.irregular : null,
    random,
    note: known ? null : noteOf(random),
  };
}

/** Share of all irregular items that is among those taken; null: what was not examined is not known. */
export function recallOf(hits: readonly JudgedHit[]): (taken: ReadonlySet<JudgedHit>) => number | null {
  return recallIn(weightsOf(hits)).recall;
}

function recallIn(weights: ReadonlyMap<JudgedHit, number>) {
  const random = [...weights.keys()].filter((hit) => hit.decision !== "ALARM").length;
  const all = weighed(weights, () => true);
  const known = random > 0 && all.irregular > 0;
  const recall = (taken: ReadonlySet<JudgedHit>) =>
    known ? weighed(weights, (hit) => taken.has(hit)).irregular / all.irregular : null;
  return { random, all, known, recall };
}

function noteOf(random: number): string {
  return random === 0
    ? "no item drawn at random was fully examined: what was let go is not known, and recall cannot be said (set randomRate in the profile)"
    : "nothing irregular was found: recall cannot be said";
}

function precisionOf(items: readonly JudgedHit[]): { precision: Rate; claim: Claim } {
  const claim = claimOf(items);
  return { precision: rate(claim.irregular, claim.examined), claim };
}

/** How many items each planned full examination stands for; examinations that nobody's rule asked for stand for none. */
function weightsOf(hits: readonly JudgedHit[]): ReadonlyMap<JudgedHit, number> {
  const weights = new Map<JudgedHit, number>();
  for (const group of Map.groupBy(hits.filter(isSelected), groupOf).values()) {
    const examined = group.filter(({ irregular }) => irregular !== null);
    for (const hit of examined) weights.set(hit, group.length / examined.length / chanceOf(hit));
  }
  return weights;
}

function isSelected({ decision, selection }: JudgedHit): boolean {
  return decision === "ALARM" || (selection.mode !== "risk" && selection.probability > 0);
}

function groupOf({ decision, selection: { mode, probability } }: JudgedHit): string {
  return decision === "ALARM" ? "alarm" : `${mode} ${probability}`;
}

function chanceOf({ decision, selection }: JudgedHit): number {
  return decision === "ALARM" ? 1 : selection.probability;
}

function weighed(weights: ReadonlyMap<JudgedHit, number>, which: (hit: JudgedHit) => boolean) {
  let irregular = 0;
  let regular = 0;
  for (const [hit, weight] of weights) {
    if (!which(hit)) continue;
    if (hit.irregular) irregular += weight;
    else regular += weight;
  }
  return { irregular, regular };
}

/** The same weights for a fit: 1 for what was examined for its risk, 1 / chance for a random pick. */
export function fitWeights(hits: readonly JudgedHit[]): ReadonlyMap<string, number> {
  return new Map([...weightsOf(hits)].map(([hit, weight]) => [hit.scanId, weight]));
}
