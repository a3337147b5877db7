import { brier } from "../cli/evaluate/statistics.ts";
import { calibrationErrorOf, type Judged } from "../evaluation/figures.ts";
import { UNCALIBRATED } from "../fusion/calibration.ts";
import { type FitCase, type Fitted, fitCase, fitFusion, LEAST_IRREGULAR } from "../fusion/fit.ts";
import { fuse } from "../fusion/fuse.ts";
import type { FusionInput, FusionSettings } from "../fusion/input.ts";

/** Part of the examinations, by time, that a fit is tried on before it is judged on the rest. */
const TRIED_ON = 2 / 3;

/** A fully examined item, oldest first. */
export interface ExaminedItem {
  readonly input: FusionInput;
  /** As it was scored. */
  readonly probability: number;
  readonly irregular: boolean;
  readonly classes: readonly string[];
  /** How many items like it the examination stands for. */
  readonly weight: number;
}

/** Figures on the newest examinations, which the fit had not seen. */
export interface ProposalTrial {
  readonly items: number;
  readonly irregular: number;
  readonly now: { readonly brier: number | null; readonly ece: number | null };
  readonly proposed: { readonly brier: number | null; readonly ece: number | null };
}

/** Members for the next profile. Nothing applies them but a profile that central signs. */
export interface Proposal {
  readonly proposed: boolean;
  /** Plain English. */
  readonly why: string;
  readonly examined: number;
  readonly trial: ProposalTrial | null;
  /** `hazardShares` and `calibration` as a profile takes them, `prior` for each of its flows; null: nothing is proposed. */
  readonly members: Fitted | null;
}

/** Fits sources, prior and discounts on full examinations; proposed only where unseen examinations are claimed better by it. */
export function proposalOf(items: readonly ExaminedItem[], name: string): Proposal {
  const border = Math.floor(items.length * TRIED_ON);
  const early = fitOn(items.slice(0, border), name);
  const members = early === null ? null : fitOn(items, name);
  const examined = items.length;
  if (early === null || members === null) {
    const irregular = items.filter((one) => one.irregular).length;
    const why = `too few full examinations to fit anything: ${irregular} of ${examined} were irregular, ${LEAST_IRREGULAR} are wanted in the older two thirds`;
    return { proposed: false, why, examined, trial: null, members: null };
  }
  const trial = tryOn(items.slice(border), early);
  const [was, is] = [trial.now.brier, trial.proposed.brier];
  const better = was !== null && is !== null && is < was;
  const figures = `Brier ${(was ?? 0).toFixed(4)} now, ${(is ?? 0).toFixed(4)} proposed, on the newest ${trial.items} examinations`;
  return {
    proposed: better,
    why: better
      ? `the scores would claim better: ${figures}`
      : `the scores would not claim better: ${figures}`,
    examined,
    trial,
    members: better ? members : null,
  };
}

function fitOn(items: readonly ExaminedItem[], name: string): Fitted | null {
  return fitFusion(items.map(caseOf), name);
}

function caseOf({ input, irregular, classes, weight }: ExaminedItem): FitCase {
  const { subject, evidence } = scored(input, { ...input.settings, calibration: UNCALIBRATED });
  return fitCase(subject, evidence, { irregular, classes, weight });
}

function scored(input: FusionInput, settings: FusionSettings) {
  const { subject, score } = fuse({ ...input, settings });
  return { subject, evidence: score.evidence, probability: score.probability };
}

function tryOn(items: readonly ExaminedItem[], fitted: Fitted): ProposalTrial {
  const labels = items.map(({ irregular }) => irregular);
  const now = { labels, scores: items.map(({ probability }) => probability) };
  const scores = items.map(({ input }) => scored(input, withFit(input.settings, fitted)).probability);
  return {
    items: items.length,
    irregular: labels.filter(Boolean).length,
    now: figuresOf(now),
    proposed: figuresOf({ labels, scores }),
  };
}

/** The settings as a profile with these members would make them. */
function withFit(settings: FusionSettings, { prior, hazardShares, calibration }: Fitted): FusionSettings {
  const flows = Object.fromEntries(
    Object.entries(settings.flows).map(([flow, own]) => [flow, { ...own, prior }]),
  );
  return {
    ...settings,
    prior,
    flows,
    hazardShares: { ...settings.hazardShares, ...hazardShares },
    calibration,
  };
}

function figuresOf(judged: Judged): { brier: number | null; ece: number | null } {
  return { brier: brier(judged.scores, judged.labels), ece: calibrationErrorOf(judged) };
}
