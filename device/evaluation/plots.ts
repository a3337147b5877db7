import { plot } from "../cli/evaluate/report/plots.ts";
import type { CalibrationBin } from "./figures.ts";
import type { FusionEvaluation, SeasonResult } from "./run.ts";

/** Largest share of the items shown in the gain plot: nobody opens more. */
const SHOWN = 0.2;
/** Upper end of the calibration plot's axes. */
const MOST = 0.2;

/** File name → SVG of every plot of an evaluation. */
export function evaluationPlots({ results }: FusionEvaluation): ReadonlyMap<string, string> {
  return new Map(
    results.flatMap((result) => [
      [`gain-${result.season}.svg`, gainPlot(result)] as const,
      [`calibration-${result.season}.svg`, calibrationPlot(result)] as const,
    ]),
  );
}

function gainPlot({ season, arms }: SeasonResult): string {
  return plot({
    title: `Found, by share examined: ${season} season`,
    x: `share of all consignments × ${1 / SHOWN}`,
    y: "share of irregular ones found",
    series: arms.map(({ arm, gain }) => ({
      name: arm,
      points: gain.filter(({ x }) => x <= SHOWN).map(({ x, y }) => ({ x: x / SHOWN, y })),
    })),
  });
}

function calibrationPlot({ season, arms }: SeasonResult): string {
  return plot({
    title: `Calibration: ${season} season`,
    x: `mean probability of a fifteenth × ${1 / MOST}`,
    y: `share irregular × ${1 / MOST}`,
    diagonal: true,
    series: arms.map(({ arm, bins }) => ({ name: arm, points: bins.map(scaled) })),
  });
}

function scaled({ claimed, counted }: CalibrationBin): { x: number; y: number } {
  return { x: Math.min(1, claimed / MOST), y: Math.min(1, counted / MOST) };
}
