import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pseudoColour } from "../../device/image/pseudo-colour.ts";
import { listPackages, loadPackage } from "../../models/package.ts";
import { ModelRunner } from "../../models/runner.ts";
import { writeDataset } from "../../simulator/dataset.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { ROOT } from "../fixtures/project.ts";

const PYTHON = "/usr/bin/python3";
const LIMIT_MS = 600_000;
const SEED = 31;
const SCANS = 14;
const PICTURES = 5;
const run = promisify(execFile);

interface Coco {
  images: { file_name: string; high_file_name?: string; index: number; width: number; height: number }[];
}

/** Scans as a customs laboratory has them: labelled pairs, and some that only a screenshot is left of. */
async function ownData(folder: string): Promise<void> {
  await writeDataset({ out: folder, count: SCANS, seed: SEED, mix: "training", workers: 1 });
  const path = join(folder, "annotations.json");
  const coco = JSON.parse(readFileSync(path, "utf8")) as Coco;
  for (const image of coco.images.slice(0, PICTURES)) {
    const { width, height, airLevel, planes } = simulateScan({
      seed: SEED,
      index: image.index,
      mix: "training",
    });
    const [low, high] = planes.map(({ samples }) => samples);
    const rgb = pseudoColour({ width, height, airLevel, low: low!, high: high! });
    image.file_name = `picture-${image.index}.png`;
    delete image.high_file_name;
    await sharp(rgb, { raw: { width, height, channels: 3 } }).toFile(join(folder, "images", image.file_name));
  }
  writeFileSync(path, JSON.stringify(coco));
}

it(
  "the parts of fine-tuning keep their promises",
  async () => {
    const { stderr } = await run(PYTHON, ["test/peer/fine_tune_parts.py"], { cwd: ROOT, timeout: LIMIT_MS });
    expect(stderr).toMatch(/Ran \d+ tests[\s\S]*OK\s*$/);
  },
  LIMIT_MS,
);

/** The documented command on data of its own, with a small network and a few steps. */
describe("fine-tuning on own data", () => {
  const name = `test-own-${process.pid}`;
  const folder = join(ROOT, "models/training/runs", name);
  let work = "";
  const tune = (...more: string[]) =>
    run(
      PYTHON,
      [
        "models/training/fine_tune.py",
        ...["--coco", join(work, "data/annotations.json"), "--run", name, "--smoke"],
        ...["--map", "blade", "--map", "liquid", "--map", "battery=battery", "--mirrors", "1"],
        ...["--config", join(work, "config.json"), "--company", "0.5", ...more],
      ],
      { cwd: ROOT, timeout: LIMIT_MS, maxBuffer: 16 * 1024 * 1024 },
    );
  const written = (file: string) => JSON.parse(readFileSync(join(folder, file), "utf8"));

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), "lynceus-own-"));
    const config = JSON.parse(readFileSync(join(ROOT, "models/training/config.json"), "utf8"));
    config.network = { stem: 16, widths: [16, 24, 32], depths: [1, 1, 1], head: 16, goods: 16 };
    writeFileSync(join(work, "config.json"), JSON.stringify(config));
    await ownData(join(work, "data"));
  }, LIMIT_MS);
  afterAll(() => {
    rmSync(work, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    "trains, resumes, says what on, and writes a package that loads and knows its answer",
    async () => {
      await tune();
      const first = written("figures.json").progress.steps;
      await tune("--resume", "--samples", "24", "--package", work, "--name", "our-scanner");
      expect(written("figures.json").progress.steps).toBeGreaterThan(first);

      const { seed, dataRevision, kinds, images } = written("run.json");
      expect([seed, kinds]).toEqual([7, { "pseudo-colour": PICTURES, "dual-energy": SCANS - PICTURES }]);
      expect(dataRevision).toMatch(/^[0-9a-f]{64}$/);
      expect(images.train + images.validation + images.test).toBe(SCANS);
      const { parts } = written("split.json") as { parts: Record<string, string[]> };
      expect(new Set(Object.values(parts).flat()).size).toBe(SCANS);
      const { width = 0 } = await sharp(join(folder, "curves.png")).metadata();
      expect(width).toBeGreaterThan(500);
      expect(readFileSync(join(folder, "REPORT.md"), "utf8")).toContain("mAP@50 on the test part");

      const [made] = await listPackages(work);
      expect(basename(made ?? "")).toBe("our-scanner-0.1.0");
      const modelPackage = await loadPackage(made!);
      expect(modelPackage.manifest.inputs[0]?.kinds).toEqual(["dual-energy", "pseudo-colour"]);
      expect(modelPackage.manifest.classes.map((each) => each.name)).toEqual(["blade", "liquid", "battery"]);
      const runner = await ModelRunner.open({ modelPackage });
      await runner.knownAnswerTest();
      await runner.close();
    },
    LIMIT_MS,
  );

  it(
    "teaches each category as a class of its own and answers with what they stand for",
    async () => {
      const merging = ["--kinds", "--map", "firearm=blade", "--package", work, "--name", "our-kinds"];
      await tune(...merging);
      expect(written("run.json").taught.length).toBeGreaterThan(3);
      expect(Object.keys(written("figures.json").classes)).toEqual(["blade", "liquid", "battery"]);
      const modelPackage = await loadPackage(join(work, "our-kinds-0.1.0"));
      expect(modelPackage.manifest.classes.map((each) => each.name)).toEqual(["blade", "liquid", "battery"]);
      const runner = await ModelRunner.open({ modelPackage });
      await runner.knownAnswerTest();
      await runner.close();
    },
    LIMIT_MS,
  );

  it("says in words what is wrong with data that cannot be used", { timeout: LIMIT_MS }, async () => {
    const failing = (...more: string[]) =>
      tune(...more).then(
        () => "",
        (error: { stderr: string; code: number }) => (error.code === 1 ? error.stderr : "another fault"),
      );
    expect(await failing("--coco", join(work, "config.json"))).toContain("is no COCO file");
    expect(await failing("--images", work)).toContain("--images");
  });
});
