import { TARGET_CLASSES } from "../goods/item.ts";
import type { Mix, Scenario } from "../scan.ts";
import type { Tier } from "../tiers.ts";

/** What a set must hold before the walk ends. */
export interface Quotas {
  /** Targets of each tier. */
  readonly tiers: Readonly<Record<Tier, number>>;
  /** Targets of each class over clear and partial. */
  readonly eachClass: number;
  /** Scans with targets, at least; the same number without any. */
  readonly withTargets: number;
}

/** One step of the walk. */
export interface Step {
  readonly index: number;
  readonly scenario: Scenario;
  readonly mix: Mix;
}

const SCENARIOS: readonly Scenario[] = ["parcels", "parcels", "baggage", "parcels", "mail"];
/** Of five steps, three come from the training mix, where targets are frequent, two from everyday traffic. */
const MIXES: readonly Mix[] = ["training", "traffic", "training", "training", "traffic"];

/** Step `index` of the walk: scenarios by turns, and each of them in both mixes. */
export function stepAt(index: number): Step {
  const scenario = SCENARIOS[index % SCENARIOS.length] as Scenario;
  const mix = MIXES[Math.floor(index / SCENARIOS.length) % MIXES.length] as Mix;
  return { index, scenario, mix };
}

/** Of a tier's quota, what rare classes may fill it to. */
const MOST_OVERFILL = 1.15;

export interface Counts {
  scans: number;
  withTargets: number;
  targets: number;
  tiers: Record<Tier, number>;
  /** Clear and partial targets by class. */
  classes: Record<string, number>;
}

export type SeenTarget = { readonly class: string; readonly tier: Tier };

/**
 * Decides scan by scan, by its truth alone, what a set takes: those that fill an open quota more than they overfill others.
 * No model has a say, so that nothing is chosen for being easy.
 */
export class Chooser {
  readonly counts: Counts = {
    scans: 0,
    withTargets: 0,
    targets: 0,
    tiers: { clear: 0, partial: 0, hidden: 0 },
    classes: Object.fromEntries(TARGET_CLASSES.map((name) => [name, 0])),
  };
  readonly #quotas: Quotas;

  constructor(quotas: Quotas) {
    this.#quotas = quotas;
  }

  /** Whether all quotas are met. */
  get done(): boolean {
    const { counts } = this;
    return this.#threatsDone && counts.scans >= 2 * counts.withTargets;
  }

  get #threatsDone(): boolean {
    const { counts } = this;
    const quotas = this.#quotas;
    return (
      counts.withTargets >= quotas.withTargets &&
      Object.entries(quotas.tiers).every(([tier, wanted]) => counts.tiers[tier as Tier] >= wanted) &&
      Object.values(counts.classes).every((count) => count >= quotas.eachClass)
    );
  }

  /** Whether scans without targets are still taken. */
  get wantsFree(): boolean {
    const { counts } = this;
    // One free scan for each with targets, and some ahead so that the walk is not held up.
    return counts.scans - counts.withTargets < Math.max(counts.withTargets, this.#quotas.withTargets);
  }

  /** Takes the scan and counts it, or refuses it. */
  take(targets: readonly SeenTarget[]): boolean {
    const { counts } = this;
    if (targets.length === 0) {
      if (!this.wantsFree) return false;
      counts.scans++;
      return true;
    }
    if (this.#threatsDone || this.#gain(targets) <= 0) return false;
    counts.scans++;
    counts.withTargets++;
    for (const target of targets) {
      counts.targets++;
      counts.tiers[target.tier]++;
      if (target.tier !== "hidden") counts.classes[target.class] = (counts.classes[target.class] ?? 0) + 1;
    }
    return true;
  }

  /** How much more a scan fills than it overfills. */
  #gain(targets: readonly SeenTarget[]): number {
    const { counts } = this;
    const quotas = this.#quotas;
    let gain = 0;
    for (const { class: name, tier } of targets) {
      gain += counts.tiers[tier] < quotas.tiers[tier] ? 1 : -1;
      // A rare class may overfill its tier a little, not so far that the others' shares suffer.
      if (tier === "hidden" || counts.tiers[tier] >= MOST_OVERFILL * quotas.tiers[tier]) continue;
      if ((counts.classes[name] ?? 0) < quotas.eachClass) gain += 1.5;
    }
    // Once the tiers are full, scans still make up the number.
    const tiersFull = Object.entries(quotas.tiers).every(([tier, n]) => counts.tiers[tier as Tier] >= n);
    return tiersFull && counts.withTargets < quotas.withTargets ? Math.max(gain, 1) : gain;
  }
}
