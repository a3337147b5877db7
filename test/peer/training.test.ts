import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listPackages, loadPackage } from "../../models/package.ts";
import { ModelRunner } from "../../models/runner.ts";
import { ROOT } from "../fixtures/project.ts";

const PYTHON = "/usr/bin/python3";
const LIMIT_MS = 600_000;
const run = promisify(execFile);

/** The documented command at test size, in a run folder of its own. */
describe("the training command", () => {
  const name = `test-${process.pid}`;
  const runFolder = join(ROOT, "models/training/runs", name);
  let packages = "";
  const command = (...more: string[]) =>
    run(PYTHON, ["models/training/run.py", "--smoke", "--run", name, "--packages", packages, ...more], {
      cwd: ROOT,
      timeout: LIMIT_MS,
      maxBuffer: 16 * 1024 * 1024,
    });
  const events = () => {
    const lines = readFileSync(join(runFolder, "log.ndjson"), "utf8").trim().split("\n");
    return lines.map((line) => JSON.parse(line) as { event: string; seen?: number; score?: string });
  };

  beforeAll(() => {
    packages = mkdtempSync(join(tmpdir(), "lynceus-training-"));
  });
  afterAll(() => {
    rmSync(packages, { recursive: true, force: true });
    rmSync(runFolder, { recursive: true, force: true });
  });

  it(
    "trains on the simulator's stream, resumes, and writes three packages that load and know their answers",
    async () => {
      await command("--stage", "train");
      const first = events();
      expect(first.filter(({ event }) => event === "train").length).toBeGreaterThan(1);
      expect(existsSync(join(runFolder, "checkpoint.pt"))).toBe(true);

      await command("--resume");
      const start = events()
        .slice(first.length)
        .find(({ event }) => event === "start");
      expect(start?.seen).toBe(first.at(-1)?.seen);

      const parity = events().find(({ event }) => event === "parity");
      expect(Number(parity?.score)).toBeLessThanOrEqual(1e-5);
      const folders = await listPackages(packages);
      expect(folders.map((folder) => basename(folder))).toEqual([
        "embedding-0.0.1",
        "goods-classifier-0.0.1",
        "threat-detector-0.0.1",
      ]);
      for (const folder of folders) {
        const runner = await ModelRunner.open({ modelPackage: await loadPackage(folder) });
        await runner.knownAnswerTest();
        await runner.close();
      }
    },
    LIMIT_MS,
  );
});
