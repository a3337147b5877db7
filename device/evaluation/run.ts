import { rocArea } from "../cli/evaluate/statistics.ts";
import type { Fitted } from "../fusion/fit.ts";
import { unitValuesOf } from "../fusion/unit-values.ts";
import { ARMS, type Arm, fitArm, judgedOf, type Scored, scoreArm } from "./arms.ts";
import {
  type CalibrationBin,
  equalBins,
  type Judged,
  type ProbabilityFigures,
  precisionAt,
  probabilityFigures,
} from "./figures.ts";
import type { SeasonFile } from "./season-file.ts";
import { seasonCases } from "./season-input.ts";

/** Sources that are silenced together to see what they are worth. */
export const ABLATED: Readonly<Record<string, readonly string[]>> = {
  "image (threats and undeclared goods)": ["image", "declaration"],
  "contents and documents": ["contents", "documents"],
  "mass (scale and X-ray)": ["mass", "xray-mass"],
  radiation: ["radiation"],
  "data quality": ["quality"],
  value: ["value"],
  splitting: ["splitting"],
  "similar scans": ["similar"],
  "trader and watch list": ["trader", "watch-list"],
  "declaration risk": ["risk"],
  "central's figure": ["central"],
};

export interface ArmResult {
  readonly arm: Arm["name"];
  readonly figures: ProbabilityFigures;
  readonly bins: readonly CalibrationBin[];
  /** Recall by share of items examined, best first. */
  readonly gain: readonly { readonly x: number; readonly y: number }[];
}

export interface Ablation {
  readonly without: string;
  readonly auc: number | null;
  readonly precisionAt1: number | null;
}

export interface SeasonResult {
  readonly season: string;
  readonly part: string;
  readonly arms: readonly ArmResult[];
  /** By how much fusion cuts 1 − AUC of the better single source; null where neither has one. */
  readonly cut: number | null;
  readonly ablation: readonly Ablation[];
  /** Kind of irregularity → share of it among the 5 % of highest fused scores. */
  readonly recallAt5: Readonly<Record<string, number>>;
}

export interface FusionEvaluation {
  readonly schema: "lynceus-fusion-evaluation/1";
  readonly fittedOn: {
    readonly season: string;
    readonly seed: number;
    readonly items: number;
    readonly imageFigures: SeasonFile["imageFigures"];
  };
  readonly fitted: Readonly<Record<Arm["name"], Fitted>>;
  readonly results: readonly SeasonResult[];
}

export interface EvaluateFusion {
  /** Fitted on its first third, judged on its last. */
  readonly season: SeasonFile;
  /** Judged as a whole. */
  readonly second: SeasonFile;
  readonly seed: number;
  readonly rounds: number;
  readonly say: (text: string) => void;
}

/** Fits every arm on the first third of a season and judges it on the last third and on a second season; null: too little to fit. */
export function evaluateFusion({
  season,
  second,
  seed,
  rounds,
  say,
}: EvaluateFusion): FusionEvaluation | null {
  const cases = seasonCases(season);
  const third = Math.floor(cases.length / 3);
  const first = cases.slice(0, third);
  const parts = [
    { season, part: "last third", cases: cases.slice(2 * third) },
    { season: second, part: "whole", cases: seasonCases(second) },
  ];
  const unitValues = unitValuesOf(first.flatMap(({ line }) => line.declaration ?? []));
  const knownBy = ({ watchList }: SeasonFile) => ({ watchList, unitValues });
  const fitted: Partial<Record<Arm["name"], Fitted>> = {};
  const scored = new Map<string, readonly Scored[]>();
  for (const arm of ARMS) {
    const own = fitArm(
      arm,
      first,
      knownBy(season),
      `${season.name} season, seed ${season.seed}, first third`,
    );
    if (own === null) return null;
    fitted[arm.name] = own;
    say(`${arm.name}: fitted on ${third} consignments\n`);
    for (const { season: file, part, cases: judged } of parts)
      scored.set(`${arm.name} ${file.name} ${part}`, scoreArm(arm, judged, knownBy(file), own));
  }
  const results = parts.map(({ season: file, part }) => {
    say(`${file.name} season, ${part}: figures\n`);
    const of = (arm: Arm) => scored.get(`${arm.name} ${file.name} ${part}`) as readonly Scored[];
    return resultOf(file.name, part, of, seed, rounds);
  });
  return {
    schema: "lynceus-fusion-evaluation/1",
    fittedOn: {
      season: season.name,
      seed: season.seed,
      items: third,
      imageFigures: season.imageFigures,
    },
    fitted: fitted as Record<Arm["name"], Fitted>,
    results,
  };
}

function resultOf(
  season: string,
  part: string,
  of: (arm: Arm) => readonly Scored[],
  seed: number,
  rounds: number,
): SeasonResult {
  const arms = ARMS.map((arm): ArmResult => {
    const judged = judgedOf(of(arm));
    const figures = probabilityFigures(judged, seed, rounds);
    return { arm: arm.name, figures, bins: equalBins(judged), gain: gainOf(judged) };
  });
  const fused = of(ARMS.find(({ name }) => name === "fused") as Arm);
  return {
    season,
    part,
    arms,
    cut: cutOf(arms),
    ablation: Object.entries(ABLATED).map(([without, silent]) => {
      const judged = judgedOf(fused, silent);
      return { without, auc: rocArea(judged.scores, judged.labels), precisionAt1: precisionAt(judged, 0.01) };
    }),
    recallAt5: recallByKind(fused),
  };
}

function cutOf(arms: readonly ArmResult[]): number | null {
  const auc = (name: Arm["name"]) => arms.find(({ arm }) => arm === name)?.figures.auc ?? null;
  const [image, declaration, fused] = [auc("image"), auc("declaration"), auc("fused")];
  if (image === null || declaration === null || fused === null) return null;
  const better = Math.max(image, declaration);
  return better >= 1 ? null : 1 - (1 - fused) / (1 - better);
}

const EXAMINED = 0.05;

function recallByKind(scored: readonly Scored[]): Readonly<Record<string, number>> {
  const limit = scored.map(({ probability }) => probability).toSorted((one, other) => other - one)[
    Math.max(0, Math.floor(EXAMINED * scored.length) - 1)
  ] as number;
  const kinds = new Map<string, { all: number; found: number }>();
  for (const { kind, probability } of scored) {
    if (kind === null) continue;
    const counts = kinds.get(kind) ?? { all: 0, found: 0 };
    kinds.set(kind, { all: counts.all + 1, found: counts.found + (probability >= limit ? 1 : 0) });
  }
  return Object.fromEntries(
    [...kinds]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([kind, { all, found }]) => [kind, found / all]),
  );
}

const GAIN_POINTS = 100;

function gainOf({ scores, labels }: Judged): ArmResult["gain"] {
  const order = scores
    .map((score, at) => ({ score, hit: labels[at] === true }))
    .sort((a, b) => b.score - a.score);
  const total = Math.max(1, labels.filter(Boolean).length);
  let found = 0;
  const points = [{ x: 0, y: 0 }];
  for (const [at, { hit }] of order.entries()) {
    if (hit) found++;
    const last = at === order.length - 1;
    if (last || (at + 1) % Math.ceil(order.length / GAIN_POINTS) === 0)
      points.push({ x: (at + 1) / order.length, y: found / total });
  }
  return points;
}
