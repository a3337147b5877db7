import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluationPlots } from "../../device/evaluation/plots.ts";
import { evaluateFusion, type FusionEvaluation } from "../../device/evaluation/run.ts";
import { readSeason } from "../../device/evaluation/season-file.ts";
import { evaluationText } from "../../device/evaluation/text.ts";
import { IMAGE_FIGURES } from "../../simulator/season/image-figures.ts";
import type { SeasonName } from "../../simulator/season/parameters.ts";
import { drawSeason } from "../../simulator/season/season.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

/** A fifth of a season: enough to fit to, not to boast of. */
const CONSIGNMENTS = 6000;

describe("the evaluation of fusion", () => {
  const folder = temporaryFolder();
  let evaluation: FusionEvaluation | null = null;

  function write(name: SeasonName, count: number): string {
    const file = join(folder.path, `${name}.ndjson`);
    const { items, ...head } = drawSeason({ seed: 2, season: name, count, table: IMAGE_FIGURES });
    const lines = [{ schema: "lynceus-season/1", ...head, count: items.length }, ...items];
    writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
    return file;
  }

  beforeAll(async () => {
    const season = await readSeason(write("standard", CONSIGNMENTS));
    const second = await readSeason(write("shifted", CONSIGNMENTS / 3));
    evaluation = evaluateFusion({ season, second, seed: 1, rounds: 20, say: () => undefined });
  }, 600_000);
  afterAll(() => folder[Symbol.dispose]());

  it("fits on the first third and judges the last third and another season", () => {
    expect(evaluation?.fittedOn.items).toBe(CONSIGNMENTS / 3);
    expect(evaluation?.results.map(({ season, part }) => [season, part])).toEqual([
      ["standard", "last third"],
      ["shifted", "whole"],
    ]);
    for (const { arms, ablation } of evaluation?.results ?? []) {
      expect(arms.map(({ arm }) => arm)).toEqual(["image", "declaration", "fused"]);
      expect(ablation.length).toBeGreaterThan(8);
    }
  });

  it("finds that both sides together see more than either alone, and say what they mean", () => {
    for (const { arms, cut } of evaluation?.results ?? []) {
      const fused = arms.find(({ arm }) => arm === "fused")?.figures;
      expect(fused?.ece).toBeLessThanOrEqual(0.05);
      expect(cut).toBeGreaterThanOrEqual(0.2);
    }
  });

  it("is told in words, tables and plots", () => {
    const text = evaluationText(evaluation as FusionEvaluation);
    expect(text).toContain(`${IMAGE_FIGURES.provenance.scans} scans of the benchmark`);
    for (const word of ["ROC AUC", "precision @ 1 %", "Brier", "ECE", "fused without", "discount"])
      expect(text).toContain(word);
    const plots = evaluationPlots(evaluation as FusionEvaluation);
    expect([...plots.keys()]).toEqual([
      "gain-standard.svg",
      "calibration-standard.svg",
      "gain-shifted.svg",
      "calibration-shifted.svg",
    ]);
    for (const svg of plots.values()) expect(svg).not.toContain("NaN");
  });

  it("refuses a season that is cut off or is none", async () => {
    const file = join(folder.path, "cut.ndjson");
    writeFileSync(
      file,
      '{"schema":"lynceus-season/1","name":"standard","seed":1,"watchList":[],"count":3,"imageFigures":{"benchmark":"b","scans":1,"models":[]}}\n',
    );
    await expect(readSeason(file)).rejects.toThrow("cut off");
    writeFileSync(file, "no json\n");
    await expect(readSeason(file)).rejects.toThrow("not JSON");
    writeFileSync(file, "{}\n");
    await expect(readSeason(file)).rejects.toThrow("schema");
  });
});
