import { describe, expect, it } from "vitest";
import { rocArea } from "../../device/cli/evaluate/statistics.ts";
import {
  calibrationErrorOf,
  equalBins,
  type Judged,
  precisionAt,
  probabilityFigures,
} from "../../device/evaluation/figures.ts";
import { Random } from "../../simulator/random.ts";

function drawn(count: number, honest: (p: number) => number = (p) => p): Judged {
  const random = new Random(7);
  const scores: number[] = [];
  const labels: boolean[] = [];
  for (let n = 0; n < count; n++) {
    const p = random.float() ** 3;
    scores.push(p);
    labels.push(random.chance(honest(p)));
  }
  return { scores, labels };
}

describe("figures of probabilities", () => {
  it("count precision among the highest, ties in part", () => {
    const judged = { scores: [0.9, 0.5, 0.5, 0.5, 0.1], labels: [true, true, false, false, false] };
    expect(precisionAt(judged, 0.2)).toBe(1);
    expect(precisionAt(judged, 0.4)).toBeCloseTo((1 + 1 / 3) / 2, 12);
    expect(precisionAt({ scores: [], labels: [] }, 0.1)).toBeNull();
  });

  it("agree with the other way to the area under the curve", () => {
    const judged = drawn(500);
    expect(probabilityFigures(judged, 1, 1).auc).toBeCloseTo(rocArea(judged.scores, judged.labels) ?? 0, 12);
  });

  it("find honest probabilities calibrated, and halved ones not, in bins of equal size", () => {
    expect(calibrationErrorOf(drawn(20_000))).toBeLessThan(0.02);
    expect(calibrationErrorOf(drawn(20_000, (p) => p / 2))).toBeGreaterThan(0.1);
    const bins = equalBins(drawn(1000));
    expect(bins).toHaveLength(15);
    for (const { items } of bins) expect(items).toBeCloseTo(1000 / 15, 6);
  });

  it("have intervals that hold the figure, the same for the same seed", () => {
    const judged = drawn(800);
    const figures = probabilityFigures(judged, 3, 60);
    expect(figures).toEqual(probabilityFigures(judged, 3, 60));
    for (const name of ["auc", "precisionAt5", "brier"] as const) {
      expect(figures.intervals[name]?.low).toBeLessThan(figures[name] ?? 0);
      expect(figures.intervals[name]?.high).toBeGreaterThan(figures[name] ?? 1);
    }
  });
});
