/** The eight ways in which a consignment of a season is irregular. */
export const KINDS = [
  "concealed-threat",
  "undeclared-goods",
  "other-goods",
  "excess",
  "undervalued",
  "split",
  "false-documents",
  "radioactive",
] as const;
export type Kind = (typeof KINDS)[number];

export const SEASON_NAMES = ["standard", "shifted"] as const;
export type SeasonName = (typeof SEASON_NAMES)[number];

type Shares<Name extends string> = Readonly<Record<Name, number>>;

/** What a season is drawn from; `README.md` says what each member is. Shares are 0..1. */
export interface SeasonParameters {
  readonly consignments: number;
  readonly days: number;
  readonly irregular: number;
  /** Regular consignments that hold documents only, declared as such. */
  readonly documents: number;
  readonly flows: Shares<"postal" | "express" | "air_cargo">;
  /** Of the irregular ones; together 1. */
  readonly kinds: Shares<Kind>;
  /** Faults of the papers of honest senders. */
  readonly papers: Shares<
    | "missing"
    | "late"
    | "hsMissing"
    | "hsOfAnotherGroup"
    | "vague"
    | "massMissing"
    | "massRounded"
    | "massWrong"
    | "valuePlaceholder"
    | "consigneeIncomplete"
    | "originMissing"
    | "lineLeftOut"
    | "piecesWrong"
  >;
  /** The same of those who have something to hide, where it differs. */
  readonly irregularPapers: Shares<"vague" | "hsMissing" | "consigneeIncomplete">;
  readonly devices: Shares<
    "scale" | "portal" | "gammaInnocent" | "gammaOfSource" | "neutronOfSource" | "portalFault"
  > & {
    /** Standard deviation, kg. */
    readonly scaleErrorKg: number;
  };
  readonly image: {
    /** Added to the log-odds of every detection score. */
    readonly detectorShift: number;
    /** Added to the log-odds of goods that are there. */
    readonly contentsShift: number;
    /** Of the mass by X-ray, a share. */
    readonly massBias: number;
    /** Share of the scans that no model could look at. */
    readonly failed: number;
  };
  /** How well what is concealed can be seen (`tiers.ts`); together 1. */
  readonly hidden: Shares<"clear" | "partial" | "hidden">;
  readonly traders: Shares<"trusted" | "bad" | "irregularByBad" | "watched" | "watchedInnocent"> & {
    readonly count: number;
  };
  /** Central's own figure: how far, in standard deviations, it parts the irregular from the regular. */
  readonly central: { readonly present: number; readonly shift: number; readonly basePrior: number };
  /** The declaration's own risk model, likewise. */
  readonly riskModel: { readonly present: number; readonly shift: number; readonly prevalence: number };
  readonly similar: Shares<"repeat" | "chanceResemblance">;
  readonly split: Shares<"innocentFrequent">;
}

/**
 * Of these parameters. They were frozen before fusion was fitted to them; other values need another name. (`season-1` had no
 * regular documents, so that the word alone gave the false ones away; in `season-2` the risk model was better than the one
 * that came to be measured. Nothing was ever fitted to either.)
 */
export const SEASON_SET = "season-3";

export const SEASONS: Readonly<Record<SeasonName, SeasonParameters>> = {
  standard: {
    consignments: 20000,
    days: 90,
    irregular: 0.02,
    documents: 0.05,
    flows: {
      postal: 0.55,
      express: 0.35,
      air_cargo: 0.1,
    },
    kinds: {
      "concealed-threat": 0.24,
      "undeclared-goods": 0.18,
      "other-goods": 0.16,
      excess: 0.1,
      undervalued: 0.14,
      split: 0.08,
      "false-documents": 0.06,
      radioactive: 0.04,
    },
    papers: {
      missing: 0.04,
      late: 0.03,
      hsMissing: 0.22,
      hsOfAnotherGroup: 0.04,
      vague: 0.12,
      massMissing: 0.04,
      massRounded: 0.15,
      massWrong: 0.05,
      valuePlaceholder: 0.03,
      consigneeIncomplete: 0.1,
      originMissing: 0.12,
      lineLeftOut: 0.05,
      piecesWrong: 0.01,
    },
    irregularPapers: {
      vague: 0.25,
      hsMissing: 0.35,
      consigneeIncomplete: 0.2,
    },
    devices: {
      scale: 0.93,
      scaleErrorKg: 0.02,
      portal: 0.7,
      gammaInnocent: 0.002,
      gammaOfSource: 0.9,
      neutronOfSource: 0.35,
      portalFault: 0.004,
    },
    image: {
      detectorShift: 0,
      contentsShift: 0,
      massBias: 0,
      failed: 0.005,
    },
    hidden: {
      clear: 0.45,
      partial: 0.35,
      hidden: 0.2,
    },
    traders: {
      count: 2500,
      trusted: 0.06,
      bad: 0.03,
      irregularByBad: 0.35,
      watched: 0.25,
      watchedInnocent: 0.002,
    },
    central: {
      present: 0.5,
      shift: 1,
      basePrior: 0.02,
    },
    riskModel: {
      present: 0.95,
      shift: 0.35,
      prevalence: 0.21,
    },
    similar: {
      repeat: 0.25,
      chanceResemblance: 0.004,
    },
    split: {
      innocentFrequent: 0.02,
    },
  },
  shifted: {
    consignments: 20000,
    days: 90,
    irregular: 0.02,
    documents: 0.04,
    flows: {
      postal: 0.35,
      express: 0.45,
      air_cargo: 0.2,
    },
    kinds: {
      "concealed-threat": 0.3,
      "undeclared-goods": 0.12,
      "other-goods": 0.12,
      excess: 0.08,
      undervalued: 0.2,
      split: 0.06,
      "false-documents": 0.08,
      radioactive: 0.04,
    },
    papers: {
      missing: 0.08,
      late: 0.06,
      hsMissing: 0.35,
      hsOfAnotherGroup: 0.08,
      vague: 0.2,
      massMissing: 0.08,
      massRounded: 0.25,
      massWrong: 0.1,
      valuePlaceholder: 0.06,
      consigneeIncomplete: 0.2,
      originMissing: 0.2,
      lineLeftOut: 0.1,
      piecesWrong: 0.02,
    },
    irregularPapers: {
      vague: 0.25,
      hsMissing: 0.4,
      consigneeIncomplete: 0.25,
    },
    devices: {
      scale: 0.85,
      scaleErrorKg: 0.05,
      portal: 0.5,
      gammaInnocent: 0.005,
      gammaOfSource: 0.8,
      neutronOfSource: 0.25,
      portalFault: 0.02,
    },
    image: {
      detectorShift: 0.3,
      contentsShift: -0.3,
      massBias: 0.05,
      failed: 0.02,
    },
    hidden: {
      clear: 0.35,
      partial: 0.4,
      hidden: 0.25,
    },
    traders: {
      count: 2500,
      trusted: 0.06,
      bad: 0.03,
      irregularByBad: 0.25,
      watched: 0.15,
      watchedInnocent: 0.004,
    },
    central: {
      present: 0.35,
      shift: 0.7,
      basePrior: 0.02,
    },
    riskModel: {
      present: 0.95,
      shift: 0.25,
      prevalence: 0.21,
    },
    similar: {
      repeat: 0.15,
      chanceResemblance: 0.008,
    },
    split: {
      innocentFrequent: 0.03,
    },
  },
};
