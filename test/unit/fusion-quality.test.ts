import { describe, expect, it } from "vitest";
import { fuse } from "../../device/fusion/fuse.ts";
import { hitData } from "../../device/fusion/hit.ts";
import { assessQuality } from "../../device/fusion/quality.ts";
import { DEFAULT_THRESHOLDS, type OwnThresholds } from "../../device/fusion/quality-thresholds.ts";
import { fusionSettings } from "../../device/fusion/settings.ts";
import { DEFAULT_STOP_TERMS, isVague, normaliseTerms } from "../../device/fusion/stop-terms.ts";
import type { Declaration } from "../../protocols/declaration.ts";
import { QUALITY_METRICS } from "../../protocols/vocabulary.ts";
import { declarationOf, inputOf, settingsOf, stored, weighed } from "../fixtures/fusion.ts";

const [ITEM] = declarationOf().items ?? [];
const { consignment: CONSIGNMENT, parties: PARTIES } = declarationOf();

function findings(more: Partial<Declaration>): readonly string[] {
  return assessQuality(stored(declarationOf(more)), settingsOf()).findings.map(
    (one) => `${one.metric} ${one.pointer}: ${one.message}`,
  );
}

function withItem(more: Partial<NonNullable<typeof ITEM>>): Partial<Declaration> {
  return { items: [{ ...(ITEM as NonNullable<typeof ITEM>), ...more }] };
}

describe("data quality of a declaration", () => {
  it("finds nothing in a sound one", () => {
    expect(assessQuality(stored(), settingsOf())).toMatchObject({ score: 1, failed: {}, findings: [] });
  });

  it.each([
    [
      "T1",
      { transport: { mode: "4" as const, eta: "2026-03-01T09:12:09Z" } },
      "42A/D011",
      "received 1.0 h before arrival, due 2 h before",
    ],
    ["C1", { items: [] }, "42A/67A/68A", "no goods item is declared"],
    ["C2", withItem({ hs6: undefined }), "42A/67A/68A[1]/23A", "1 of 1 items: HS code missing"],
    [
      "C3",
      { consignment: { ...CONSIGNMENT, packageCount: 1, grossMassKg: 0 } },
      "42A/131",
      "gross mass missing or 0 kg",
    ],
    [
      "C4",
      {
        parties: {
          ...PARTIES,
          consignee: { kind: "natural" as const, country: "NL", nameQ: "placeholder" as const },
        },
      },
      "42A/27A",
      "consignee incomplete: name",
    ],
    [
      "C5",
      withItem({ originCountry: undefined }),
      "42A/67A/68A[1]/92A/063",
      "1 of 1 items: country of origin missing",
    ],
    [
      "A1",
      withItem({ description: "Gift" }),
      "42A/67A/68A[1]/23A/137",
      "1 of 1 items: description vague (stop terms 2026.2)",
    ],
    [
      "A3",
      withItem({ value: { amount: "1.00", currency: "EUR" } }),
      "42A/67A/68A[1]/23A/108",
      "1 of 1 items: value is 0 or 1",
    ],
    ["A4", withItem({ netMassKg: 2.5 }), "42A/131", "net masses sum to 2.50 kg, gross mass is 1.84 kg"],
    [
      "A6",
      { identifiers: [{ scheme: "SSCC" as const, value: "1", checkOk: false }] },
      "42A/D026",
      "check digit wrong: 1 identifier(s), first of scheme SSCC",
    ],
  ])("finds %s", (metric, more, pointer, message) => {
    expect(findings(more)).toEqual([`${metric} ${pointer}: ${message}`]);
  });

  it.each([
    [
      "T3",
      { issuedAt: "2026-02-27T08:12:00Z" },
      "42A/D011",
      "received 48 h after it was issued, prompt is 24 h",
    ],
    [
      "T3",
      { function: "amend" as const, transport: { ata: "2026-03-01T06:00:00Z", mode: "5" as const } },
      "42A/017",
      "amended after arrival",
    ],
    ["C1", { parties: undefined }, "42A/30A", "required but missing: consignor, consignee"],
    ["C1", { sourceRegime: "ICS2_F32" as const }, "42A/35B/009", "required but missing: UCR"],
    [
      "A2",
      withItem({ hs6: "850440", description: "ceramic mugs" }),
      "42A/67A/68A[1]/23A",
      "1 of 1 items: description and HS code name other goods",
    ],
    ["A6", withItem({ originCountry: "ZZ" }), "42A/092", "1 country code(s) that ISO 3166 does not know"],
    [
      "A6",
      { identifiers: [{ scheme: "S10" as const, value: "RR473124828GB" }] },
      "42A/D026",
      "check digit wrong: 1 identifier(s), first of scheme S10",
    ],
    [
      "A6",
      { equipment: [{ id: "CSQU3054384", kind: "container" as const }] },
      "42A/31B/159",
      "check digit wrong: 1 container(s)",
    ],
    ["A6", { transport: { imo: "8814274" } }, "42A/ABT", "check digit wrong: IMO number of the ship"],
    [
      "K1",
      withItem({ quantityUnit: "QQ" }),
      "42A/67A/68A[1]/65A/UNIT",
      "1 of 1 items: unit or package code not in the UN/ECE lists",
    ],
    [
      "K1",
      withItem({ hs6: "770130" }),
      "42A/67A/68A[1]/23A",
      "1 of 1 items: HS code of a chapter that does not exist",
    ],
    [
      "K4",
      {
        consignment: { ...CONSIGNMENT, packageCount: 1, category: "gift" as const },
        transaction: { orderToken: "k1:AAAAAAAAAAAAAAAAAAAAAA" },
      },
      "42A/67A",
      "declared a gift, but ordered on a platform",
    ],
    [
      "K4",
      withItem({ value: { amount: "20.00", currency: "GBP" } }),
      "42A/109",
      "the items' values sum to 20.00, the total is 35.00",
    ],
  ])("finds %s: %j", (metric, more, pointer, message) => {
    expect(findings(more)).toContain(`${metric} ${pointer}: ${message}`);
  });

  it("finds K1 in money that no state issues, and K3 in many consignments to one consignee", () => {
    const money = { ...CONSIGNMENT, packageCount: 1, totalValue: { amount: "35.00", currency: "QQQ" } };
    expect(findings({ consignment: money }).join()).toContain("K1 42A/109: 1 currency code(s)");
    const count = (consignments: number | undefined) =>
      assessQuality(stored(), settingsOf(), { consignments }).findings.map(({ metric }) => metric);
    expect([count(4), count(5), count(undefined)]).toEqual([[], ["K3"], []]);
  });

  it("finds by the scan that the mass and the pieces are not those declared, and says it once in the score", () => {
    const scan = weighed(2.9);
    const { aedId } = declarationOf();
    const input = inputOf({ scan, matches: [stored()], piecesSeen: { [aedId]: 2 } });
    const { declarations, score } = hitData(input);
    expect(declarations[0]?.quality.findings).toEqual([
      { metric: "A4", pointer: "42A/131", message: "gross mass is 1.84 kg, measured 2.9 kg" },
      { metric: "A5", pointer: "42A/144", message: "1 pieces declared, 2 seen" },
    ]);
    expect(declarations[0]?.quality.score).toBeCloseTo(1 - 0.3 - 0.2, 12);
    expect(score.evidence.map(({ code }) => code).sort()).toEqual(["MASS_MISMATCH", "PIECES_MISMATCH"]);
    // Fewer pieces say nothing: the others may still come.
    const fewer = declarationOf({ consignment: { ...CONSIGNMENT, packageCount: 3 } });
    const some = hitData(inputOf({ matches: [stored(fewer)], piecesSeen: { [aedId]: 2 } }));
    expect(some.declarations[0]?.quality.findings).toEqual([]);
  });

  it("finds prices that such goods do not have, at either end, and leaves the evidence to the value", () => {
    const priced = (amount: string) =>
      declarationOf({
        ...withItem({ value: { amount, currency: "GBP" } }),
        consignment: { ...CONSIGNMENT, packageCount: 1, totalValue: { amount, currency: "GBP" } },
      });
    const metrics = (amount: string, quality: OwnThresholds = {}) =>
      assessQuality(stored(priced(amount)), { ...settingsOf(), quality }).findings.map(
        ({ metric }) => metric,
      );
    expect([metrics("2.00"), metrics("35.00"), metrics("9000.00")]).toEqual([["A3"], [], ["A3"]]);
    expect(metrics("9000.00", { priceDeviations: 10 })).toEqual([]);
    const codes = (amount: string) =>
      fuse(inputOf({ matches: [stored(priced(amount))] })).score.evidence.map(({ code }) => code);
    expect([codes("2.00"), codes("9000.00")]).toEqual([["VALUE_SUSPECT"], []]);
  });

  it("asks of an export that it comes before departure", () => {
    const export_ = {
      direction: "export" as const,
      transport: { mode: "4" as const, etd: "2026-03-01T08:00:00Z" },
    };
    expect(findings(export_)).toEqual(["T1 42A/D011: received 0.2 h after departure, due 0 h before"]);
  });

  it("counts consignments of low value only as split", () => {
    const dear = { ...CONSIGNMENT, packageCount: 1, totalValue: { amount: "900.00", currency: "GBP" } };
    const found = (consignment: Declaration["consignment"], quality: OwnThresholds = {}) =>
      assessQuality(
        stored(declarationOf({ consignment, items: [] })),
        { ...settingsOf(), quality },
        { consignments: 6 },
      )
        .findings.filter(({ metric }) => metric === "K3")
        .map(({ message }) => message);
    expect(found(CONSIGNMENT)).toEqual(["6 live consignments to this consignee in 7 days"]);
    expect([found(dear), found(CONSIGNMENT, { splitFrom: 7 })]).toEqual([[], []]);
  });

  it("costs by a weight for every metric of a declaration, which a site can set", () => {
    const metrics = Object.keys(QUALITY_METRICS).filter((metric) => metric !== "T2");
    expect(Object.keys(DEFAULT_THRESHOLDS.weights).sort()).toEqual(metrics.sort());
    const own = fusionSettings({ quality: { weights: { C1: 0.7 }, massTolerance: { kg: 0.4 } } });
    expect(own.massTolerance).toEqual({ kg: 0.4, share: 0.05 });
    const { score } = assessQuality(stored(declarationOf({ parties: undefined })), own);
    expect(score).toBeLessThan(
      assessQuality(stored(declarationOf({ parties: undefined })), settingsOf()).score,
    );
  });

  it("measures against the thresholds it is given", () => {
    const found = (quality: OwnThresholds, more: Partial<Declaration>) =>
      assessQuality(stored(declarationOf(more)), {
        ...settingsOf(),
        quality,
      }).findings.map(({ metric }) => metric);
    const air = { transport: { mode: "4" as const, eta: "2026-03-01T09:12:09Z" } };
    expect([found({}, air), found({ leadHours: { air: 1 } }, air)]).toEqual([["T1"], []]);
    const slow = { issuedAt: "2026-02-27T08:12:00Z" };
    expect([found({}, slow), found({ latencyHours: 72 }, slow)]).toEqual([["T3"], []]);
    const just = { ...CONSIGNMENT, packageCount: 1, totalValue: { amount: "149.00", currency: "EUR" } };
    expect([
      found({}, { consignment: just }),
      found({ valueLevels: { EUR: 150 } }, { consignment: just }),
    ]).toEqual([[], ["A3"]]);
    const heavy = withItem({ netMassKg: 1.95 });
    expect([found({}, heavy), found({ massMargin: 0.1 }, heavy)]).toEqual([["A4"], []]);
    const short = withItem({ description: "cotton blanket" });
    expect([found({}, short), found({ words: { withCode: 3, without: 3 } }, short)]).toEqual([[], ["A1"]]);
    const sum = withItem({ value: { amount: "33.00", currency: "GBP" } });
    expect([found({}, sum), found({ sumMargin: 0.1 }, sum)]).toEqual([["K4"], []]);
    expect(found({ placeholderAmounts: [35] }, {})).toEqual(["A3"]);
  });

  it("says which metrics it looked at: a rate is of those", () => {
    const { checked } = assessQuality(
      stored(declarationOf({ consignment: undefined, parties: undefined })),
      settingsOf(),
    );
    expect(checked).not.toContain("C2");
    expect(checked).not.toContain("C4");
    expect(checked).not.toContain("T1");
    expect(checked).toContain("C3");
    expect(assessQuality(stored(), settingsOf()).checked).toContain("C2");
  });

  it("asks no HS code of one person's gift to another", () => {
    const parties = {
      consignor: { kind: "natural" as const },
      consignee: { kind: "natural" as const, country: "NL" },
    };
    expect(findings({ ...withItem({ hs6: undefined }), parties })).toEqual([]);
    const gift = { ...CONSIGNMENT, packageCount: 1, category: "gift" as const };
    expect(
      findings({ ...withItem({ hs6: undefined, originCountry: undefined }), consignment: gift }),
    ).toEqual([]);
  });

  it("keeps what parsing dropped, and counts it once a metric", () => {
    const dropped = [1, 2, 3].map((at) => ({
      metric: "K1",
      pointer: `/items/${at}/hs6`,
      message: "is not six digits",
    }));
    const quality = assessQuality(stored(declarationOf(), { findings: dropped }), settingsOf());
    expect(quality.findings).toEqual(dropped);
    expect(quality.score).toBeCloseTo(0.9, 12);
  });

  it("says so where another live declaration carries the same item number", () => {
    const twin = declarationOf({ aedId: "018f2b7e-6a3c-7c1e-9b52-0d6a1f3e4c99" });
    const { score } = fuse(inputOf({ matches: [stored(), stored(twin)] }));
    expect(score.evidence.map((row) => row.code)).toEqual(["DATA_QUALITY_K2"]);
  });

  it("is weak evidence, weaker from a natural person, and bounded", () => {
    const awful: Partial<Declaration> = {
      items: [{ seq: 1, description: "gift", netMassKg: 9 }],
      consignment: {
        ...CONSIGNMENT,
        packageCount: 1,
        category: "sale_of_goods",
        grossMassKg: 1,
        totalValue: { amount: "0", currency: "EUR" },
      },
      identifiers: [...(declarationOf().identifiers ?? []), { scheme: "SSCC", value: "1", checkOk: false }],
    };
    const sum = (more: Partial<Declaration>) =>
      fuse(inputOf({ matches: [stored(declarationOf(more))] })).score.evidence.reduce(
        (total, row) => total + row.logOdds,
        0,
      );
    expect(sum(awful)).toBeCloseTo(1, 9);
    const vague = withItem({ description: "gift" });
    expect(sum(vague)).toBeCloseTo(0.5, 9);
    expect(sum({ ...vague, parties: { ...PARTIES, consignor: { kind: "natural" } } })).toBeCloseTo(0.25, 9);
  });
});

describe("stop terms by language", () => {
  it.each([
    "Geschenk",
    "Ersatzteile",
    "cadeaux",
    "pièces détachées",
    "regalos",
    "merce",
    "peças",
    "onderdelen",
    "礼物",
    "衣服",
  ])("calls %j vague", (text) => expect(isVague(text, DEFAULT_STOP_TERMS)).toBe(true));

  it.each([
    "Damen Strickjacke Baumwolle",
    "robe en coton",
    "zapatos de cuero hombre",
    "棉质连衣裙",
    "皮鞋男士",
  ])("lets %j pass", (text) => expect(isVague(text, DEFAULT_STOP_TERMS)).toBe(false));

  it("looks only at the terms of a text's own language where it is known", () => {
    // Waren are goods in German, a place in English.
    const limits = { ...DEFAULT_THRESHOLDS, words: { withCode: 1, without: 1 } };
    expect(isVague("Waren", DEFAULT_STOP_TERMS, true, { ...limits, language: "de" })).toBe(true);
    expect(isVague("Waren", DEFAULT_STOP_TERMS, true, { ...limits, language: "en" })).toBe(false);
    expect(isVague("Waren", DEFAULT_STOP_TERMS, true, limits)).toBe(true);
    // Of a language without a list all are looked at.
    expect(isVague("Waren", DEFAULT_STOP_TERMS, true, { ...limits, language: "fi" })).toBe(true);
  });

  it("holds eight languages, none of them empty, under one version", () => {
    expect(DEFAULT_STOP_TERMS.version).toBe("2026.2");
    const sizes = Object.entries(DEFAULT_STOP_TERMS.languages ?? {}).map(([language, terms]) => [
      language,
      terms.size > 25,
    ]);
    expect(sizes).toEqual(
      ["en", "de", "fr", "es", "it", "pt", "nl", "zh"].map((language) => [language, true]),
    );
  });
});

describe("stop terms", () => {
  it.each([
    "gift",
    "GIFTS!",
    "Auto Parts",
    "parts",
    "various goods",
    "freight of all kinds",
    "sample 3 pcs",
    "ok",
    "clothes, shoes",
    "blanket",
  ])("calls %j vague", (text) => expect(isVague(text, DEFAULT_STOP_TERMS)).toBe(true));

  it.each([
    "brake discs for passenger cars",
    "knitted cotton baby blanket",
    "men's leather shoes size 42",
    "gift box with ceramic mugs",
  ])("lets %j pass", (text) => expect(isVague(text, DEFAULT_STOP_TERMS)).toBe(false));

  it("asks one telling word only beside an HS code", () => {
    expect(isVague("trousers", DEFAULT_STOP_TERMS, true)).toBe(false);
    expect(isVague("shoes", DEFAULT_STOP_TERMS, true)).toBe(true);
  });

  it("compares normalised words", () => {
    expect(normaliseTerms("  Ｂａｔｔｅｒｉｅｓ, 2x Boxes / glass ")).toEqual([
      "battery",
      "x",
      "box",
      "glass",
    ]);
  });
});
