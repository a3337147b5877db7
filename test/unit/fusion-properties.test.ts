import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FusionResult, fuse } from "../../device/fusion/fuse.ts";
import { hitData } from "../../device/fusion/hit.ts";
import type { FusionInput } from "../../device/fusion/input.ts";
import { hitSchema } from "../../protocols/mqtt/hit.ts";
import { REASON_CODES } from "../../protocols/vocabulary.ts";
import { anyInput, anyStored } from "../fixtures/any-fusion-input.ts";
import { ITEM_NUMBER, identifier, inputOf, sealed } from "../fixtures/fusion.ts";

/** The same cases on every run; the properties were also held on 4000 others each. */
fc.configureGlobal({ seed: 20_261_121 });

/** What is decided, without the texts. */
function essence({ score, decision, recommendation, reasons }: FusionResult) {
  return { score, decision, recommendation, reasons };
}

describe("any fused score", () => {
  it("adds up: logit of the prior and the evidence give log-odds and probability", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const { score } = fuse(input);
        const sum = score.evidence.reduce(
          (total, row) => total + row.logOdds,
          Math.log(score.prior / (1 - score.prior)),
        );
        expect(Math.abs(sum - score.logOdds)).toBeLessThanOrEqual(1e-9);
        expect(Math.abs(1 / (1 + Math.exp(-score.logOdds)) - score.probability)).toBeLessThanOrEqual(1e-12);
        expect(Math.abs(score.logOdds)).toBeLessThanOrEqual(13.8);
      }),
      { numRuns: 300 },
    );
  });

  it("makes a hit that the contract's schema accepts once sealed, with known codes only", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const hit = hitSchema.parse(sealed(hitData(input)));
        for (const { code } of hit.score.evidence)
          expect(code === "CLAMP" || code in REASON_CODES).toBe(true);
        for (const { code } of hit.reasons) expect(code in REASON_CODES).toBe(true);
        const weights = hit.reasons.map((one) => one.weight);
        expect(weights).toEqual(weights.toSorted((one, other) => other - one));
      }),
      { numRuns: 300 },
    );
  });

  it("does not depend on the order of detections, boxes, contents, identifiers and declarations, nor on copies", () => {
    const reorder = <Entry>(list: readonly Entry[], turn: number) =>
      [...list.slice(turn), ...list.slice(0, turn)].reverse();
    fc.assert(
      fc.property(anyInput, fc.nat(9), (input, turn) => {
        const identifiers = [
          identifier("PARCEL_OTHER", "X1"),
          identifier("S10", ITEM_NUMBER),
          identifier("S10", ITEM_NUMBER, { source: "ocr" }),
        ];
        const straight = { ...input, scan: { ...input.scan, identifiers } };
        const { analysis } = input;
        const turned: FusionInput = {
          ...straight,
          scan: { ...input.scan, identifiers: reorder(identifiers, turn % 3) },
          matches: reorder([...input.matches, ...input.matches], turn),
          analysis:
            analysis === null
              ? null
              : {
                  ...analysis,
                  detections: reorder(analysis.detections, turn),
                  contents: reorder(analysis.contents, turn),
                },
        };
        expect(essence(fuse(turned))).toEqual(essence(fuse(straight)));
        expect({ ...hitData(turned), identifiers: [] }).toEqual({ ...hitData(straight), identifiers: [] });
      }),
      { numRuns: 300 },
    );
  });

  it("keeps its floor whatever is declared, in any number", () => {
    fc.assert(
      fc.property(anyInput, fc.array(anyStored, { maxLength: 6 }), (input, declarations) => {
        const alone = fuse({ ...input, matches: [] });
        const declared = fuse({ ...input, matches: declarations });
        expect(declared.score.floor).toEqual(alone.score.floor);
        if (alone.score.floor.length === 0) return;
        expect(declared.decision).toBe("ALARM");
        expect(declared.score.band).toBe("high");
      }),
      { numRuns: 300 },
    );
  });
});

describe("a missing source", () => {
  const without: Readonly<Record<string, (input: FusionInput) => FusionInput>> = {
    declaration: (input) => ({ ...input, matches: [] }),
    analysis: (input) => ({ ...input, analysis: null }),
    contents: (input) => ({ ...input, analysis: input.analysis && { ...input.analysis, contents: [] } }),
    // Both: without the scale the mass by X-ray has the word.
    mass: (input) => ({
      ...input,
      analysis: input.analysis && { ...input.analysis, xrayMass: null },
      scan: { ...input.scan, measured: { ...input.scan.measured, massKg: null } },
    }),
    radiation: (input) => ({
      ...input,
      scan: { ...input.scan, measured: { ...input.scan.measured, radiation: null } },
    }),
    "what is known around the item": ({
      splitting: _splitting,
      similarFound: _found,
      declarationRisk: _risk,
      ...input
    }) => input,
  };

  it.each(Object.keys(without))("adds no evidence and changes no other: %s", (source) => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const full = fuse(input).score;
        const lacking = fuse((without[source] ?? ((same) => same))(input)).score;
        const known = new Map(full.evidence.map((row) => [row.code, row]));
        for (const row of lacking.evidence) {
          if (row.code === "CLAMP") continue;
          expect(known.get(row.code)).toEqual(row);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("leaves the prior alone when everything is missing", () => {
    const { score, decision, recommendation } = fuse(inputOf({ analysis: null }));
    expect(score).toMatchObject({
      probability: expect.closeTo(0.02, 12),
      evidence: [],
      image: null,
      declared: null,
    });
    expect([decision, recommendation]).toEqual(["UNKNOWN", "RESCAN"]);
  });
});
