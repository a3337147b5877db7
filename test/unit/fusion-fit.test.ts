import { describe, expect, it } from "vitest";
import { type FitCase, fitFusion } from "../../device/fusion/fit.ts";
import { logistic, logit } from "../../device/fusion/odds.ts";
import { Random } from "../../simulator/random.ts";

const PRIOR = 0.1;

/**
 * Examined items of which two sources speak. The mass says half of what it should; central repeats the mass and adds nothing.
 */
function cases(count: number, seed = 5): FitCase[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const mass = random.normal();
    const irregular = random.chance(logistic(logit(PRIOR) + 2 * mass - 1));
    const words = new Map([
      ["mass", mass] as const,
      ["central", mass + 0.2 * random.normal()] as const,
      ...(random.chance(0.2) ? [["similar", irregular && random.chance(0.7) ? 1.5 : 0.5] as const] : []),
    ]);
    return { words, hazards: [], irregular, classes: irregular ? ["firearm"] : [], weight: 1 };
  });
}

describe("fitting fusion to outcomes", () => {
  const fitted = fitFusion(cases(4000), "test");

  it("finds the prior, what is found, and a line for each source by itself", () => {
    const all = cases(4000);
    expect(fitted?.prior).toBeCloseTo(all.filter(({ irregular }) => irregular).length / all.length, 9);
    expect(fitted?.hazardShares["firearm"]).toBeGreaterThan(0.9);
    expect(fitted?.calibration.name).toBe("test");
    expect(fitted?.calibration.sources.mass?.slope).toBeGreaterThan(1.6);
  });

  it("takes from two sources that say the same what they say twice", () => {
    const { mass, central } = fitted?.calibration.sources ?? {};
    expect((mass?.discount ?? 1) + (central?.discount ?? 1)).toBeLessThan(1.35);
    for (const one of [mass, central]) {
      expect(one?.discount).toBeGreaterThanOrEqual(0.05);
      expect(one?.discount).toBeLessThanOrEqual(1);
    }
  });

  it("believes no source more than twice its own word, and gives none that only accuses an offset", () => {
    for (const { slope, offset } of Object.values(fitted?.calibration.sources ?? {})) {
      expect(slope).toBeGreaterThanOrEqual(0);
      expect(slope).toBeLessThanOrEqual(2);
      expect(Math.abs(offset)).toBeLessThanOrEqual(2);
    }
    expect(fitted?.calibration.sources.similar?.offset).toBe(0);
  });

  it("weighs an item by how rarely its like was examined", () => {
    const all = cases(2000).map((one) => ({ ...one, weight: one.irregular ? 1 : 3 }));
    const rare = fitFusion(all, "weighted");
    expect(rare?.prior).toBeLessThan((fitted?.prior ?? 0) * 0.6);
  });

  it("fits nothing where too little was found, or everything was", () => {
    expect(
      fitFusion(
        cases(100).map((one) => ({ ...one, irregular: false })),
        "none",
      ),
    ).toBeNull();
    expect(
      fitFusion(
        cases(100).map((one) => ({ ...one, irregular: true })),
        "all",
      ),
    ).toBeNull();
    expect(fitFusion([], "nothing")).toBeNull();
  });

  it("is the same for the same outcomes", () => {
    expect(fitFusion(cases(800), "test")).toEqual(fitFusion(cases(800), "test"));
  });
});
