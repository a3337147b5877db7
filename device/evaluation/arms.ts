import { THREAT_CLASSES } from "../../protocols/vocabulary.ts";
import { UNCALIBRATED } from "../fusion/calibration.ts";
import { type Fitted, fitCase, fitFusion } from "../fusion/fit.ts";
import { fuse } from "../fusion/fuse.ts";
import type { FusionInput, FusionSettings } from "../fusion/input.ts";
import { logistic, logit } from "../fusion/odds.ts";
import { fusionSettings } from "../fusion/settings.ts";
import type { Judged } from "./figures.ts";
import type { SeasonCase } from "./season-input.ts";

/** A way to score: all that is known, or one side of it alone. Each is fitted for itself. */
export interface Arm {
  readonly name: "image" | "declaration" | "fused";
  /** What the arm may see. */
  see(input: FusionInput): FusionInput;
  readonly settings: Partial<FusionSettings>;
}

const NOTHING_MEASURED = {
  massKg: null,
  massStable: null,
  xrayMassKg: null,
  xrayMassReliable: null,
  radiation: null,
} as const;

export const ARMS: readonly Arm[] = [
  {
    name: "image",
    // Without papers every class that may need declaring is as bad as the others.
    settings: { roles: Object.fromEntries(THREAT_CLASSES.map((name) => [name, "alarm" as const])) },
    see: ({ declarationRisk: _risk, splitting: _splitting, similarFound: _similar, ...input }) => ({
      ...input,
      matches: [],
      scan: { ...input.scan, measured: NOTHING_MEASURED },
    }),
  },
  {
    name: "declaration",
    settings: {},
    see: ({ similarFound: _similar, ...input }) => ({
      ...input,
      analysis: null,
      scan: { ...input.scan, measured: NOTHING_MEASURED },
    }),
  },
  { name: "fused", settings: {}, see: (input) => input },
];

/** What a site knows without any outcome: the authority's watch list, and what goods cost by its own declarations. */
export type Known = Pick<FusionSettings, "watchList" | "unitValues">;

/** Fits an arm on examined consignments; null where they hold too little. */
export function fitArm(arm: Arm, cases: readonly SeasonCase[], known: Known, name: string): Fitted | null {
  const settings = fusionSettings({ ...arm.settings, ...known, calibration: UNCALIBRATED });
  const fitted = cases.map((one) => {
    const { subject, score } = fuse(arm.see(one.input(settings)));
    return fitCase(subject, score.evidence, { irregular: one.irregular, classes: one.line.classes });
  });
  return fitFusion(fitted, name);
}

/** A consignment's score with what each source added to it. */
export interface Scored {
  readonly irregular: boolean;
  readonly kind: string | null;
  readonly probability: number;
  readonly prior: number;
  readonly bySource: ReadonlyMap<string, number>;
}

/** Scores consignments with what an arm sees and was fitted to. */
export function scoreArm(
  arm: Arm,
  cases: readonly SeasonCase[],
  known: Known,
  fitted: Fitted,
): readonly Scored[] {
  const settings = fusionSettings({ ...arm.settings, ...fitted, ...known });
  return cases.map((one) => {
    const { score } = fuse(arm.see(one.input(settings)));
    const bySource = new Map<string, number>();
    for (const { source, logOdds } of score.evidence)
      bySource.set(source, (bySource.get(source) ?? 0) + logOdds);
    const { probability, prior } = score;
    return { irregular: one.irregular, kind: one.line.kind, probability, prior, bySource };
  });
}

/** The probabilities, or those that would stand if these sources had been silent. */
export function judgedOf(scored: readonly Scored[], silent: readonly string[] = []): Judged {
  return {
    labels: scored.map(({ irregular }) => irregular),
    scores: scored.map(({ probability, prior, bySource }) => {
      if (!silent.some((source) => bySource.has(source))) return probability;
      const rest = [...bySource].filter(([source]) => !silent.includes(source) && source !== "clamp");
      return logistic(rest.reduce((sum, [, value]) => sum + value, logit(prior)));
    }),
  };
}
