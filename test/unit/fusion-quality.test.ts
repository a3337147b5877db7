import { describe, expect, it } from "vitest";
import { fuse } from "../../device/fusion/fuse.ts";
import { assessQuality } from "../../device/fusion/quality.ts";
import { DEFAULT_STOP_TERMS, isVague, normaliseTerms } from "../../device/fusion/stop-terms.ts";
import type { Declaration } from "../../protocols/declaration.ts";
import { declarationOf, inputOf, settingsOf, stored } from "../fixtures/fusion.ts";

const [ITEM] = declarationOf().items ?? [];
const CONSIGNMENT = declarationOf().consignment;

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
    expect(assessQuality(stored(), settingsOf())).toEqual({ score: 1, failed: {}, findings: [] });
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
    ["C3", { consignment: { packageCount: 1, grossMassKg: 0 } }, "42A/131", "gross mass missing or 0 kg"],
    [
      "C4",
      { parties: { consignee: { kind: "natural" as const, nameQ: "placeholder" as const } } },
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
      "1 of 1 items: description vague (stop terms en-2026.1)",
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

  it("asks no HS code of one person's gift to another", () => {
    const parties = { consignor: { kind: "natural" as const }, consignee: { kind: "natural" as const } };
    expect(findings({ ...withItem({ hs6: undefined }), parties })).toEqual([]);
    const gift = { packageCount: 1, grossMassKg: 1.84, category: "gift" as const };
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
    expect(sum({ ...vague, parties: { consignor: { kind: "natural" } } })).toBeCloseTo(0.25, 9);
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
