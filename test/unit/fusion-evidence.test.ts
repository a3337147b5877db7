import { describe, expect, it } from "vitest";
import { fuse } from "../../device/fusion/fuse.ts";
import type { FusionInput } from "../../device/fusion/input.ts";
import type { Analysis } from "../../device/scan.ts";
import type { Declaration } from "../../protocols/declaration.ts";
import {
  analysisOf,
  declarationOf,
  detection,
  identifier,
  inputOf,
  only,
  scanOf,
  settingsOf,
  stored,
  weighed,
} from "../fixtures/fusion.ts";

/** Evidence rows as `CODE log-odds`, to three decimals. */
function evidence(more: Partial<FusionInput>): readonly string[] {
  return fuse(inputOf(more)).score.evidence.map((row) => `${row.code} ${row.logOdds.toFixed(3)}`);
}

function declared(more: Partial<Declaration> = {}): FusionInput["matches"] {
  return [stored(declarationOf(more))];
}

function goods(description: string, hs6?: string): Pick<Declaration, "items"> {
  return {
    items: [
      { seq: 1, description, netMassKg: 1, originCountry: "PT", ...(hs6 === undefined ? {} : { hs6 }) },
    ],
  };
}

const SOLD_BY_PERSONS: Partial<Declaration> = {
  consignment: { packageCount: 1, grossMassKg: 1.84, category: "gift" },
};

describe("what the image shows", () => {
  it("counts several objects of a class as one opinion", () => {
    const one = fuse(inputOf({ analysis: analysisOf({ detections: [detection("firearm", 0.6)] }) })).score;
    const many = fuse(
      inputOf({
        analysis: analysisOf({ detections: [0.6, 0.6, 0.5].map((score) => detection("firearm", score)) }),
      }),
    ).score;
    expect(many.probability).toBe(one.probability);
    expect(many.evidence[0]?.detail).toBe(
      "the image shows what looks like: firearm (score 0.60, alarm from 0.50, 3 objects)",
    );
  });

  it("joins different classes by noisy-or, a row each", () => {
    const detections = [detection("firearm", 0.6), detection("narcotic", 0.5)];
    const settings = settingsOf({ hazardShares: { ...only(), firearm: 0.5, narcotic: 0.25 } });
    const both = fuse(inputOf({ settings, analysis: analysisOf({ detections }) })).score;
    const update = (prior: number, score: number) => {
      const odds = ((prior / (1 - prior)) * (score / (1 - score))) / (0.02 / 0.98);
      return odds / (1 + odds);
    };
    const leak = 1 - 0.98 / (0.99 * 0.995);
    const clear = (1 - leak) * (1 - update(0.01, 0.6)) * (1 - update(0.005, 0.5));
    expect(both.probability).toBeCloseTo(1 - clear, 9);
    expect(both.image).toBeCloseTo(both.probability, 12);
    expect(both.evidence.map((row) => row.code)).toEqual(["THREAT_FIREARM", "THREAT_NARCOTIC"]);
  });

  it("takes finding none for evidence only of classes that were looked for, and for no reason", () => {
    const lookedFor = [{ class: "firearm", prevalence: 0.02, absent: 0.005 }];
    const result = fuse(inputOf({ analysis: { ...analysisOf(), lookedFor } }));
    expect(result.score.probability).toBeCloseTo(0.005, 9);
    expect(result.score.evidence).toEqual([
      {
        source: "image",
        code: "THREAT_FIREARM",
        logOdds: expect.closeTo(Math.log(0.005 / 0.995 / (0.02 / 0.98)), 9),
        detail: "looked for, nothing found that looks like: firearm",
      },
    ]);
    expect(result.reasons.map((one) => one.code)).toEqual(["DECLARATION_MISSING"]);
    const unheard = [{ class: "firearm", prevalence: 0.02, absent: 0.3 }];
    expect(evidence({ analysis: { ...analysisOf(), lookedFor: unheard } })).toEqual([]);
    const found = analysisOf({ detections: [detection("firearm", 0.1)] });
    expect(evidence({ analysis: { ...found, lookedFor: unheard } })).toEqual(["THREAT_FIREARM 1.695"]);
  });

  it("takes the most suspicious of two models that looked for a class", () => {
    const lookedFor = [0.005, 0.01].map((absent) => ({ class: "firearm", prevalence: 0.02, absent }));
    expect(evidence({ analysis: { ...analysisOf(), lookedFor } })).toEqual(["THREAT_FIREARM -0.703"]);
  });

  it("takes no object below the class's prevalence, or below reportFrom, for evidence", () => {
    expect(
      evidence({
        analysis: analysisOf({
          detections: [
            detection("firearm", 0.1, { prevalence: 0.3 }),
            detection("blade", 0.019, { prevalence: 0.001 }),
          ],
        }),
      }),
    ).toEqual([]);
  });

  it("counts goods that need declaring only against a declaration that names none", () => {
    const settings = settingsOf({ hazardShares: only("battery") });
    const battery = analysisOf({ detections: [detection("battery", 0.5)] });
    expect(evidence({ settings, analysis: battery })).toEqual([]);
    expect(evidence({ settings, analysis: battery, matches: declared() })).toEqual([
      "BATTERY_UNDECLARED 3.000",
    ]);
    expect(
      evidence({ settings, analysis: battery, matches: declared(goods("wireless phone charger", "850440")) }),
    ).toEqual([]);
    const named = { ...goods("rechargeable torch with battery"), ...SOLD_BY_PERSONS };
    expect(evidence({ settings, analysis: battery, matches: declared(named) })).toEqual([]);
    expect(
      evidence({
        analysis: battery,
        matches: declared({
          items: [
            {
              seq: 1,
              description: "knitted baby blanket",
              hs6: "630130",
              netMassKg: 1,
              originCountry: "PT",
              undg: "3481",
            },
          ],
        }),
      }),
    ).toEqual([]);
  });

  it("says less against an unclear declaration, which might have meant them", () => {
    const settings = settingsOf({ hazardShares: only("tobacco") });
    const tobacco = analysisOf({ detections: [detection("tobacco", 0.5)] });
    const unclear = { ...goods("assorted household things"), ...SOLD_BY_PERSONS };
    expect(evidence({ settings, analysis: tobacco, matches: declared(unclear) })).toEqual([
      "THREAT_TOBACCO 0.900",
    ]);
  });

  it("holds the log-odds at 13.8 by a row of its own", () => {
    const risk = { p: 1, basePrior: 0.001, model: "m", asOf: "2026-03-01T00:00:00Z" };
    const { score } = fuse(
      inputOf({
        analysis: analysisOf({ detections: [detection("firearm", 1)] }),
        matches: declared({ declRisk: risk }),
      }),
    );
    expect(score.logOdds).toBe(13.8);
    expect(score.evidence.at(-1)).toMatchObject({ source: "clamp", code: "CLAMP" });
  });

  it("leaves out what no hit can hold, and says so", () => {
    const broken = [detection("hamster", 0.9), detection("firearm", Number.NaN)];
    const result = fuse(inputOf({ analysis: analysisOf({ detections: broken }) }));
    expect(result.score.evidence).toEqual([]);
    expect(result.reasons.map((one) => one.text)).toContain(
      "2 detections of a model were unusable and left out",
    );
  });
});

describe("the mass", () => {
  it("counts by the logarithm of its share of max(0.1 kg, 5 %), within its limits", () => {
    const matches = declared();
    expect(evidence({ matches, scan: weighed(1.84) })).toEqual(["MASS_MISMATCH -0.300"]);
    expect(evidence({ matches, scan: weighed(1.93) })).toEqual(["MASS_MISMATCH -0.105"]);
    expect(evidence({ matches, scan: weighed(2.04) })).toEqual(["MASS_MISMATCH 0.693"]);
    expect(evidence({ matches, scan: weighed(1.64) })).toEqual(["MASS_MISMATCH 0.693"]);
    expect(evidence({ matches, scan: weighed(31) })).toEqual(["MASS_MISMATCH 2.000"]);
    expect(fuse(inputOf({ matches, scan: weighed(2.04) })).reasons).toEqual([
      {
        code: "MASS_MISMATCH",
        weight: expect.closeTo(Math.log(2), 9),
        text: "Measured 2.04 kg, declared 1.84 kg: 200 g more, 100 g allowed",
      },
    ]);
    expect(fuse(inputOf({ matches, scan: weighed(1.84) })).reasons).toEqual([]);
  });

  it("says nothing when unstable, untied, of several pieces and lighter, or not declared", () => {
    const unstable = weighed(9);
    const matches = declared();
    expect(
      evidence({ matches, scan: { ...unstable, measured: { ...unstable.measured, massStable: false } } }),
    ).toEqual([]);
    expect(
      evidence({ matches, scan: { ...unstable, measured: { ...unstable.measured, massStable: null } } }),
    ).toEqual([]);
    expect(evidence({ matches, scan: { ...unstable, trackingAmbiguous: true } })).toEqual([]);
    const pieces = declared({ consignment: { packageCount: 3, grossMassKg: 12, category: "gift" } });
    expect(evidence({ matches: pieces, scan: weighed(4) })).toEqual([]);
    expect(evidence({ matches: pieces, scan: weighed(20) })).toEqual(["MASS_MISMATCH 2.000"]);
  });

  it("is not that of one consignment where many share the container", () => {
    const keys: Partial<Declaration> = {
      identifiers: [{ scheme: "ISO6346", value: "CSQU3054383" }],
      equipment: [{ id: "CSQU3054383", vgmKg: 16_490 }],
    };
    const scan = weighed(22_000, scanOf({ identifiers: [identifier("ISO6346", "CSQU3054383")] }));
    expect(evidence({ scan, matches: declared(keys) })).toEqual(["MASS_MISMATCH 1.900"]);
    const other = stored(declarationOf({ ...keys, aedId: "018f2b7e-6a3c-7c1e-9b52-0d6a1f3e4c98" }));
    expect(evidence({ scan, matches: [...declared(keys), other] })).toEqual([]);
  });
});

describe("contents", () => {
  const phones: Analysis = analysisOf({
    contents: [
      { group: "electronics", score: 0.9, share: 0.8 },
      { group: "textiles", score: 0.05, share: 0.02 },
    ],
  });

  it("count where the image shows other goods than declared, as far as it and the declaration are clear", () => {
    const full = evidence({ analysis: phones, matches: declared() });
    expect(full).toEqual(["CONTENTS_MISMATCH 1.750"]);
    expect(evidence({ analysis: { ...phones, quality: 0.5 }, matches: declared() })).toEqual([
      "CONTENTS_MISMATCH 0.875",
    ]);
    const [blanket] = declarationOf().items ?? [];
    const half = declared({
      ...SOLD_BY_PERSONS,
      items: [
        { seq: 1, description: "assorted household things", netMassKg: 1 },
        { ...blanket, seq: 2, description: "knitted cotton baby blanket" },
      ],
    });
    expect(evidence({ analysis: phones, matches: half })).toEqual(["CONTENTS_MISMATCH 0.875"]);
    expect(fuse(inputOf({ analysis: phones, matches: declared() })).reasons[0]?.text).toBe(
      "Declared textiles: seen with 5 %; beside it the image shows electronics (72 %); without this: 2 %, band low",
    );
  });

  it("speak mildly for goods that are seen as declared, or cannot be told from them", () => {
    const seen = ["CONTENTS_MISMATCH -0.315"];
    expect(
      evidence({ analysis: phones, matches: declared(goods("wireless phone charger", "850440")) }),
    ).toEqual(seen);
    const computer = analysisOf({
      contents: [...phones.contents, { group: "machinery", score: 0.1, share: 0 }],
    });
    expect(
      evidence({ analysis: computer, matches: declared(goods("portable computer with charger", "847130")) }),
    ).toEqual(seen);
  });

  it("say nothing where the declared goods are not known to the model or to the reader", () => {
    expect(evidence({ analysis: phones, matches: declared(goods("steel bicycle frame", "871491")) })).toEqual(
      [],
    );
    expect(
      evidence({
        analysis: phones,
        matches: declared({ ...goods("assorted household things"), ...SOLD_BY_PERSONS }),
      }),
    ).toEqual([]);
    expect(evidence({ analysis: phones })).toEqual([]);
  });

  it("do not take wrapping of unknown mass for other goods", () => {
    const wrapped = analysisOf({
      contents: [
        { group: "paper-books", score: 0.95, share: null },
        { group: "textiles", score: 0.2, share: null },
      ],
    });
    expect(evidence({ analysis: wrapped, matches: declared() })).toEqual(["CONTENTS_MISMATCH -0.070"]);
  });

  it("read a description that came without an HS code", () => {
    const matches = declared({ ...SOLD_BY_PERSONS, ...goods("two woollen scarf and sweater sets") });
    expect(evidence({ analysis: phones, matches })).toEqual(["CONTENTS_MISMATCH 1.750"]);
  });

  it("of documents must be paper", () => {
    const documents = declared({
      consignment: { packageCount: 1, grossMassKg: 0.2, category: "documents" },
      items: [{ seq: 1, description: "documents", netMassKg: 0.2 }],
    });
    const withPaper = analysisOf({
      contents: [...phones.contents, { group: "paper-books", score: 0.1, share: 0.1 }],
    });
    expect(evidence({ analysis: withPaper, matches: documents })).toEqual(["DOCUMENTS_NOT_FLAT 1.641"]);
  });
});

describe("other sources", () => {
  it("show central's figure for another target without counting it", () => {
    const risk = { p: 0.3, basePrior: 0.02, model: "decl-1", asOf: "2026-03-01T00:00:00Z" };
    expect(evidence({ matches: declared({ declRisk: { ...risk, target: "revenue" } }) })).toEqual([
      "CENTRAL_RISK 0.000",
    ]);
    const figure = (target: "revenue" | "any_irregularity") =>
      fuse(inputOf({ matches: declared({ declRisk: { ...risk, target } }) })).score.declared;
    expect([figure("revenue"), figure("any_irregularity")]).toEqual([null, 0.3]);
    expect(evidence({ matches: declared({ declRisk: risk }) })).toEqual(["CENTRAL_RISK 2.131"]);
    expect(evidence({ matches: declared({ declRisk: { ...risk, p: 0.01 } }) })).toEqual([
      "CENTRAL_RISK -0.492",
    ]);
  });

  it("count more pieces than declared, not fewer", () => {
    const { aedId } = declarationOf();
    expect(evidence({ matches: declared(), piecesSeen: { [aedId]: 2 } })).toEqual(["PIECES_MISMATCH 0.700"]);
    expect(
      evidence({
        matches: declared({ consignment: { packageCount: 4, grossMassKg: 9 } }),
        piecesSeen: { [aedId]: 3 },
      }),
    ).toEqual([]);
  });

  it("count alarms of the portal; its faults are told and weigh nothing", () => {
    const portal = (gamma: "alarm" | "fault" | "normal", neutron: "alarm" | null) =>
      evidence({
        scan: scanOf({ measured: { ...scanOf().measured, radiation: { gamma, neutron, sigma: 8 } } }),
      });
    expect(portal("alarm", "alarm")).toEqual(["RADIATION_NEUTRON 4.000", "RADIATION_GAMMA 1.500"]);
    expect(portal("fault", null)).toEqual(["RADIATION_GAMMA 0.000"]);
    expect(portal("normal", null)).toEqual([]);
  });
});
