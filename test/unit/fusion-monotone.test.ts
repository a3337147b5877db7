import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CALIBRATED_SOURCES } from "../../device/fusion/calibration.ts";
import { fuse } from "../../device/fusion/fuse.ts";
import type { FusionInput } from "../../device/fusion/input.ts";
import type { Analysis } from "../../device/scan.ts";
import { QUALITY_METRICS } from "../../protocols/vocabulary.ts";
import { anyInput, share, TOKEN } from "../fixtures/any-fusion-input.ts";
import { analysisOf, declarationOf, detection, identifier, inputOf, stored } from "../fixtures/fusion.ts";

/** The same cases on every run; the properties were also held on 4000 others each. */
fc.configureGlobal({ seed: 20_261_121 });

const METRICS = Object.keys(QUALITY_METRICS);

describe("a stronger suspicion", () => {
  const raise: Readonly<Record<string, (input: FusionInput, by: number) => FusionInput>> = {
    "one object's score": (input, by) =>
      withDetections(input, (all) =>
        all.map((one, at) => (at === 0 ? { ...one, score: one.score + (1 - one.score) * by } : one)),
      ),
    "one object more": (input, by) =>
      withDetections(input, (all) => [...all, detection("narcotic", by, { prevalence: 0.4 })]),
    "a group that nobody declared": (input, by) => {
      const { analysis } = input;
      if (analysis === null) return input;
      const contents = analysis.contents.map((one) =>
        one.group === "footwear" ? { ...one, score: one.score + (1 - one.score) * by } : one,
      );
      return { ...input, analysis: { ...analysis, contents } };
    },
    "central's risk": (input, by) => ({
      ...input,
      matches: input.matches.map(({ declaration, ...rest }) => {
        const { declRisk } = declaration;
        return {
          ...rest,
          declaration: {
            ...declaration,
            declRisk: declRisk && { ...declRisk, p: declRisk.p + (1 - declRisk.p) * by },
          },
        };
      }),
    }),
    "a party on the watch list": (input) => ({
      ...input,
      matches: input.matches.map(({ declaration, ...rest }) => ({
        ...rest,
        declaration: {
          ...declaration,
          parties: { ...declaration.parties, seller: { kind: "legal" as const, token: TOKEN } },
        },
      })),
    }),
    "a trader that is trusted no more": (input) => ({
      ...input,
      matches: input.matches.map(({ declaration, ...rest }) => {
        const { aeo: _, ...declarant } = declaration.parties?.declarant ?? { kind: "legal" as const };
        return { ...rest, declaration: { ...declaration, parties: { ...declaration.parties, declarant } } };
      }),
    }),
    "more consignments to one party": (input, by) => ({
      ...input,
      splitting: Object.fromEntries(
        Object.entries(input.splitting ?? {}).map(([id, one]) => [
          id,
          { ...one, consignments: one.consignments + Math.ceil(10 * by) },
        ]),
      ),
    }),
    "an earlier scan more like it": (input, by) => ({
      ...input,
      similarFound: (input.similarFound ?? []).map((one) => ({
        ...one,
        similarity: one.similarity + (1 - one.similarity) * by,
      })),
    }),
    "a riskier declaration": (input, by) => {
      const { declarationRisk: risk } = input;
      return { ...input, declarationRisk: risk == null ? null : { ...risk, p: risk.p + (1 - risk.p) * by } };
    },
    "a lower value": (input, by) => ({
      ...input,
      matches: input.matches.map(({ declaration, ...rest }) => {
        const { consignment } = declaration;
        const total = consignment?.totalValue;
        if (consignment === undefined || total === undefined || !(Number(total.amount) > 2))
          return { ...rest, declaration };
        // Not down to the placeholder of 1, of which nothing can be said but that it is one.
        const amount = Math.max(2, Number(total.amount) * (1 - by)).toFixed(2);
        return {
          ...rest,
          declaration: { ...declaration, consignment: { ...consignment, totalValue: { ...total, amount } } },
        };
      }),
    }),
    "a radiation alarm": (input) => ({
      ...input,
      scan: {
        ...input.scan,
        measured: {
          ...input.scan.measured,
          radiation: { gamma: "alarm", neutron: input.scan.measured.radiation?.neutron ?? null, sigma: null },
        },
      },
    }),
    "a neutron alarm": (input) => ({
      ...input,
      scan: {
        ...input.scan,
        measured: {
          ...input.scan.measured,
          radiation: { gamma: input.scan.measured.radiation?.gamma ?? null, neutron: "alarm", sigma: null },
        },
      },
    }),
    "one fault more in the data": (input, by) => ({
      ...input,
      matches: input.matches.map(({ findings, ...rest }) => {
        const metric = METRICS[Math.floor(by * (METRICS.length - 1))] ?? "K1";
        return { ...rest, findings: [...findings, { metric, pointer: "/items/0", message: "is wrong" }] };
      }),
    }),
    "one more earlier scan like it in which something was found": (input, by) => ({
      ...input,
      similarFound: [
        ...(input.similarFound ?? []),
        { scanId: "019ca000-0000-7000-8000-0000000000fe", similarity: by },
      ],
    }),
    "another group where documents are declared": (input, by) => {
      const { analysis } = input;
      if (analysis === null) return input;
      const contents = analysis.contents.map((one) =>
        one.group === "metals" ? { ...one, score: one.score + (1 - one.score) * by } : one,
      );
      const documents = input.matches.map(({ declaration, ...rest }) => ({
        ...rest,
        declaration: declarationOf({
          ...declaration,
          consignment: { category: "documents", packageCount: 1 },
        }),
      }));
      return { ...input, matches: documents, analysis: { ...analysis, contents } };
    },
    "more pieces": (input) => ({
      ...input,
      piecesSeen: Object.fromEntries(
        Object.entries(input.piecesSeen ?? {}).map(([id, seen]) => [id, seen + 1]),
      ),
    }),
  };

  function withDetections(
    input: FusionInput,
    change: (all: Analysis["detections"]) => Analysis["detections"],
  ): FusionInput {
    const { analysis } = input;
    return analysis === null
      ? input
      : { ...input, analysis: { ...analysis, detections: change(analysis.detections) } };
  }

  /** What a suspicion is raised in, where that is a case of its own. */
  const within: Readonly<Record<string, (input: FusionInput) => FusionInput>> = {
    "another group where documents are declared": (input) =>
      raise["another group where documents are declared"]?.(input, 0) ?? input,
  };

  it.each(Object.keys(raise))("never lowers the probability: %s", (suspicion) => {
    fc.assert(
      fc.property(anyInput, share, (given, by) => {
        const input = within[suspicion]?.(given) ?? given;
        const before = fuse(input).score.logOdds;
        const after = fuse((raise[suspicion] ?? ((same) => same))(input, by)).score.logOdds;
        expect(after).toBeGreaterThanOrEqual(before - 1e-9);
      }),
      { numRuns: 120 },
    );
  });

  it("is one of each source that there is", () => {
    const sources = new Set<string>();
    const hear = (input: FusionInput) => {
      for (const { source } of fuse(input).score.evidence) sources.add(source);
    };
    for (const change of Object.values(raise))
      for (const input of fc.sample(anyInput, 40)) hear(change(input, 0.9));
    const { parties, consignment } = declarationOf();
    const totalValue = { amount: "2.00", currency: "GBP" };
    const cheap = declarationOf({ consignment: { ...consignment, packageCount: 1, totalValue } });
    hear(inputOf({ matches: [stored(cheap)] }));
    const trusted = { ...parties, declarant: { kind: "legal" as const, aeo: true } };
    hear(inputOf({ matches: [stored(declarationOf({ parties: trusted }))] }));
    hear(
      inputOf({
        matches: [stored()],
        analysis: analysisOf({ xrayMass: { kg: 9, reliable: true, opaqueShare: 0, view: 0 } }),
      }),
    );
    sources.delete("clamp");
    // The load speaks as `contents`.
    const expected = CALIBRATED_SOURCES.filter((source) => source !== "load");
    expect([...sources].sort()).toEqual([...expected, "declaration"].sort());
  });

  const CONTAINER = { scheme: "ISO6346", value: "CSQU3054383" } as const;

  /** A container declared empty in which something is seen, with this chance. */
  function withLoad(input: FusionInput, score: number, declared: "empty" | "fcl" = "empty"): FusionInput {
    const declaration = declarationOf({
      identifiers: [{ ...CONTAINER, level: "equipment", checkOk: true }],
      equipment: [{ id: CONTAINER.value, kind: "container", load: declared }],
    });
    const state = declared === "empty" ? ("loaded" as const) : ("empty" as const);
    const load = { state, score, profile: [] };
    const { analysis } = input;
    return {
      ...input,
      scan: { ...input.scan, identifiers: [identifier(CONTAINER.scheme, CONTAINER.value)] },
      matches: [stored(declaration)],
      analysis: analysis === null ? null : { ...analysis, load },
    };
  }

  it.each(["empty", "fcl"] as const)("never lowers the probability: a load against %j", (declared) => {
    fc.assert(
      fc.property(anyInput, share, share, (input, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)].map(
          (score) => fuse(withLoad(input, Math.max(0.01, score), declared)).score.logOdds,
        ) as [number, number];
        expect(more).toBeGreaterThanOrEqual(less - 1e-9);
      }),
    );
  });

  it("never lowers the probability: the mass by X-ray further from the declared one", () => {
    const grams = fc.integer({ min: 1840, max: 60_000 });
    fc.assert(
      fc.property(anyInput, grams, grams, (input, one, other) => {
        const [near, far] = [Math.min(one, other), Math.max(one, other)].map((mass) => {
          const measured = {
            ...input.scan.measured,
            massKg: null,
            xrayMassKg: mass / 1000,
            xrayMassReliable: true,
          };
          return fuse({ ...input, matches: [stored()], scan: { ...input.scan, measured } }).score.logOdds;
        }) as [number, number];
        expect(far).toBeGreaterThanOrEqual(near - 1e-9);
      }),
    );
  });

  it("never lowers the probability: the scale further from the declared mass", () => {
    const grams = fc.integer({ min: 1840, max: 60_000 });
    fc.assert(
      fc.property(anyInput, grams, grams, (input, one, other) => {
        const [near, far] = [Math.min(one, other), Math.max(one, other)].map((mass) => {
          const measured = { ...input.scan.measured, massKg: mass / 1000, massStable: true };
          return fuse({ ...input, matches: [stored()], scan: { ...input.scan, measured } }).score.logOdds;
        }) as [number, number];
        expect(far).toBeGreaterThanOrEqual(near - 1e-9);
      }),
    );
  });
});
