import type { ThreatClass } from "../../protocols/vocabulary.ts";
import {
  CALIBRATED_SOURCES,
  type CalibratedSource,
  isOneSided,
  type SourceCalibration,
} from "./calibration.ts";
import type { Case } from "./case.ts";
import { type HazardTerm, hazardTerms } from "./evidence/hazards.ts";
import type { FusionSettings } from "./input.ts";
import { joinHazards, logistic, logit } from "./odds.ts";
import { fusionSettings, hazardPrior } from "./settings.ts";

/** An examined item as a fit sees it. */
export interface FitCase {
  /** What each source said, uncalibrated; a source that was silent is not named. */
  readonly words: ReadonlyMap<CalibratedSource, number>;
  readonly hazards: readonly HazardTerm[];
  /** What a full examination found. */
  readonly irregular: boolean;
  readonly classes: readonly string[];
  /** 1 / chance of having been examined. */
  readonly weight: number;
}

/** What is fitted: the settings that speak of how the sources are joined. */
export type Fitted = Pick<FusionSettings, "prior" | "hazardShares" | "calibration">;

/** Fewer irregular items than this fit nothing: one parameter wants about ten. */
export const LEAST_IRREGULAR = 30;
/** Pseudo-observations that hold a source's line to "believe it as it is", and a discount to the usual 0.7. */
const RIDGE = { line: 3, discount: 3 } as const;
const USUAL_DISCOUNT = 0.7;
const LEAST_DISCOUNT = 0.05;
/** No source is believed more than twice its own word, however few outcomes say so. */
const SLOPES = { least: 0, most: 2 } as const;
const OFFSETS = { least: -2, most: 2 } as const;

/** The case of an item that was scored with uncalibrated settings. */
export function fitCase(
  subject: Case,
  rows: readonly { readonly source: string; readonly logOdds: number }[],
  outcome: { readonly irregular: boolean; readonly classes: readonly string[]; readonly weight?: number },
): FitCase {
  const words = new Map<CalibratedSource, number>();
  for (const { source, logOdds } of rows) {
    if (!isCalibrated(source) || source === "image") continue;
    words.set(source, (words.get(source) ?? 0) + logOdds);
  }
  const { irregular, classes, weight = 1 } = outcome;
  return { words, hazards: hazardTerms(subject), irregular, classes, weight };
}

function isCalibrated(source: string): source is CalibratedSource {
  return (CALIBRATED_SOURCES as readonly string[]).includes(source);
}

/**
 * Fits prior, hazard shares, a line for each source by itself (Platt) and then, all together, the discount for what the others say as well.
 * @returns null where too few irregular items were found to fit anything.
 */
export function fitFusion(cases: readonly FitCase[], name: string): Fitted | null {
  const irregular = cases.filter((one) => one.irregular);
  if (irregular.length < LEAST_IRREGULAR || irregular.length === cases.length) return null;
  const prior = sumOf(irregular, (one) => one.weight) / sumOf(cases, (one) => one.weight);
  const hazardShares = sharesOf(irregular);
  const base = fusionSettings({ prior, hazardShares });
  const image = fitImage(cases, base);
  const lines = new Map<CalibratedSource, Line>();
  for (const source of CALIBRATED_SOURCES) {
    const spoken = cases.filter((one) => one.words.has(source));
    if (source !== "image" && spoken.some((one) => one.irregular))
      lines.set(source, fitLine(spoken, source, prior));
  }
  const discounts = fitDiscounts(cases, lines, image, base);
  const sources: Partial<Record<CalibratedSource, SourceCalibration>> = { image: { ...image, discount: 1 } };
  for (const [source, line] of lines) sources[source] = { ...line, discount: discounts.get(source) ?? 1 };
  return { prior, hazardShares, calibration: { name, sources } };
}

interface Line {
  readonly slope: number;
  readonly offset: number;
}

function sumOf<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

/** Share of the irregular items in which each class was found, one pseudo-find for each. */
function sharesOf(irregular: readonly FitCase[]): Fitted["hazardShares"] {
  const total = sumOf(irregular, (one) => one.weight);
  const shares: Partial<Record<string, number>> = {};
  const names = new Set(
    irregular.flatMap((one) => [...one.classes, ...one.hazards.map((term) => term.class)]),
  );
  for (const name of [...names].sort()) {
    const found = sumOf(irregular, (one) => (one.classes.includes(name) ? one.weight : 0));
    shares[name] = round((found + 1) / (total + 10));
  }
  return shares;
}

/** Platt's line of one source against the prior alone; slope ≥ 0. */
function fitLine(cases: readonly FitCase[], source: CalibratedSource, prior: number): Line {
  const oneSided = isOneSided(source);
  const rows = cases.map((one) => ({
    x: one.words.get(source) as number,
    y: one.irregular ? 1 : 0,
    weight: one.weight,
  }));
  let [slope, offset] = [1, 0];
  for (let round_ = 0; round_ < 40; round_++) {
    const g = [RIDGE.line * (slope - 1) * prior, RIDGE.line * offset * prior];
    const h = [RIDGE.line * prior, RIDGE.line * prior];
    let cross = 0;
    for (const { x, y, weight } of rows) {
      const p = logistic(logit(prior) + slope * x + offset);
      const pull = weight * (p - y);
      const curve = weight * p * (1 - p);
      g[0]! += pull * x;
      g[1]! += pull;
      h[0]! += curve * x * x;
      h[1]! += curve;
      cross += curve * x;
    }
    const [step, shift] = oneSided
      ? [g[0]! / h[0]!, 0]
      : solve(h as [number, number], cross, g as [number, number]);
    slope = within(slope - limited(step), SLOPES);
    offset = oneSided ? 0 : within(offset - limited(shift), OFFSETS);
  }
  return { slope: round(slope), offset: round(offset) };
}

function solve([a, d]: [number, number], b: number, [g, k]: [number, number]): [number, number] {
  const det = Math.max(1e-12, a * d - b * b);
  return [(d * g - b * k) / det, (a * k - b * g) / det];
}

/** Newton's steps are held: far from the solution they overshoot. */
function limited(step: number): number {
  return Math.min(0.5, Math.max(-0.5, step));
}

function within(value: number, { least, most }: { readonly least: number; readonly most: number }): number {
  return Math.min(most, Math.max(least, value));
}

function round(value: number): number {
  return Number(value.toFixed(4));
}

/** The line of the image: of every class before the hazards are joined. */
function fitImage(cases: readonly FitCase[], base: FusionSettings): Line {
  const loss = (line: Line) =>
    sumOf(cases, (one) => {
      const p = logistic(logit(base.prior) + imageOdds(one.hazards, line, base));
      return -one.weight * Math.log(one.irregular ? p : 1 - p);
    }) +
    RIDGE.line * ((line.slope - 1) ** 2 + line.offset ** 2) * 0.5;
  let best: Line = { slope: 1, offset: 0 };
  let least = loss(best);
  for (let step = 0.4; step > 0.04; step /= 2) {
    for (let moved = true; moved; ) {
      moved = false;
      for (const [ds, d0] of [
        [step, 0],
        [-step, 0],
        [0, step],
        [0, -step],
      ] as const) {
        const line = { slope: within(best.slope + ds, SLOPES), offset: within(best.offset + d0, OFFSETS) };
        const value = loss(line);
        if (value >= least - 1e-9) continue;
        [best, least, moved] = [line, value, true];
      }
    }
  }
  return { slope: round(best.slope), offset: round(best.offset) };
}

/** What the hazards of a case add, calibrated by `line`. */
function imageOdds(
  hazards: readonly HazardTerm[],
  { slope, offset }: Line,
  settings: FusionSettings,
): number {
  if (hazards.length === 0) return 0;
  const terms = hazards.map(({ class: name, logOdds, cap, factor }) => {
    const value = slope * logOdds + offset;
    const held = logOdds > 0 ? Math.max(0, value) : value;
    return { prior: hazardPrior(name as ThreatClass, settings), logOdds: factor * Math.min(cap, held) };
  });
  return joinHazards(settings.prior, terms);
}

/** Discounts of all sources but the image together, by coordinate-wise Newton steps on the logistic loss. */
function fitDiscounts(
  cases: readonly FitCase[],
  lines: ReadonlyMap<CalibratedSource, Line>,
  image: Line,
  base: FusionSettings,
): ReadonlyMap<CalibratedSource, number> {
  const discounts = new Map([...lines.keys()].map((source) => [source, USUAL_DISCOUNT]));
  const rows = cases.map((one) => {
    const values = new Map<CalibratedSource, number>();
    for (const [source, word] of one.words) {
      const line = lines.get(source);
      if (line !== undefined) values.set(source, line.slope * word + line.offset);
    }
    const fixed = logit(base.prior) + imageOdds(one.hazards, image, base);
    return { values, fixed, y: one.irregular ? 1 : 0, weight: one.weight };
  });
  const sums = rows.map(({ values, fixed }) =>
    [...values.values()].reduce((sum, v) => sum + USUAL_DISCOUNT * v, fixed),
  );
  for (let turn = 0; turn < 30; turn++) {
    for (const source of lines.keys()) {
      const old = discounts.get(source) as number;
      let g = RIDGE.discount * (old - USUAL_DISCOUNT);
      let h = RIDGE.discount;
      for (const [at, { values, y, weight }] of rows.entries()) {
        const value = values.get(source);
        if (value === undefined) continue;
        const p = logistic(sums[at] as number);
        g += weight * (p - y) * value;
        h += weight * p * (1 - p) * value * value;
      }
      const next = within(old - limited(g / h), { least: LEAST_DISCOUNT, most: 1 });
      discounts.set(source, next);
      for (const [at, { values }] of rows.entries())
        sums[at] = (sums[at] as number) + (next - old) * (values.get(source) ?? 0);
    }
  }
  return new Map([...discounts].map(([source, discount]) => [source, round(discount)]));
}
