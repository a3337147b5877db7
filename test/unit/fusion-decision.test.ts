import { describe, expect, it } from "vitest";
import { fuse } from "../../device/fusion/fuse.ts";
import type { FusionInput } from "../../device/fusion/input.ts";
import type { Analysis } from "../../device/scan.ts";
import type { Declaration } from "../../protocols/declaration.ts";
import {
  analysisOf,
  declarationOf,
  detection,
  inputOf,
  scanOf,
  settingsOf,
  stored,
} from "../fixtures/fusion.ts";

function verdict(more: Partial<FusionInput>): string {
  const { decision, recommendation, score } = fuse(inputOf(more));
  return `${decision} ${recommendation} ${score.band}`;
}

function seen(...detections: Analysis["detections"]): Analysis {
  return analysisOf({ detections });
}

function declared(more: Partial<Declaration> = {}): FusionInput["matches"] {
  return [stored(declarationOf(more))];
}

const FIREARM_FLOOR = settingsOf({ floor: { firearm: 0.8 } });
const ALARMED = scanOf({
  measured: { ...scanOf().measured, radiation: { gamma: "alarm", neutron: "normal", sigma: 9.24 } },
});
const MODEL_FAULT = { code: "MODEL_FAULT", text: "the detector ran out of time" } as const;

describe("the safety floor", () => {
  it("alarms from its threshold on, whatever the score says, and leaves the probability alone", () => {
    const rare = detection("firearm", 0.8, { prevalence: 0.9 });
    const { score, decision, recommendation, reasons } = fuse(
      inputOf({ settings: FIREARM_FLOOR, analysis: seen(rare), matches: declared() }),
    );
    expect(score.probability).toBeCloseTo(0.02, 12);
    expect(score.floor).toEqual([{ class: "firearm", score: 0.8, threshold: 0.8 }]);
    expect([decision, recommendation, score.band]).toEqual(["ALARM", "HOLD", "high"]);
    expect(reasons[0]).toEqual({
      code: "THREAT_FIREARM",
      weight: 13.8,
      text: "The image shows what looks like: firearm (score 0.80, floor 0.80): alarm whatever else is known",
    });
    expect(verdict({ settings: FIREARM_FLOOR, analysis: seen({ ...rare, score: 0.79 }) })).not.toContain(
      "ALARM",
    );
  });

  it("holds for a class that its package certifies, at the package's threshold", () => {
    const certified = detection("explosive", 0.4, { certified: true, threshold: 0.35, prevalence: 0.5 });
    expect(fuse(inputOf({ analysis: seen(certified) })).score.floor).toEqual([
      { class: "explosive", score: 0.4, threshold: 0.35 },
    ]);
  });

  it("holds for goods that are no alarm by themselves, when the settings name them", () => {
    const settings = settingsOf({ floor: { tobacco: 0.7 } });
    expect(verdict({ settings, analysis: seen(detection("tobacco", 0.75)) })).toBe("ALARM HOLD high");
  });

  it("outlives a revision that has no image to show it", () => {
    const heldFloor = [{ class: "firearm", score: 0.91, threshold: 0.8 }];
    const revised = fuse(inputOf({ heldFloor, matches: declared() }));
    expect(revised.score.floor).toEqual(heldFloor);
    expect([revised.decision, revised.score.band]).toEqual(["ALARM", "high"]);
  });
});

describe("the decision", () => {
  it("is ALARM in band high and on a radiation alarm, CLEAR below, UNKNOWN where nobody looked", () => {
    expect(verdict({ analysis: seen(detection("firearm", 0.9)), matches: declared() })).toBe(
      "ALARM PHYS_EXAM high",
    );
    expect(verdict({ scan: ALARMED, matches: declared() })).toBe("ALARM HOLD medium");
    expect(verdict({ scan: ALARMED, analysis: null })).toBe("ALARM HOLD medium");
    expect(verdict({ matches: declared() })).toBe("CLEAR RELEASE low");
    expect(verdict({ analysis: null })).toBe("UNKNOWN RESCAN low");
    expect(verdict({ analysis: analysisOf({ analysed: false, problems: [MODEL_FAULT] }) })).toBe(
      "UNKNOWN RESCAN low",
    );
  });

  it("says why nobody looked, first of all reasons", () => {
    const noModel = { code: "NO_MODEL", text: "no loaded model accepts pseudo-colour scans" } as const;
    const result = fuse(inputOf({ analysis: analysisOf({ analysed: false, problems: [noModel] }) }));
    expect(result.recommendation).toBe("NO_DECISION");
    expect(result.reasons[0]).toEqual({
      code: "NO_MODEL",
      weight: 13.8,
      text: "No loaded model accepts pseudo-colour scans",
    });
    expect(fuse(inputOf({ analysis: null })).reasons[0]).toMatchObject({ code: "MODEL_FAULT", weight: 13.8 });
  });

  it.each([
    ["synthetic", { origin: "SYNTHETIC" }],
    ["augmented", { origin: "AUGMENTED" }],
    ["test", { purpose: "NON_OPERATIONAL" }],
  ] as const)("is not taken on a %s scan, unless the lane decides on such scans", (_name, more) => {
    const item: Partial<FusionInput> = {
      scan: scanOf(more),
      settings: FIREARM_FLOOR,
      analysis: seen(detection("firearm", 0.9)),
    };
    expect(verdict(item)).toBe("UNKNOWN NO_DECISION high");
    expect(verdict({ ...item, decideOnSynthetic: true })).toBe("ALARM HOLD high");
  });
});

describe("the recommendation", () => {
  it("refers an export before loading", () => {
    const matches = declared({ direction: "export" });
    expect(verdict({ matches, settings: FIREARM_FLOOR, analysis: seen(detection("firearm", 0.9)) })).toBe(
      "ALARM DNL high",
    );
    expect(verdict({ matches, analysis: seen(detection("firearm", 0.9)) })).toBe("ALARM RFS high");
    expect(verdict({ matches, analysis: seen(detection("firearm", 0.2)) })).toBe("CLEAR RFS medium");
    const risk = { p: 0.9, basePrior: 0.02, model: "m", asOf: "2026-03-01T00:00:00Z" };
    expect(verdict({ matches: declared({ direction: "export", declRisk: risk }) })).toBe("ALARM RFI high");
  });

  it.each(["import", "transit", "transhipment", undefined] as const)(
    "keeps RFI, RFS and DNL from direction %s",
    (direction) => {
      for (const probability of [0.2, 0.9]) {
        const analysis = seen(detection("firearm", probability));
        expect(verdict({ matches: declared({ direction }), settings: FIREARM_FLOOR, analysis })).not.toMatch(
          /RF|DNL/,
        );
      }
    },
  );

  it("scans again what was badly scanned, and asks another method where the image cannot tell", () => {
    const poor = { code: "IMAGE_QUALITY", text: "air level had to be guessed" } as const;
    const opaque = { code: "OPAQUE_REGION", text: "12 % of the item is opaque" } as const;
    expect(verdict({ matches: declared(), analysis: analysisOf({ problems: [poor] }) })).toBe(
      "CLEAR RESCAN low",
    );
    expect(verdict({ matches: declared(), analysis: analysisOf({ problems: [opaque] }) })).toBe(
      "CLEAR ALT_SCREEN low",
    );
    expect(verdict({ matches: declared(), scan: scanOf({ acquisition: ["INCOMPLETE"] }) })).toBe(
      "CLEAR RESCAN low",
    );
  });

  it("checks papers where only data is wrong, and releases what is sound", () => {
    expect(verdict({})).toBe("CLEAR DOC_CHECK low");
    const worthless = {
      ...declarationOf().consignment,
      packageCount: 1,
      totalValue: { amount: "0", currency: "EUR" },
    };
    const vague = declared({ consignment: worthless, items: [{ seq: 1, description: "gift" }] });
    expect(verdict({ matches: vague })).toBe("CLEAR DOC_CHECK medium");
    const settings = settingsOf({ prior: 0.01 });
    expect(verdict({ settings, matches: vague })).toBe("CLEAR DOC_CHECK low");
    const noOrigin = declared({
      items: [
        {
          seq: 1,
          description: "knitted cotton blanket",
          hs6: "630130",
          netMassKg: 1,
          quantity: 1,
          value: worthless.totalValue,
        },
      ],
    });
    expect(verdict({ matches: declared({ ...noOrigin[0]?.declaration, consignment: worthless }) })).toBe(
      "CLEAR RELEASE_PCA low",
    );
  });

  it("never simply releases a threat above its threshold", () => {
    const common = detection("blade", 0.55, { prevalence: 0.6 });
    expect(verdict({ matches: declared(), analysis: seen(common) })).toBe("CLEAR ALT_SCREEN low");
  });
});
