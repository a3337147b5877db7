/** What data quality is measured against (`customs-standards.md` §4.1); every figure can be set by the lane's configuration. */
export interface QualityThresholds {
  /** T1: hours before arrival that a declaration is due, by sea, by air and otherwise. */
  readonly leadHours: { readonly sea: number; readonly air: number; readonly other: number };
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
  /** A4: net masses may sum to so much more than the gross mass, as a share. */
  readonly massMargin: number;
  /** K3: live consignments to one consignee from which they look split. */
  readonly splitFrom: number;
  /** K4: the values of the items may differ from the total by so much, as a share. */
  readonly sumMargin: number;
}

/** The thresholds of the standard's table, and where it names none, cautious ones. */
export const DEFAULT_THRESHOLDS: QualityThresholds = {
  leadHours: { sea: 24, air: 2, other: 0 },
  latencyHours: 24,
  words: { withCode: 1, without: 2 },
  characters: { withCode: 3, without: 4 },
  placeholderAmounts: [0, 1],
  // National law names them: a site that knows its own sets them, for example { EUR: 150 }.
  valueLevels: {},
  valueMargin: 0.03,
  massMargin: 0.02,
  splitFrom: 5,
  sumMargin: 0.02,
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
  const said = (value: object | undefined) =>
    Object.fromEntries(Object.entries(value ?? {}).filter(([, part]) => part !== undefined));
  const { leadHours, words, characters, valueLevels } = DEFAULT_THRESHOLDS;
  return {
    ...DEFAULT_THRESHOLDS,
    ...said(own),
    leadHours: { ...leadHours, ...said(own.leadHours) },
    words: { ...words, ...said(own.words) },
    characters: { ...characters, ...said(own.characters) },
    valueLevels: { ...valueLevels, ...said(own.valueLevels) },
  };
}
