import { describe, expect, it } from "vitest";
import { calibrate } from "../../models/calibration.ts";

const prevalence = 0.1;

describe("calibration", () => {
  it("leaves a score alone with identity", () => {
    expect(calibrate(0.3, { method: "identity", prevalence })).toBe(0.3);
    expect(calibrate(1.2, { method: "identity", prevalence })).toBe(1);
  });

  it("scales the logit with platt: 1 / (1 + exp(-(a * logit + b)))", () => {
    const platt = { method: "platt", a: 2, b: -1, prevalence } as const;
    expect(calibrate(0.5, platt)).toBeCloseTo(1 / (1 + Math.E), 12);
    expect(calibrate(0.8, platt)).toBeCloseTo(1 / (1 + Math.exp(-(2 * Math.log(4) - 1))), 12);
  });

  it("stays inside of 0 and 1 and rises, even at the ends", () => {
    const platt = { method: "platt", a: 3, b: 0.5, prevalence } as const;
    const scores = [0, 1e-9, 0.1, 0.5, 0.9, 1].map((raw) => calibrate(raw, platt));
    expect(scores.every((score) => score > 0 && score < 1)).toBe(true);
    expect([...scores].sort((a, b) => a - b)).toEqual(scores);
  });

  it("interpolates isotonic points and is flat outside", () => {
    const points: [number, number][] = [
      [0.2, 0.1],
      [0.4, 0.1],
      [0.6, 0.9],
    ];
    const isotonic = { method: "isotonic", points, prevalence } as const;
    expect([0, 0.3, 0.5, 0.6, 1].map((raw) => calibrate(raw, isotonic))).toEqual([0.1, 0.1, 0.5, 0.9, 0.9]);
  });
});
