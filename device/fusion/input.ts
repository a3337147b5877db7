import type { Cause, Flow, GoodsGroup, QualityMetric } from "../../protocols/vocabulary.ts";
import type { Analysis, Scan } from "../scan.ts";
import type { StoredDeclaration } from "../spool/port.ts";
import type { Calibration } from "./calibration.ts";
import type { OwnThresholds } from "./quality-thresholds.ts";
import type { StopTerms } from "./stop-terms.ts";
import type { UnitValue } from "./unit-values.ts";

/** Whether a class is an alarm by itself or only counts against the declaration (`labels.md`, set in the profile). */
export type ClassRole = "alarm" | "evidence";

/** A class that forces the alarm: its best score is above the threshold of its floor (`mqtt.md`, Score `floor`). */
export interface FloorEntry {
  readonly class: string;
  /** Calibrated, 0..1. */
  readonly score: number;
  /** 0..1 */
  readonly threshold: number;
}

/** The lane's or the profile's word on how scores are joined; `fusionSettings()` fills the defaults in. */
export interface FusionSettings {
  /** Version of the risk profile, shown as `score.profile`; null for the lane's own settings. */
  readonly profile: string | null;
  /** Chance that a full examination of an arbitrary item of this lane finds an irregularity, inside 0..1. */
  readonly prior: number;
  /** Probabilities: `low` below `medium`, `high` from `high` on. */
  readonly bands: { readonly medium: number; readonly high: number };
  /** Class → calibrated score above which it alarms whatever else is known. Empty: no floor. */
  readonly floor: Readonly<Partial<Record<string, number>>>;
  /** Class → score from which a detection says `alarm`; overrides the model's own threshold. */
  readonly thresholds: Readonly<Partial<Record<string, number>>>;
  /** Class → role; a class not named is an alarm. */
  readonly roles: Readonly<Partial<Record<string, ClassRole>>>;
  /** Detections below this calibrated score are not reported and not counted, 0..1. */
  readonly reportFrom: number;
  /** Discounts for dependence between sources, each in 0 < λ ≤ 1 (`customs-standards.md` §5.2). */
  readonly discounts: { readonly image: number; readonly declared: number; readonly risk: number };
  /** How far each source is to be believed, fitted on outcomes; applied after weights and discounts. */
  readonly calibration: Calibration;
  /** Measured and declared mass agree within max(`kg`, `share` × declared). */
  readonly massTolerance: { readonly kg: number; readonly share: number };
  /** The same for a mass by X-ray, which speaks only where no scale does. */
  readonly xrayMassTolerance: { readonly kg: number; readonly share: number };
  /** Terms that describe no goods, normalised (metric A1). */
  readonly stopTerms: StopTerms;
  /** What data quality is measured against, over the defaults of `quality-thresholds.ts`. */
  readonly quality?: OwnThresholds | undefined;
  /**
   * Class → share of all irregular items whose irregularity it is (undeclared, for a class of role `evidence`), 0..1; scaled
   * where all 13 together exceed 1. A class not named has 0.07.
   */
  readonly hazardShares: Readonly<Partial<Record<string, number>>>;
  readonly weights: FusionWeights;
  /** Party tokens on the authority's watch list, from the profile. */
  readonly watchList: ReadonlySet<string>;
  /** Usual prices that the site knows better than `unit-values.ts`. */
  readonly unitValues: Readonly<Partial<Record<GoodsGroup, UnitValue>>>;
  /** Declared value up to which nothing is due, EUR; a national parameter. */
  readonly deMinimisEur: number;
  /** Chance with which an item that nothing else selects is proposed for examination, 0..1. */
  readonly randomRate: number;
  /** Flow → what the profile says of it instead. */
  readonly flows: Readonly<Partial<Record<Flow, FlowSettings>>>;
  /** Examinations that the site can make an hour; null: enough. */
  readonly examinationsPerHour: number | null;
}

/** What a profile sets for one flow. */
export interface FlowSettings {
  readonly prior: number;
  readonly bands: FusionSettings["bands"];
  /** 0..1 */
  readonly randomRate: number;
}

/** How far a source may move the log-odds, both ≥ 0: down where it agrees with the declaration, up where it does not. */
export interface Reach {
  readonly agree: number;
  readonly differ: number;
}

/** How much each source may say, natural log of odds, all ≥ 0. `settings.ts` says why each default is what it is. */
export interface FusionWeights {
  /** Most that an undeclared class of role `evidence` adds. */
  readonly undeclared: number;
  readonly mass: Reach;
  readonly contents: Reach;
  /** Declared empty and seen loaded, or the other way round. */
  readonly load: Reach;
  /** Chance that honest goods look like a mismatch, inside 0..1: at this value the contents say nothing. */
  readonly contentsTypical: number;
  /** More pieces seen than declared. */
  readonly pieces: number;
  readonly radiation: { readonly gamma: number; readonly neutron: number };
  /** Metric → what its failing adds; a metric not named adds nothing. */
  readonly quality: Readonly<Partial<Record<QualityMetric, number>>>;
  /** For each standard deviation that a price lies below the usual. */
  readonly value: number;
  /** For each doubling of the consignments to one party beyond three. */
  readonly splitting: number;
  /** An earlier scan that looks alike and in which something was found. */
  readonly similar: number;
  /** A party on the watch list. */
  readonly watchList: number;
  /** Most that the gateway's own risk model adds or takes away. */
  readonly risk: number;
  /** What an authorised economic operator takes away. */
  readonly trusted: number;
  /** Most that all failing metrics add together. */
  readonly qualityTotal: number;
}

/** Everything one score is made of. Fusion has no clock and no memory: the same input gives the same hit. */
export interface FusionInput {
  readonly site: string;
  readonly gateway: string;
  /** `lane` stands in the scan. */
  readonly scan: Scan;
  /** null: the image was not analysed in time. */
  readonly analysis: Analysis | null;
  /** Live declarations that carry any identifier of the scan, in any order; fusion applies the matching rules itself. */
  readonly matches: readonly StoredDeclaration[];
  readonly settings: FusionSettings;
  /** True on test sites only: synthetic and non-operational scans are decided as real ones. */
  readonly decideOnSynthetic: boolean;
  readonly clock: {
    readonly synchronised: boolean | null;
    /** Gateway − reference, ms; null unknown. */
    readonly offsetMs: number | null;
    readonly source: "scanner" | "gateway";
  };
  /** Time of this score, ms since the epoch. */
  readonly decidedAt: number;
  /** 1 for the first hit of a scan. */
  readonly revision: number;
  /** Id of the hit event this one replaces. */
  readonly supersedes: string | null;
  readonly cause: Cause;
  /** Until when the gateway keeps the planes and renderings, ms since the epoch; absent or null: no promise. */
  readonly imagesKeptUntil?: number | null;
  /** aedId → how many different items under this declaration the site has scanned, this one included. Absent: not counted. */
  readonly piecesSeen?: Readonly<Record<string, number>>;
  /** aedId → live declarations to the same consignee within so many days, this one included. Absent: not counted. */
  readonly splitting?: Readonly<Record<string, { readonly consignments: number; readonly days: number }>>;
  /** Earlier scans that look alike and in which an examination found something. Absent: none is known. */
  readonly similarFound?: readonly { readonly scanId: string; readonly similarity: number }[];
  /** What the gateway's own model makes of the best match's data; absent or null: no model judged it. */
  readonly declarationRisk?: {
    /** Calibrated at `prevalence`, 0..1. */
    readonly p: number;
    readonly prevalence: number;
    /** `name@version` */
    readonly model: string;
  } | null;
  /** Examinations proposed in the last hour; absent: not counted. */
  readonly proposedLastHour?: number;
  /**
   * Floors of the revision this one replaces, when the image was not analysed anew: a revision never removes them
   * (`mqtt.md`, Score). Absent: none.
   */
  readonly heldFloor?: readonly FloorEntry[];
}
