import type { Cause } from "../../protocols/vocabulary.ts";
import type { Analysis, Scan } from "../scan.ts";
import type { StoredDeclaration } from "../spool/port.ts";

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
  /** Name (and version) of the profile, shown as `score.profile`; `local` for the lane's own. */
  readonly profile: string;
  /** Chance that a full examination of an arbitrary item of this lane finds an irregularity, inside 0..1. */
  readonly prior: number;
  /** Probabilities: `low` below `medium`, `high` from `high` on. */
  readonly bands: { readonly medium: number; readonly high: number };
  /** Class → calibrated score above which it alarms whatever else is known. Empty: no floor. */
  readonly floor: Readonly<Record<string, number>>;
  /** Class → score from which a detection says `alarm`; overrides the model's own threshold. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** Class → role; a class not named is an alarm. */
  readonly roles: Readonly<Record<string, ClassRole>>;
  /** Detections below this calibrated score are not reported and not counted, 0..1. */
  readonly reportFrom: number;
  /** Discounts for dependence between sources, each in 0 < λ ≤ 1 (`customs-standards.md` §5.2). */
  readonly discounts: { readonly image: number; readonly declared: number };
  /** Measured and declared mass agree within max(`kg`, `share` × declared). */
  readonly massTolerance: { readonly kg: number; readonly share: number };
  /** Terms that describe no goods, normalised (metric A1). */
  readonly stopTerms: { readonly version: string; readonly terms: ReadonlySet<string> };
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
  /**
   * Floors of the revision this one replaces, when the image was not analysed anew: a revision never removes them
   * (`mqtt.md`, Score). Absent: none.
   */
  readonly heldFloor?: readonly FloorEntry[];
}
