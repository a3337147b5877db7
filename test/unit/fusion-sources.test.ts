import { describe, expect, it } from "vitest";
import { fuse } from "../../device/fusion/fuse.ts";
import { hitData } from "../../device/fusion/hit.ts";
import type { FusionInput } from "../../device/fusion/input.ts";
import type { Declaration } from "../../protocols/declaration.ts";
import { hitSchema } from "../../protocols/mqtt/hit.ts";
import {
  analysisOf,
  declarationOf,
  detection,
  inputOf,
  scanOf,
  sealed,
  settingsOf,
  stored,
} from "../fixtures/fusion.ts";

const AED = declarationOf().aedId;

function declared(more: Partial<Declaration> = {}): FusionInput["matches"] {
  return [stored(declarationOf(more))];
}

function rowOf(source: string, more: Partial<FusionInput>) {
  return fuse(inputOf(more)).score.evidence.find((row) => row.source === source);
}

/** A consignment of a kilogram of what the items say, of this value. */
function worth(euros: string, hs6 = "851713"): Partial<Declaration> {
  return {
    consignment: {
      category: "sale_of_goods",
      packageCount: 1,
      grossMassKg: 1.1,
      totalValue: { amount: euros, currency: "EUR" },
    },
    items: [{ seq: 1, description: "mobile telephones", hs6, netMassKg: 1, originCountry: "CN" }],
  };
}

describe("the value", () => {
  it("speaks where the price is far below the usual, with its numbers, and never where it is high", () => {
    const row = rowOf("value", { matches: declared(worth("3.00")) });
    expect(row?.code).toBe("VALUE_SUSPECT");
    expect(row?.logOdds).toBeGreaterThan(0);
    expect(row?.detail).toBe("declared 3 EUR for 1 kg: 3 EUR a kg, where goods like these cost about 110");
    expect(rowOf("value", { matches: declared(worth("90.00")) })).toBeUndefined();
    expect(rowOf("value", { matches: declared(worth("90000.00")) })).toBeUndefined();
  });

  it("says nothing of a placeholder, an unknown currency or goods that are not clear", () => {
    expect(rowOf("value", { matches: declared(worth("0")) })).toBeUndefined();
    const odd = worth("3.00");
    const consignment = { ...odd.consignment, totalValue: { amount: "3.00", currency: "XTS" } };
    expect(
      rowOf("value", { matches: declared({ ...odd, consignment } as Partial<Declaration>) }),
    ).toBeUndefined();
    const vague = { ...odd, items: [{ seq: 1, description: "gift", netMassKg: 1 }] };
    expect(rowOf("value", { matches: declared(vague) })).toBeUndefined();
  });

  it("is measured against what the site knows of its goods, where it says so", () => {
    const settings = settingsOf({ unitValues: { electronics: { eurPerKg: 4, spread: 1 } } });
    expect(rowOf("value", { settings, matches: declared(worth("3.00")) })).toBeUndefined();
  });
});

describe("splitting", () => {
  const many = (consignments: number) => ({ splitting: { [AED]: { consignments, days: 7 } } });

  it("speaks from the fourth consignment of low value to one party on", () => {
    const matches = declared(worth("120.00"));
    expect(rowOf("splitting", { matches, ...many(3) })).toBeUndefined();
    const row = rowOf("splitting", { matches, ...many(6) });
    expect(row).toMatchObject({ code: "SPLIT_CONSIGNMENT", logOdds: 0.8 });
    expect(row?.detail).toContain("6 consignments to this party in 7 days");
    expect(rowOf("splitting", { matches, ...many(100) })?.logOdds).toBe(1.6);
  });

  it("says nothing of a consignment for which duty is due anyway", () => {
    expect(rowOf("splitting", { matches: declared(worth("900.00")), ...many(9) })).toBeUndefined();
  });
});

describe("similar scans", () => {
  const scanId = "019ca000-0000-7000-8000-0000000000ff";

  it("raise the score where something was found in the earlier one", () => {
    const row = rowOf("similar", { similarFound: [{ scanId, similarity: 0.97 }] });
    expect(row).toMatchObject({ code: "SIMILAR_TO_HIT", logOdds: 2 });
    expect(rowOf("similar", { similarFound: [{ scanId, similarity: 0.7 }] })).toBeUndefined();
    expect(rowOf("similar", { similarFound: [{ scanId: scanOf().scanId, similarity: 1 }] })).toBeUndefined();
  });
});

describe("documents", () => {
  const heavy = analysisOf({
    contents: [
      { group: "metals", score: 0.9, share: 0.8 },
      { group: "paper-books", score: 0.1, share: 0.1 },
    ],
  });

  it("that the image shows as something else are told, by category or Immediate Release category", () => {
    const by = (consignment: Partial<Declaration["consignment"]>) =>
      rowOf("documents", {
        analysis: heavy,
        matches: declared({ consignment: { packageCount: 1, ...consignment }, items: [] }),
      });
    expect(by({ category: "documents" })?.code).toBe("DOCUMENTS_NOT_FLAT");
    expect(by({ category: "documents" })?.logOdds).toBeGreaterThan(0);
    expect(by({ irgCategory: 1 })?.code).toBe("DOCUMENTS_NOT_FLAT");
    expect(by({ category: "gift", irgCategory: 1 })).toBeUndefined();
  });
});

describe("parties", () => {
  const token = "k1:AAAAAAAAAAAAAAAAAAAAAA";

  it("on the watch list raise the score, by their token alone", () => {
    const matches = declared({ parties: { consignor: { kind: "legal", token } } });
    const settings = settingsOf({ watchList: new Set([token]) });
    expect(rowOf("watch-list", { matches, settings })).toMatchObject({ code: "WATCH_LIST", logOdds: 2.5 });
    expect(rowOf("watch-list", { matches, settings })?.detail).not.toContain(token);
    expect(rowOf("watch-list", { matches, settings: settingsOf() })).toBeUndefined();
  });

  it("that are trusted lower it, and say so", () => {
    const matches = declared({ parties: { declarant: { kind: "legal", aeo: true } } });
    expect(rowOf("trader", { matches })).toMatchObject({ code: "TRUSTED_TRADER", logOdds: -0.7 });
    expect(fuse(inputOf({ matches })).reasons.map(({ code }) => code)).toContain("TRUSTED_TRADER");
  });
});

describe("the gateway's own risk model", () => {
  const risk = { p: 0.6, prevalence: 0.2, model: "declaration-risk@0.1.0" };

  it("speaks of a declaration, within its reach", () => {
    const row = rowOf("risk", { matches: declared(), declarationRisk: risk });
    expect(row).toMatchObject({ code: "DECLARATION_RISK", logOdds: 1 });
    expect(row?.detail).toBe(
      "the declaration's data: risk 60 % where 20 % is usual (declaration-risk@0.1.0)",
    );
    expect(rowOf("risk", { declarationRisk: risk })).toBeUndefined();
    expect(rowOf("risk", { matches: declared(), declarationRisk: null })).toBeUndefined();
    expect(
      rowOf("risk", { matches: declared(), declarationRisk: { ...risk, p: Number.NaN } }),
    ).toBeUndefined();
  });
});

describe("what would have changed the outcome", () => {
  it("stands behind each reason without which the band were another", () => {
    const matches = declared({
      parties: { consignor: { kind: "legal", token: "k1:AAAAAAAAAAAAAAAAAAAAAA" } },
    });
    const settings = settingsOf({ watchList: new Set(["k1:AAAAAAAAAAAAAAAAAAAAAA"]) });
    const { reasons, score } = fuse(inputOf({ matches, settings }));
    expect(score.band).toBe("medium");
    expect(reasons[0]?.text).toBe("On the authority's watch list: consignor; without this: 2 %, band low");
  });
});

describe("calibration", () => {
  const sources = {
    mass: { slope: 2, offset: 0.1, discount: 0.5 },
    "watch-list": { slope: 0, offset: 0, discount: 1 },
  };
  const settings = settingsOf({ calibration: { name: "test", sources } });

  it("is a line and a discount of each source by itself", () => {
    const scan = { ...scanOf(), measured: { ...scanOf().measured, massKg: 2.04, massStable: true } };
    const row = rowOf("mass", { settings, scan, matches: declared() });
    expect(row?.logOdds).toBeCloseTo(0.5 * (2 * Math.log(2) + 0.1), 9);
  });

  it("may silence a source, but not turn an accusation into an excuse", () => {
    const against = { value: { slope: -1, offset: 0, discount: 1 } };
    const turned = settingsOf({ calibration: { name: "test", sources: against } });
    expect(rowOf("value", { settings: turned, matches: declared(worth("3.00")) })?.logOdds).toBe(0);
  });
});

describe("the selection", () => {
  const scanWith = (n: number) =>
    scanOf({ scanId: `019ca000-0000-7000-8000-${n.toString(16).padStart(12, "0")}` });

  it("draws at random what nothing else selects, with the chance that it had, and the same in each revision", () => {
    const settings = settingsOf({ randomRate: 0.1 });
    const picks = Array.from({ length: 500 }, (_, n) => fuse(inputOf({ settings, scan: scanWith(n) })));
    const drawn = picks.filter(({ selection }) => selection.mode === "random");
    expect(drawn.length).toBeGreaterThan(25);
    expect(drawn.length).toBeLessThan(80);
    for (const { selection, recommendation } of drawn) {
      expect(selection.probability).toBe(0.1);
      expect(recommendation).toBe("PHYS_EXAM");
    }
    const again = fuse(inputOf({ settings, scan: scanWith(3), matches: declared(), revision: 2 }));
    expect(again.selection).toEqual(picks[3]?.selection);
  });

  it("says that an alarm is selected by its risk, and that all are where the rate is one", () => {
    const alarm = analysisOf({ detections: [detection("firearm", 0.999)] });
    expect(fuse(inputOf({ analysis: alarm })).selection).toEqual({ mode: "risk", probability: 1 });
    const all = settingsOf({ randomRate: 1 });
    expect(fuse(inputOf({ settings: all })).selection).toEqual({ mode: "all", probability: 1 });
    expect(fuse(inputOf()).selection).toEqual({ mode: "risk", probability: 0 });
    const synthetic = scanOf({ origin: "SYNTHETIC" });
    expect(fuse(inputOf({ settings: all, scan: synthetic })).selection.probability).toBe(0);
  });

  it("opens a random pick whatever milder is advised, but scans again first what cannot be seen", () => {
    const settings = settingsOf({ randomRate: 1 });
    const of = (code: "OPAQUE_REGION" | "IMAGE_QUALITY") =>
      fuse(inputOf({ settings, analysis: analysisOf({ problems: [{ code, text: "as said" }] }) }))
        .recommendation;
    expect(of("OPAQUE_REGION")).toBe("PHYS_EXAM");
    expect(of("IMAGE_QUALITY")).toBe("RESCAN");
    const asked = declared({ direction: "export", placi: { status: "RFI" } });
    expect(fuse(inputOf({ settings, matches: asked })).recommendation).toBe("RFS");
  });

  it("follows the flow that the declaration names", () => {
    const flows = { postal: { prior: 0.2, bands: { medium: 0.1, high: 0.5 }, randomRate: 1 } };
    const { score, selection } = fuse(inputOf({ settings: settingsOf({ flows }), matches: declared() }));
    expect(score.prior).toBe(0.2);
    expect(score.bands).toEqual({ medium: 0.1, high: 0.5 });
    expect(selection.mode).toBe("all");
    expect(fuse(inputOf({ settings: settingsOf({ flows }) })).score.prior).toBe(0.02);
  });
});

describe("the recommendation", () => {
  const poor = (more: Partial<Declaration> = {}): FusionInput["matches"] =>
    declared({
      items: [{ seq: 1, description: "gift" }],
      consignment: { category: "gift", packageCount: 1 },
      ...more,
    });
  const advised = (more: Partial<FusionInput>) => fuse(inputOf(more)).recommendation;

  it("checks poor papers before release, or after it for trusted traders, returns and a busy site", () => {
    expect(advised({ matches: poor() })).toBe("DOC_CHECK");
    expect(advised({ matches: poor({ parties: { declarant: { kind: "legal", aeo: true } } }) })).toBe(
      "RELEASE_PCA",
    );
    const back = { consignment: { category: "returned_goods" as const, packageCount: 1 } };
    expect(advised({ matches: poor(back) })).toBe("RELEASE_PCA");
    const settings = settingsOf({ examinationsPerHour: 10 });
    expect(advised({ matches: poor(), settings, proposedLastHour: 10 })).toBe("RELEASE_PCA");
    expect(advised({ matches: poor(), settings, proposedLastHour: 9 })).toBe("DOC_CHECK");
    expect(advised({ matches: poor({ direction: "export" }) })).toBe("RFI");
  });

  it("never lets trust, returns or capacity touch an alarm", () => {
    const settings = settingsOf({ examinationsPerHour: 0, floor: { firearm: 0.5 } });
    const analysis = analysisOf({ detections: [detection("firearm", 0.9)] });
    const matches = declared({ parties: { declarant: { kind: "legal", aeo: true } } });
    expect(advised({ settings, analysis, matches, proposedLastHour: 50 })).toBe("HOLD");
  });

  it("goes by the Immediate Release category and the de minimis limit", () => {
    const of = (irgCategory: number, euros: string, change: Partial<Declaration> = {}) => {
      const base = declarationOf();
      const value = { amount: euros, currency: "EUR" };
      const consignment = { ...base.consignment, packageCount: 1, irgCategory, totalValue: value };
      // So heavy that 600 EUR are no strange price.
      const items = (base.items ?? []).map((item) => ({ ...item, value, netMassKg: 1.8 }));
      return declared({ consignment, items, ...change });
    };
    const noOrigin = (euros: string) => {
      const [item] = declarationOf().items ?? [];
      const { originCountry: _, ...rest } = item ?? { seq: 1, description: "" };
      return { items: [{ ...rest, netMassKg: 1.8, value: { amount: euros, currency: "EUR" } }] };
    };
    expect(advised({ matches: of(2, "60.00") })).toBe("RELEASE");
    expect(advised({ matches: of(2, "600.00") })).toBe("DOC_CHECK");
    expect(advised({ matches: of(3, "600.00") })).toBe("RELEASE");
    expect(advised({ matches: of(3, "600.00", noOrigin("600.00")) })).toBe("RELEASE_PCA");
    expect(advised({ matches: of(4, "6000.00", noOrigin("6000.00")) })).toBe("DOC_CHECK");
    const transit = { ...noOrigin("600.00"), direction: "transit" as const };
    expect(advised({ matches: of(3, "600.00", transit) })).toBe("RELEASE");
  });

  it("asks for a second method where the authority asked for screening, and keeps what must not be loaded", () => {
    const asked = (status: "RFS" | "RFI" | "DNL", direction: "import" | "export", methods?: string[]) =>
      advised({ matches: declared({ direction, placi: { status, ...(methods && { methods }) } }) });
    expect(asked("RFS", "export")).toBe("ALT_SCREEN");
    expect(asked("RFS", "export", ["XRY", "EDD"])).toBe("RELEASE");
    expect(asked("RFI", "export")).toBe("RFI");
    expect(asked("RFI", "import")).toBe("DOC_CHECK");
    expect(asked("DNL", "export")).toBe("DNL");
    expect(asked("DNL", "import")).toBe("HOLD");
    const { reasons } = fuse(inputOf({ matches: declared({ placi: { status: "RFS" } }) }));
    expect(reasons.some(({ text }) => text.includes("second method"))).toBe(true);
  });
});

it("a hit of all sources is one that the contract accepts", () => {
  const token = "k1:AAAAAAAAAAAAAAAAAAAAAA";
  const input = inputOf({
    matches: declared({ ...worth("3.00"), parties: { consignor: { kind: "legal", token, aeo: true } } }),
    settings: settingsOf({ watchList: new Set([token]), randomRate: 0.5 }),
    splitting: { [AED]: { consignments: 8, days: 7 } },
    similarFound: [{ scanId: "019ca000-0000-7000-8000-0000000000ff", similarity: 0.97 }],
    declarationRisk: { p: 0.6, prevalence: 0.2, model: "declaration-risk@0.1.0" },
  });
  const hit = hitSchema.parse(sealed(hitData(input)));
  const sources = hit.score.evidence.map(({ source }) => source);
  expect(sources).toEqual(
    expect.arrayContaining(["value", "splitting", "similar", "watch-list", "trader", "risk"]),
  );
});
