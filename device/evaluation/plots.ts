import { plot } from "../cli/evaluate/report/plots.ts";
import type { CalibrationBin } from "./figures.ts";
import type { FusionEvaluation, SeasonResult } from "./run.ts";

/** Largest share of the items shown in the gain plot: nobody opens more. */
const SHOWN = 0.2;

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
    x: "share of all consignments examined",
    most: { x: SHOWN },
    y: "share of irregular ones found",
    series: arms.map(({ arm, gain }) => ({
      name: arm,
      points: gain.filter(({ x }) => x <= SHOWN).map(({ x, y }) => ({ x: x / SHOWN, y })),
    })),
  });
}

function calibrationPlot({ season, arms }: SeasonResult): string {
  const highest = Math.max(
    ...arms.flatMap(({ bins }) => bins.flatMap(({ claimed, counted }) => [claimed, counted])),
  );
  const most = Math.max(0.1, Math.ceil(highest * 10) / 10);
  return plot({
    title: `Calibration: ${season} season`,
    x: "mean probability of a fifteenth",
    y: "share irregular",
    most: { x: most, y: most },
    diagonal: true,
    series: arms.map(({ arm, bins }) => ({ name: arm, points: bins.map((bin) => scaled(bin, most)) })),
  });
}

function scaled({ claimed, counted }: CalibrationBin, most: number): { x: number; y: number } {
  return { x: claimed / most, y: counted / most };
}
