import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadPackage } from "../../models/package.ts";
import { ModelRunner } from "../../models/runner.ts";
import { simulateCargo } from "../../simulator/cargo/simulate.ts";
import { ROOT } from "../fixtures/project.ts";

const run = promisify(execFile);
const SCANS = 12;

/** The documented command at test size: a dozen scans, an epoch, and one more after a resume. */
describe("the training command of container-contents", () => {
  let folder = "";
  const train = async (epochs: number, ...more: string[]): Promise<string> => {
    const config = JSON.parse(readFileSync(join(ROOT, "models/training/cargo/config.json"), "utf8"));
    const set = (seed: number) => [{ scenario: "containers", mix: "training", seed, count: SCANS }];
    const small = {
      ...config,
      data: { rows: 48, sets: { train: set(1), validation: set(2), test: set(3) } },
      train: { ...config.train, epochs, batch: 4 },
      package: { ...config.package, latencyRuns: 2 },
    };
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify(small));
    const script = "models/training/cargo/run.py";
    const places = ["--config", file, "--out", join(folder, "run"), "--packages", join(folder, "packages")];
    const { stdout } = await run("/usr/bin/python3", [script, ...places, ...more], {
      cwd: ROOT,
      timeout: 280_000,
    });
    return stdout;
  };
  const epochs = () => {
    const lines = readFileSync(join(folder, "run", "log.ndjson"), "utf8")
      .trim()
      .split("\n");
    return lines.map((line) => (JSON.parse(line) as { epoch: number }).epoch);
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-cargo-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("simulates, trains, resumes, and writes a package that runs", { timeout: 300_000 }, async () => {
    await train(1, "--stage", "train");
    expect(epochs()).toEqual([1]);
    const path = (await train(2, "--resume")).trim().split("\n").at(-1)!;
    expect(epochs()).toEqual([1, 2]);

    const modelPackage = await loadPackage(path);
    expect(readFileSync(join(path, "MODEL_CARD.md"), "utf8")).toMatch(/Synthetic only/);
    expect(Object.keys(modelPackage.manifest.files)).toContain("curve.svg");
    const runner = await ModelRunner.open({ modelPackage });
    await runner.knownAnswerTest();
    const { width, height, airLevel, planes } = simulateCargo({
      seed: 6,
      index: 1,
      scenario: "containers",
      rows: 48,
    });
    const single = planes[0]!.samples;
    const { load } = await runner.run({
      kind: "single-energy",
      view: 0,
      width,
      height,
      pixelPitchMm: null,
      airLevel,
      single,
    });
    expect(load?.profile).toHaveLength(64);
    expect(load?.score).toBeGreaterThan(0);
    await runner.close();
  });
});
