import { describe, expect, it } from "vitest";
import type { Target } from "../../device/cli/evaluate/dataset.ts";
import { type Box, ClassTally } from "../../device/cli/evaluate/detections.ts";
import { alarmFigures, classChance, goodsFigures } from "../../device/cli/evaluate/scans.ts";
import {
  averagePrecision,
  bootstrap,
  brier,
  calibrationError,
  quantile,
  reliability,
  rocArea,
} from "../../device/cli/evaluate/statistics.ts";

const target = (x: number, tier: Target["tier"] = "clear"): Target => ({
  class: "blade",
  view: 0,
  x,
  y: 0,
  width: 10,
  height: 10,
  tier,
});
const box = (x: number, raw: number, view = 0): Box => ({
  view,
  x,
  y: 0,
  width: 10,
  height: 10,
  score: raw,
  raw,
});

describe("average precision", () => {
  it("is the area under the interpolated curve", () => {
    expect(averagePrecision({ hits: [true, true], positives: 2 })).toBe(1);
    expect(averagePrecision({ hits: [false, true], positives: 1 })).toBe(0.5);
    // Precision 1, then 2/3 held up to recall 1; one object is never found.
    expect(averagePrecision({ hits: [true, false, true], positives: 3 })).toBeCloseTo((1 + 2 / 3) / 3, 12);
    expect(averagePrecision({ hits: [], positives: 2 })).toBe(0);
    expect(averagePrecision({ hits: [false], positives: 0 })).toBeNull();
  });

  it("with weights is that of finds drawn so often", () => {
    const once = averagePrecision({ hits: [true, false, false, true], positives: 3 });
    const weighted = averagePrecision({ hits: [true, false, true], positives: 3, weights: [1, 2, 1] });
    expect(weighted).toBeCloseTo(once!, 12);
  });
});

describe("a tally of one class", () => {
  it("gives each object one box, the best, and another class's place none", () => {
    const tally = new ClassTally();
    tally.add(0, [box(0, 0.9), box(1, 0.8), box(50, 0.7)], [target(0), target(50)]);
    expect(tally.ranked("visible").hits).toEqual([true, false, true]);
    expect(tally.positives("visible")).toBe(2);
  });

  it("leaves hidden objects out where visible ones are counted, and looks at each view by itself", () => {
    const tally = new ClassTally();
    tally.add(0, [box(0, 0.9), box(50, 0.8, 1)], [target(0, "hidden"), target(50, "partial")]);
    expect(tally.ranked("visible").hits).toEqual([false]);
    expect(tally.positives("visible")).toBe(1);
    expect(tally.ranked("hidden").hits).toEqual([true, false]);
    expect(tally.averagePrecision("clear")).toBeNull();
  });

  it("grows with what it is given, and counts scans as often as they are drawn", () => {
    const tally = new ClassTally();
    for (let image = 0; image < 1500; image++) {
      tally.add(image, image % 2 === 0 ? [box(0, 0.5 + image / 1e4)] : [box(50, 0.1)], [target(0)]);
    }
    expect(tally.size).toBe(1500);
    expect(tally.averagePrecision("visible")).toBeCloseTo(0.5, 10);
    const even = Uint16Array.from({ length: 1500 }, (_, image) => (image % 2 === 0 ? 2 : 0));
    expect(tally.averagePrecision("visible", even)).toBeCloseTo(1, 10);
  });
});

describe("figures of scores", () => {
  it("ROC area: ties count half", () => {
    expect(rocArea([0.1, 0.9], [false, true])).toBe(1);
    expect(rocArea([0.9, 0.1], [false, true])).toBe(0);
    expect(rocArea([0.5, 0.5, 0.5], [false, true, true])).toBe(0.5);
    expect(rocArea([0.5], [true])).toBeNull();
  });

  it("Brier and calibration error", () => {
    expect(brier([1, 0], [true, true])).toBe(0.5);
    const bins = reliability([0.95, 0.95, 0.05, 1], [true, false, false, true]);
    expect(bins.map(({ count }) => count)).toEqual([1, 3]);
    expect(calibrationError(bins)).toBeCloseTo((0.05 + 3 * (2.9 / 3 - 2 / 3)) / 4, 12);
    expect(calibrationError([])).toBeNull();
  });

  it("quantiles are linear in between", () => {
    expect(quantile([1, 2, 3], 0.25)).toBe(1.5);
    expect(quantile([], 0.5)).toBeNull();
  });

  it("bootstrap: the same seed gives the same interval, around the figure", () => {
    const values = Array.from({ length: 200 }, (_, at) => at / 199);
    const mean = (times: Uint16Array) => values.reduce((sum, value, at) => sum + value * times[at]!, 0) / 200;
    const options = { scans: 200, rounds: 300, seed: 7 };
    const interval = bootstrap(options, mean)!;
    expect(bootstrap(options, mean)).toEqual(interval);
    expect(interval.low).toBeGreaterThan(0.44);
    expect(interval.high).toBeLessThan(0.56);
    expect(interval.high - interval.low).toBeGreaterThan(0.05);
    expect(bootstrap(options, () => null)).toBeNull();
  });

  it("false alarms at 90 % detection are counted on scans free of any target", () => {
    const finds = [
      ...Array.from({ length: 10 }, (_, n) => ({ score: 0.5 + n / 20, visible: true, free: false })),
      ...[0.1, 0.2, 0.3, 0.7].map((score) => ({ score, visible: false, free: true })),
      { score: 0.99, visible: false, free: false },
    ];
    expect(alarmFigures(finds)).toMatchObject({ scans: 15, free: 4, falseAlarmsAt90: 0.25 });
  });

  it("a class's chance is its surest detection's, else what finding none stands for", () => {
    const found = [
      { class: "blade", score: 0.2 },
      { class: "blade", score: 0.6 },
      { class: "liquid", score: 0.9 },
    ] as unknown as Parameters<typeof classChance>[1];
    const searched = { class: "blade", prevalence: 0.1, absent: 0.02 };
    expect(classChance("blade", found, searched)).toBe(0.6);
    expect(classChance("blade", [], searched)).toBe(0.02);
    expect(classChance("blade", [], undefined)).toBe(0);
  });

  it("goods: macro F1 over the groups that are there, error of the shares", () => {
    const claimed = (score: number, share: number) => new Map([["metals", { score, share }]]);
    const tallies = [
      { claimed: claimed(0.9, 0.5), truth: new Map([["metals", 0.7]]) },
      { claimed: claimed(0.6, 0.1), truth: new Map([["metals", 0.02]]) },
    ];
    const figures = goodsFigures(tallies, new Map([["metals", 0.7]]));
    expect(figures.macroF1).toBe(1);
    expect(figures.shareError).toBeCloseTo(0.14, 12);
    expect(goodsFigures(tallies, new Map()).macroF1).toBeCloseTo(2 / 3, 12);
  });
});
