import { describe, expect, it } from "vitest";
import {
  GOODS_GROUPS,
  goodsGroupOfChapter,
  IDENTIFIER_SCHEMES,
  REASON_CODES,
  reasonForMetric,
  reasonForThreat,
  THREAT_CLASSES,
} from "../../protocols/vocabulary.ts";

describe("vocabularies", () => {
  it("give each threat class and data quality metric its reason code", () => {
    expect(reasonForThreat("radioactive-shielding")).toBe("THREAT_RADIOACTIVE_SHIELDING");
    expect(reasonForMetric("K4")).toBe("DATA_QUALITY_K4");
    for (const threat of THREAT_CLASSES) expect(REASON_CODES[reasonForThreat(threat)]).toContain(threat);
  });

  it("hold each reason code in UPPER_SNAKE with a description of one line", () => {
    const codes = Object.entries(REASON_CODES);
    expect(codes).toHaveLength(13 + 18 + 23);
    for (const [code, text] of codes) {
      expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/);
      expect(text).toMatch(/^.{10,120}$/);
    }
  });

  it("find the goods group of every HS chapter, and of nothing else", () => {
    const wanted: Record<string, string> = {
      "01": "food-organic",
      "24": "food-organic",
      "25": "chemicals",
      "84": "machinery",
    };
    Object.assign(wanted, {
      "85": "electronics",
      "63": "textiles",
      "64": "footwear",
      "93": "arms",
      "99": "other",
    });
    for (const [chapter, group] of Object.entries(wanted)) expect(goodsGroupOfChapter(chapter)).toBe(group);
    expect(goodsGroupOfChapter("630130")).toBe("textiles");
    for (const text of ["00", "1", "1a", "", "123", "١٢"]) expect(goodsGroupOfChapter(text)).toBeNull();
    const groups = new Set(
      Array.from({ length: 99 }, (_, i) => goodsGroupOfChapter(String(i + 1).padStart(2, "0"))),
    );
    expect([...groups, "empty"]).toEqual([...GOODS_GROUPS]);
    expect(new Set(IDENTIFIER_SCHEMES).size).toBe(15);
  });
});
