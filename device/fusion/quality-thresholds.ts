import type { QualityMetric } from "../../protocols/vocabulary.ts";

/** What data quality is measured against (`customs-standards.md` §4.1); every figure can be set by the lane's configuration. */
export interface QualityThresholds {
  /** T1: hours before arrival that a declaration is due, by sea, by air and otherwise; before departure, for an export. */
  readonly leadHours: {
    readonly sea: number;
    readonly air: number;
    readonly other: number;
    readonly export: number;
  };
  /** T3: hours from issue to receipt that are still prompt. */
  readonly latencyHours: number;
  /** A1: telling words that a description needs, beside an HS code and without one, and its least length. */
  readonly words: { readonly withCode: number; readonly without: number };
  readonly characters: { readonly withCode: number; readonly without: number };
  /** A3: amounts that are placeholders, whatever the currency. */
  readonly placeholderAmounts: readonly number[];
  /** A3: levels of value below which something is easier, by currency; and how close below one is suspicious, as a share. */
  readonly valueLevels: Readonly<Partial<Record<string, number>>>;
  readonly valueMargin: number;
  /** A3: prices so many standard deviations (of the logarithm) from the usual are suspicious: 2.33 is one in a hundred at each end. */
  readonly priceDeviations: number;
  /** A4: net masses may sum to so much more than the gross mass, as a share. */
  readonly massMargin: number;
  /** A4: measured and declared gross mass agree within max(`kg`, `share` × declared). */
  readonly massTolerance: { readonly kg: number; readonly share: number };
  /** K3: live consignments of low value to one consignee from which they look split, and the days they are counted over. */
  readonly splitFrom: number;
  readonly splitDays: number;
  /** K4: the values of the items may differ from the total by so much, as a share. */
  readonly sumMargin: number;
  /** Metric → what its failing takes off the score of data quality, 0..1. T2 is of a site's scans, not of a declaration. */
  readonly weights: Readonly<Record<Exclude<QualityMetric, "T2">, number>>;
}

/** The thresholds of the standard's table, and where it names none, cautious ones. */
export const DEFAULT_THRESHOLDS: QualityThresholds = {
  leadHours: { sea: 24, air: 2, other: 0, export: 0 },
  latencyHours: 24,
  words: { withCode: 1, without: 2 },
  characters: { withCode: 3, without: 4 },
  placeholderAmounts: [0, 1],
  // National law names them: a site that knows its own sets them, for example { EUR: 150 }.
  valueLevels: {},
  valueMargin: 0.03,
  priceDeviations: 2.33,
  massMargin: 0.02,
  massTolerance: { kg: 0.1, share: 0.05 },
  splitFrom: 5,
  splitDays: 7,
  sumMargin: 0.02,
  weights: {
    T1: 0.1,
    T3: 0.05,
    C1: 0.2,
    C2: 0.2,
    C3: 0.2,
    C4: 0.15,
    C5: 0.1,
    A1: 0.5,
    A2: 0.4,
    A3: 0.3,
    A4: 0.3,
    A5: 0.2,
    A6: 0.2,
    K1: 0.1,
    K2: 0.4,
    K3: 0.2,
    K4: 0.3,
  },
};

/** What a site says of them; what it leaves out stays as it is. */
export type OwnThresholds = {
  readonly [Name in keyof QualityThresholds]?:
    | (QualityThresholds[Name] extends number | readonly number[]
        ? QualityThresholds[Name]
        : { readonly [Part in keyof QualityThresholds[Name]]?: QualityThresholds[Name][Part] | undefined })
    | undefined;
};

/** The defaults with a site's own thresholds over them. */
export function qualityThresholds(own: OwnThresholds = {}): QualityThresholds {
  const { leadHours, words, characters, valueLevels, massTolerance, weights } = DEFAULT_THRESHOLDS;
  return {
    ...DEFAULT_THRESHOLDS,
    ...said(own),
    weights: { ...weights, ...said(own.weights) },
    massTolerance: { ...massTolerance, ...said(own.massTolerance) },
    leadHours: { ...leadHours, ...said(own.leadHours) },
    words: { ...words, ...said(own.words) },
    characters: { ...characters, ...said(own.characters) },
    valueLevels: { ...valueLevels, ...said(own.valueLevels) },
  };
}

/** What is given; a member given as undefined is not. */
function said<Value extends object>(value: Value | undefined): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value ?? {}).filter(([, part]) => part !== undefined),
  ) as Partial<Value>;
}
