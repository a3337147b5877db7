import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuse } from "../../device/fusion/fuse.ts";
import { joinHazards, logistic, logit, noisyOr, updateOdds } from "../../device/fusion/odds.ts";
import { analysisOf, declarationOf, detection, inputOf, settingsOf, stored } from "../fixtures/fusion.ts";

/** Prior, image, declared, fused at λ = 1 and λ = 0.7, noisy-or; image and declared calibrated at 0.02. */
const VECTORS = [
  [0.02, 0.02, 0.02, 0.02, 0.02, 0.0396],
  [0.02, 0.6, 0.02, 0.6, 0.2924, 0.608],
  [0.02, 0.6, 0.3, 0.9692, 0.7769, 0.72],
  [0.02, 0.6, 0.005, 0.2697, 0.1341, 0.602],
  [0.02, 0.005, 0.3, 0.0955, 0.0606, 0.3035],
  [0.002, 0.6, 0.02, 0.1284, 0.039, 0.608],
] as const;

fc.configureGlobal({ seed: 20_261_121 });
const weight = fc.double({ min: -13, max: 27, noNaN: true });

describe("arithmetic of odds", () => {
  it.each(VECTORS)(
    "updates prior %d with image %d and declared %d",
    (prior, image, declared, full, discounted, joined) => {
      const fused = (discount: number) =>
        updateOdds(
          prior,
          [image, declared].map((probability) => ({ probability, prevalence: 0.02, discount })),
        );
      expect(fused(1)).toBeCloseTo(full, 4);
      expect(fused(0.7)).toBeCloseTo(discounted, 4);
      expect(noisyOr([image, declared])).toBeCloseTo(joined, 4);
    },
  );

  it.each(VECTORS.filter(([, image]) => image >= 0.02))(
    "fuses a scan of prior %d, image %d, declared %d as the vectors say",
    (prior, image, declared, full, discounted) => {
      for (const [lambda, expected] of [
        [1, full],
        [0.7, discounted],
      ] as const) {
        const declRisk = { p: declared, basePrior: 0.02, model: "declrisk-1", asOf: "2026-03-01T08:13:00Z" };
        const result = fuse(
          inputOf({
            settings: settingsOf({
              prior,

              discounts: { image: lambda, declared: lambda, risk: lambda },
            }),
            analysis: analysisOf({ detections: [detection("firearm", image)] }),
            matches: [stored(declarationOf({ declRisk }))],
          }),
        );
        expect(result.score.probability).toBeCloseTo(expected, 4);
      }
    },
  );

  it("takes one hazard that is the whole prior as the plain update", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-5, max: 0.9, noNaN: true }), weight, (prior, logOdds) => {
        const posterior = logistic(logit(prior) + logOdds);
        expect(logistic(logit(prior) + joinHazards(prior, [{ prior, logOdds }]))).toBeCloseTo(posterior, 9);
      }),
    );
    expect(joinHazards(0.01, [])).toBeCloseTo(0, 12);
  });

  it("joins hazards within the prior: rising with each, nothing for no news, never below what is no hazard", () => {
    const hazards = fc.array(weight, { minLength: 1, maxLength: 13 });
    fc.assert(
      fc.property(
        fc.double({ min: 1e-4, max: 0.9, noNaN: true }),
        hazards,
        weight,
        (prior, weights, more) => {
          const join = (each: readonly number[]) =>
            joinHazards(
              prior,
              each.map((logOdds) => ({ prior: prior * 0.07, logOdds })),
            );
          expect(join(weights.map(() => 0))).toBeCloseTo(0, 9);
          const raised = weights.map((one, at) => (at === 0 ? Math.max(one, more) : one));
          expect(join(raised)).toBeGreaterThanOrEqual(join(weights) - 1e-9);
          expect(join(weights)).toBeGreaterThanOrEqual(Math.log(1 - 0.07 * weights.length) - 1e-9);
        },
      ),
    );
  });

  it("stays finite at certainty", () => {
    expect(logit(0)).toBeCloseTo(-13.8155, 4);
    expect(logit(1)).toBeCloseTo(13.8155, 4);
    expect(logistic(logit(0.3))).toBeCloseTo(0.3, 12);
    expect(logistic(-800)).toBe(0);
  });
});
