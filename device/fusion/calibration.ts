/** Sources whose words are calibrated one by one before they are joined. */
export const CALIBRATED_SOURCES = [
  "image",
  "contents",
  "documents",
  "load",
  "mass",
  "xray-mass",
  "pieces",
  "radiation",
  "quality",
  "value",
  "splitting",
  "similar",
  "trader",
  "watch-list",
  "risk",
  "central",
] as const;
export type CalibratedSource = (typeof CALIBRATED_SOURCES)[number];

/**
 * How far one source is to be believed: `discount` × (`slope` × log-odds + `offset`). Platt's line for the source alone
 * (`customs-standards.md` §5.2, 1), then the discount for what the other sources say as well.
 */
export interface SourceCalibration {
  /** ≥ 0: more suspicion is never turned into less. */
  readonly slope: number;
  /** Natural log of odds, added where the source speaks; 0 of those that only ever accuse or excuse. */
  readonly offset: number;
  /** 0 < λ ≤ 1 */
  readonly discount: number;
}

/** Calibrations fitted on outcomes together; a source that is not named speaks as it is. */
export interface Calibration {
  /** What it was fitted on; null: nothing. */
  readonly name: string | null;
  readonly sources: Readonly<Partial<Record<CalibratedSource, SourceCalibration>>>;
}

/** Every source speaks as it is. */
export const UNCALIBRATED: Calibration = { name: null, sources: {} };

/** Sources that speak only when they accuse, and the one that only excuses: calibration never turns them round. */
const ACCUSERS: ReadonlySet<string> = new Set<CalibratedSource>([
  "pieces",
  "radiation",
  "quality",
  "value",
  "splitting",
  "similar",
  "watch-list",
]);
const EXCUSERS: ReadonlySet<string> = new Set<CalibratedSource>(["trader"]);

/** What a source's log-odds add to the score. Monotone in `logOdds`. */
export function calibrated(
  { calibration }: { readonly calibration: Calibration },
  source: CalibratedSource,
  logOdds: number,
): number {
  const own = calibration.sources[source];
  if (own === undefined) return logOdds;
  const value = own.discount * (own.slope * logOdds + own.offset);
  if (ACCUSERS.has(source)) return Math.max(0, value);
  return EXCUSERS.has(source) ? Math.min(0, value) : value;
}

/** Whether a source speaks only when it accuses or excuses, so that its silence is no word. */
export function isOneSided(source: CalibratedSource): boolean {
  return ACCUSERS.has(source) || EXCUSERS.has(source);
}
