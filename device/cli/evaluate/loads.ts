import type { LoadFinding } from "../../scan.ts";
import { calibrationError, type ReliabilityBin, reliability } from "./statistics.ts";

export const LOAD_STATES = ["empty", "part", "loaded"] as const;
/** A profile counts as right where it is off by no more than this on average along the length. */
const PROFILE_WITHIN = 0.1;
/** What is claimed of a scan that no model judged. */
const NOT_JUDGED = "none";
/** Scans told wrong that are named, the surest claims first. */
const MAX_WORST = 12;

/** Fill of a container or pallet as the data set has it (`cargo` of an image). */
export interface LoadTruth {
  readonly state: (typeof LOAD_STATES)[number];
  /** Fill along the length, 0..1 each; null where the data set does not say. */
  readonly profile: readonly number[] | null;
}

export interface LoadTally {
  /** Of the scan. */
  readonly name: string;
  readonly truth: LoadTruth;
  readonly claimed: LoadFinding | null;
}

export interface LoadFigures {
  readonly scans: number;
  readonly notJudged: number;
  /** Mean over the states that the data set holds of the share that was told; not judged is not told. */
  readonly balancedAccuracy: number | null;
  readonly states: readonly { readonly state: string; readonly scans: number; readonly told: number }[];
  /** Mean absolute error along the length; null where the data set or the model has no profile. */
  readonly profile: {
    readonly scans: number;
    readonly meanError: number;
    /** Share of the scans whose profile is off by at most 0.1. */
    readonly within: number;
  } | null;
  readonly confusion: readonly { readonly truth: string; readonly claimed: string; readonly count: number }[];
  /** The chance that is claimed of the state against how often it is right; not of scans that were not judged. */
  readonly calibration: { readonly ece: number | null; readonly reliability: readonly ReliabilityBin[] };
  readonly worst: readonly {
    readonly name: string;
    readonly truth: string;
    readonly claimed: string;
    readonly score: number | null;
  }[];
}

/** What a model says of loads against what is there. `times`: how often each scan counts. */
export function loadFigures(tallies: readonly LoadTally[], times?: Uint16Array): LoadFigures {
  const drawn = times ? tallies.flatMap((one, at) => new Array<LoadTally>(times[at]!).fill(one)) : tallies;
  const states = LOAD_STATES.map((state) => {
    const own = drawn.filter(({ truth }) => truth.state === state);
    return { state, scans: own.length, told: own.filter(({ claimed }) => claimed?.state === state).length };
  }).filter(({ scans }) => scans > 0);
  const accuracy = states.reduce((sum, { scans, told }) => sum + told / scans, 0) / states.length;
  return {
    scans: drawn.length,
    notJudged: drawn.filter(({ claimed }) => claimed === null).length,
    balancedAccuracy: states.length === 0 ? null : accuracy,
    states,
    profile: profileOf(drawn),
    confusion: confusionOf(drawn),
    calibration: calibrationOf(drawn),
    worst: drawn
      .filter(({ truth, claimed }) => claimed?.state !== truth.state)
      .sort((a, b) => (b.claimed?.score ?? 0) - (a.claimed?.score ?? 0))
      .slice(0, MAX_WORST)
      .map(({ name, truth, claimed }) => {
        return {
          name,
          truth: truth.state,
          claimed: claimed?.state ?? NOT_JUDGED,
          score: claimed?.score ?? null,
        };
      }),
  };
}

function calibrationOf(tallies: readonly LoadTally[]): LoadFigures["calibration"] {
  const judged = tallies.flatMap(({ truth, claimed }) =>
    claimed === null ? [] : [{ score: claimed.score, right: claimed.state === truth.state }],
  );
  const bins = reliability(
    judged.map(({ score }) => score),
    judged.map(({ right }) => right),
  );
  return { ece: calibrationError(bins), reliability: bins };
}

function profileOf(tallies: readonly LoadTally[]): LoadFigures["profile"] {
  const errors = tallies.flatMap(({ truth, claimed }) => {
    if (truth.profile === null || claimed === null || claimed.profile.length === 0) return [];
    return [meanDifference(truth.profile, claimed.profile)];
  });
  if (errors.length === 0) return null;
  return {
    scans: errors.length,
    meanError: errors.reduce((sum, error) => sum + error, 0) / errors.length,
    within: errors.filter((error) => error <= PROFILE_WITHIN).length / errors.length,
  };
}

/** Profiles of other lengths are read at the places of the claimed one. */
function meanDifference(truth: readonly number[], claimed: readonly number[]): number {
  const { length } = claimed;
  const sum = claimed.reduce((all, value, at) => {
    const place = Math.min(truth.length - 1, Math.floor(((at + 0.5) * truth.length) / length));
    return all + Math.abs(value - (truth[place] ?? 0));
  }, 0);
  return sum / length;
}

function confusionOf(tallies: readonly LoadTally[]): LoadFigures["confusion"] {
  return LOAD_STATES.flatMap((truth) =>
    [...LOAD_STATES, NOT_JUDGED].flatMap((claimed) => {
      const count = tallies.filter(
        (one) => one.truth.state === truth && (one.claimed?.state ?? NOT_JUDGED) === claimed,
      ).length;
      return count === 0 ? [] : [{ truth, claimed, count }];
    }),
  );
}
