import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseDeclaration } from "../../protocols/declaration.ts";
import { IMAGE_FIGURES } from "../../simulator/season/image-figures.ts";
import { GRID, valueAt } from "../../simulator/season/image-table.ts";
import { KINDS, SEASONS } from "../../simulator/season/parameters.ts";
import { drawSeason } from "../../simulator/season/season.ts";

const draw = (count: number, seed = 1, season: "standard" | "shifted" = "standard") =>
  drawSeason({ seed, season, count, table: IMAGE_FIGURES });

describe("a simulated season", () => {
  test("the parameters are those that were frozen as season-3", () => {
    const digest = createHash("sha256").update(JSON.stringify(SEASONS)).digest("hex");
    expect(digest).toBe("6fcb2beceea4efe010ea2c8511dee19408f4f165706f9a4d942ff758a4554aba");
  });

  test("the same seed gives the same consignments, another seed others", () => {
    expect(JSON.stringify(draw(50))).toBe(JSON.stringify(draw(50)));
    expect(JSON.stringify(draw(50))).not.toBe(JSON.stringify(draw(50, 2)));
  });

  test("two in a hundred are irregular, of all eight kinds", () => {
    const { items } = draw(20_000);
    const irregular = items.filter(({ kind }) => kind !== null);
    expect(irregular.length / items.length).toBeGreaterThan(0.012);
    expect(irregular.length / items.length).toBeLessThan(0.028);
    expect(new Set(irregular.map(({ kind }) => kind))).toEqual(new Set(KINDS));
    expect(items.map(({ capturedAt }) => capturedAt)).toEqual(
      items.map(({ capturedAt }) => capturedAt).toSorted((one, other) => one - other),
    );
  });

  test.each(["standard", "shifted"] as const)("the declarations of the %s season can be read", (season) => {
    const { items } = draw(400, 3, season);
    for (const { declaration } of items) {
      if (declaration === null) continue;
      const parsed = parseDeclaration(declaration);
      expect(parsed.ok && parsed.findings).toEqual([]);
    }
    expect(items.some(({ declaration }) => declaration === null)).toBe(true);
  });

  test("what models would say is drawn from what was measured", () => {
    expect(IMAGE_FIGURES.provenance.models.join()).toContain("threat-detector@");
    expect(valueAt([], 0.5)).toBe(null);
    const steps = GRID.map((share) => share * 10);
    expect(valueAt(steps, 0)).toBe(0);
    expect(valueAt(steps, 0.905)).toBeCloseTo(9.05, 9);
    expect(valueAt(steps, 1)).toBe(10);
  });
});
