import type { Interval } from "../cli/evaluate/statistics.ts";
import type { ProbabilityFigures } from "./figures.ts";
import type { FusionEvaluation, SeasonResult } from "./run.ts";

const NAMES = [
  ["auc", "ROC AUC"],
  ["precisionAt1", "precision @ 1 %"],
  ["precisionAt5", "precision @ 5 %"],
  ["brier", "Brier"],
  ["ece", "ECE"],
] as const;

/** The figures as Markdown, for a terminal and for the report. */
export function evaluationText({ fittedOn, results, fitted }: FusionEvaluation): string {
  const { benchmark, scans, models } = fittedOn.imageFigures;
  const names = models.map((model) => model.split(" ")[0]).join(", ");
  const lines = [
    `The image side is drawn from what ${names} made of ${scans} scans of the benchmark ${benchmark}.`,
    "",
    `Fitted on the first third of the ${fittedOn.season} season (seed ${fittedOn.seed}, ${fittedOn.items} consignments, prior ${(fitted.fused.prior * 100).toFixed(2)} %).`,
    "",
    ...results.flatMap(seasonText),
    "## What was fitted",
    "",
    "| source | slope | offset | discount |",
    "|---|---|---|---|",
    ...Object.entries(fitted.fused.calibration.sources).map(
      ([source, { slope, offset, discount }]) =>
        `| ${source} | ${slope.toFixed(2)} | ${offset.toFixed(2)} | ${discount.toFixed(2)} |`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function seasonText({ season, part, arms, cut, ablation, recallAt5 }: SeasonResult): readonly string[] {
  const first = arms[0]?.figures as ProbabilityFigures;
  return [
    `## The ${season} season, ${part}: ${first.items} consignments, ${first.irregular} irregular`,
    "",
    `| | ${arms.map(({ arm }) => arm).join(" | ")} |`,
    `|---|${arms.map(() => "---|").join("")}`,
    ...NAMES.map(
      ([key, name]) =>
        `| ${name} | ${arms.map(({ figures }) => value(figures[key], figures.intervals[key])).join(" | ")} |`,
    ),
    "",
    `Fusion cuts 1 − AUC of the better single source by ${cut === null ? "nothing that can be said" : `${(cut * 100).toFixed(1)} %`}.`,
    "",
    "| fused without | ROC AUC | precision @ 1 % |",
    "|---|---|---|",
    ...ablation.map((one) => `| ${one.without} | ${number(one.auc)} | ${number(one.precisionAt1)} |`),
    "",
    `Found among the 5 % of highest scores: ${Object.entries(recallAt5)
      .map(([kind, recall]) => `${kind} ${(recall * 100).toFixed(0)} %`)
      .join(", ")}.`,
    "",
  ];
}

function value(figure: number | null, interval: Interval | null): string {
  return interval === null
    ? number(figure)
    : `${number(figure)} (${number(interval.low)} … ${number(interval.high)})`;
}

function number(figure: number | null): string {
  return figure === null ? "-" : figure.toFixed(figure < 0.1 ? 4 : 3);
}
