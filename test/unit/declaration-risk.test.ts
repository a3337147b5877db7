import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluate } from "../../models/evaluate/declaration-risk.ts";
import { MAX_CSV_LINE, readDeclarations } from "../../models/evaluate/declarations-csv.ts";
import { rankingFigures } from "../../models/evaluate/ranking.ts";
import { listPackages } from "../../models/package.ts";
import { codeOf, tensorsOf, valueIn } from "../../models/tabular.ts";
import { loadTabularPackage, type TabularPackage } from "../../models/tabular-package.ts";
import { MAX_TABULAR_ROWS, TabularRunner } from "../../models/tabular-runner.ts";

const ROOT = join(import.meta.dirname, "../..");
const HEADER =
  "Declaration ID,Importer ID,HS6 Code,Country of Departure,Country of Origin,Mode of Transport,Net Mass,Item Price,Fraud";

describe("declaration-risk, the package of the project", () => {
  let modelPackage: TabularPackage;
  let runner: TabularRunner;

  beforeAll(async () => {
    const [folder] = await listPackages(join(ROOT, "models/packages"), "tabular");
    modelPackage = await loadTabularPackage(folder!);
    runner = await TabularRunner.open(modelPackage);
  });
  afterAll(() => runner.close());

  it("gives its golden scores on this machine", () => runner.knownAnswerTest());

  it("is not taken for a package that looks at images", async () => {
    const images = await listPackages(join(ROOT, "models/packages"));
    expect(images.some((folder) => folder.includes("declaration-risk"))).toBe(false);
  });

  it("stays near the prevalence where nothing is known", async () => {
    const [score] = await runner.score([{}]);
    const { prevalence } = modelPackage.manifest.classes[0]!.calibration;
    expect(Math.abs(score! - prevalence)).toBeLessThan(0.05);
  });

  it("scores the same row alike, alone and among more than one run holds", async () => {
    const row = { hs6: "630130", originCountry: "PT", netMassKg: 0.62, value: 53_000 };
    const many = await runner.score([...Array.from({ length: MAX_TABULAR_ROWS }, () => ({})), row]);
    const [alone] = await runner.score([row]);
    expect(many).toHaveLength(MAX_TABULAR_ROWS + 1);
    expect(many.at(-1)).toBe(alone);
  });

  it("names the licence of its data in card, manifest and NOTICE", async () => {
    const { readFile } = await import("node:fs/promises");
    for (const path of [join(modelPackage.directory, "MODEL_CARD.md"), join(ROOT, "NOTICE")])
      expect(await readFile(path, "utf8")).toContain(
        "(c) 2022 Institute for Basic Science & Korea Customs Service",
      );
    expect(modelPackage.manifest.training["licence"]).toContain("MIT");
  });

  it("looks at no column of a party", () => {
    const columns = modelPackage.manifest.inputs.flatMap((input): readonly string[] => input.columns);
    expect(columns).toEqual([
      "hs6",
      "originCountry",
      "departureCountry",
      "transportMode",
      "netMassKg",
      "value",
    ]);
  });

  it("keeps to its bars on later declarations", async () => {
    const path = join(ROOT, "../shared/data/customs-declarations/df_syn_valid_eng.csv");
    if (!existsSync(path)) return console.log("not measured: ../shared/data/customs-declarations is absent");
    const { figures } = await evaluate(path);
    expect(figures.precisionAt5).toBeGreaterThanOrEqual(0.955);
    expect(figures.precisionAt10).toBeGreaterThanOrEqual(0.865);
    expect(figures.auc).toBeGreaterThanOrEqual(0.89);
    expect(figures.ece).toBeLessThanOrEqual(0.02);
  });

  it("refuses a package whose graph is not the one described", async () => {
    const wrong = {
      ...modelPackage,
      manifest: { ...modelPackage.manifest, files: { "model.onnx": { sha256: "0".repeat(64), bytes: 1 } } },
    };
    await expect(TabularRunner.open(wrong)).rejects.toMatchObject({ code: "LYN_MODEL_DIGEST_MISMATCH" });
  });
});

describe("rows of a declaration as tensors", () => {
  it("writes codes as whole numbers and what is missing as 0", () => {
    expect(codeOf("hs6", "010121")).toBe(10_122);
    expect(codeOf("hs6", "10121")).toBe(10_122);
    expect(codeOf("originCountry", "aa")).toBe(1);
    expect(codeOf("originCountry", "ZZ")).toBe(676);
    expect(codeOf("transportMode", "40")).toBe(5);
    for (const column of ["hs6", "originCountry", "departureCountry", "transportMode"] as const)
      for (const text of [undefined, "", "?", "1234567x"]) {
        if (column === "transportMode" && text === "1234567x") continue;
        expect(codeOf(column, text)).toBe(0);
      }
  });

  it("leaves what is no amount missing", () => {
    const inputs = [
      { name: "codes", type: "int64", columns: ["hs6"] },
      { name: "amounts", type: "float64", columns: ["netMassKg", "value"], currency: "KRW", rates: {} },
    ] as const;
    const { amounts } = tensorsOf(
      [
        { netMassKg: -1, value: Number.POSITIVE_INFINITY },
        { netMassKg: 0, value: 2 },
      ],
      inputs as unknown as TabularPackage["manifest"]["inputs"],
    );
    expect([...amounts]).toEqual([Number.NaN, Number.NaN, 0, 2]);
  });

  it("turns money into the package's currency, and into nothing where it has no rate", () => {
    const inputs = [
      { name: "codes", type: "int64", columns: ["hs6"] },
      { name: "amounts", type: "float64", columns: ["value"], currency: "KRW", rates: { USD: 1180 } },
    ] as unknown as TabularPackage["manifest"]["inputs"];
    expect(valueIn(inputs, "2.50", "USD")).toBe(2950);
    expect(valueIn(inputs, "2.50", "KRW")).toBe(2.5);
    expect(valueIn(inputs, "2.50", "XXX")).toBeUndefined();
    expect(valueIn(inputs, "", "USD")).toBeUndefined();
    expect(valueIn(inputs, "2", "constructor")).toBeUndefined();
  });
});

describe("figures of a ranking", () => {
  it("are those of a ranking worked out by hand", () => {
    const figures = rankingFigures([0.9, 0.8, 0.8, 0.1], [true, true, false, false]);
    expect(figures.precisionAt1).toBe(1);
    expect(figures.auc).toBe(0.875);
    expect(figures.brier).toBeCloseTo((0.01 + 0.04 + 0.64 + 0.01) / 4, 12);
    expect(figures.ece).toBeCloseTo((0.1 + 0.2 + 0.8 + 0.1) / 4, 12);
  });
});

describe("a file of declarations", () => {
  const folder = mkdtempSync(join(tmpdir(), "lynceus-declarations-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (text: string) => {
    const path = join(folder, "test.csv");
    writeFileSync(path, text);
    return path;
  };

  it("is read with quoted cells, any order of columns and what is missing left out", async () => {
    const path = write(
      `\uFEFF${HEADER}\r\n1,"A, ""B""",010121,DE,FR,40,1.5,99.5,1\r\n2,X,"630130",,PT,,,0,0\r\n\r\n`,
    );
    const { rows, labels } = await readDeclarations(path);
    expect(labels).toEqual([true, false]);
    expect(rows[0]).toEqual({
      hs6: "010121",
      originCountry: "FR",
      departureCountry: "DE",
      transportMode: "40",
      netMassKg: 1.5,
      value: 99.5,
    });
    expect(rows[1]).toMatchObject({ hs6: "630130", netMassKg: undefined, value: 0 });
  });

  it.each([
    ["no such columns", "a,b\n1,2\n"],
    ["a label that is none", `${HEADER}\n1,X,010121,DE,FR,40,1.5,99.5,maybe\n`],
    ["no rows", `${HEADER}\n`],
    ["a line beyond the limit", `${HEADER}\n${"x".repeat(MAX_CSV_LINE + 1)}\n`],
  ])("is refused with %s", async (_, text) => {
    await expect(readDeclarations(write(text))).rejects.toMatchObject({ code: "LYN_DATASET" });
  });
});
