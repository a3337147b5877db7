import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadPackage } from "../../models/package.ts";
import type { ScanPlanes } from "../../models/planes.ts";
import { EMBEDDING_SIZE, ModelRunner } from "../../models/runner.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { EMBEDDING_MODEL, LOAD_MODEL, type TinyModel, writeTinyModel } from "../fixtures/tiny-model.ts";

function grey(kind: "dual-energy" | "single-energy", transmission: number): ScanPlanes {
  const plane = new Uint16Array(32 * 32).fill(60_000 * transmission);
  const planes = kind === "dual-energy" ? { low: plane, high: plane } : { single: plane };
  return { kind, view: 0, width: 32, height: 32, pixelPitchMm: null, airLevel: 60_000, ...planes };
}

describe("tasks of a model package", () => {
  let folder = "";
  const open = async (model: TinyModel) =>
    ModelRunner.open({ modelPackage: await loadPackage(await writeTinyModel(folder, model)) });
  const faultOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => null,
      (error: unknown) => error,
    );

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-tasks-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("embedding: a unit vector, after its known answers", async () => {
    const runner = await open(EMBEDDING_MODEL);
    await runner.knownAnswerTest();
    const { embedding, detections, contents, load } = await runner.run(grey("dual-energy", 1));
    expect(embedding?.length).toBe(EMBEDDING_SIZE);
    expect(embedding![0]).toBeCloseTo(1 / Math.sqrt(5), 5);
    expect(embedding![1]).toBeCloseTo(2 / Math.sqrt(5), 5);
    expect([detections, contents, load]).toEqual([[], [], null]);
    await runner.close();
  });

  it("embedding: a vector of another length, or not of length 1, is the package's fault", async () => {
    const short = { ...EMBEDDING_MODEL, base: [1, 0], slope: [0, 0] };
    const runner = await open(short);
    expect(isLynceusError(await faultOf(runner.run(grey("dual-energy", 1))), "LYN_MODEL_RUN_FAILED")).toBe(
      true,
    );
    await runner.close();
    const raw = { ...LOAD_MODEL, name: "raw", task: "contents" as const };
    const path = await writeTinyModel(folder, {
      ...raw,
      outputs: [{ ...EMBEDDING_MODEL, name: "embedding" }],
    });
    const manifest = JSON.parse(readFileSync(join(path, "model.json"), "utf8")) as Record<string, unknown>;
    writeFileSync(join(path, "model.json"), JSON.stringify({ ...manifest, task: "embedding", classes: [] }));
    const long = await ModelRunner.open({ modelPackage: await loadPackage(path) });
    expect(isLynceusError(await faultOf(long.run(grey("single-energy", 1))), "LYN_MODEL_RUN_FAILED")).toBe(
      true,
    );
    await long.close();
  });

  it("load: the likeliest state with its chance, and the fill along the width", async () => {
    const runner = await open(LOAD_MODEL);
    await runner.knownAnswerTest();
    const { load, contents } = await runner.run(grey("single-energy", 0.5));
    expect(load?.state).toBe("part");
    expect(load?.score).toBeCloseTo(0.8, 5);
    expect(load?.profile).toEqual(new Array<number>(64).fill(0.25));
    expect(contents).toEqual([]);
    await runner.close();
  });

  it("a manifest that names no classes, or others beside a load, is refused", async () => {
    for (const change of [
      { ...LOAD_MODEL, classes: ["full", "part", "empty"] },
      { ...LOAD_MODEL, classes: [] },
      { ...EMBEDDING_MODEL, classes: ["blade"] },
    ]) {
      const error = await faultOf(writeTinyModel(folder, change).then(loadPackage));
      expect(isLynceusError(error, "LYN_MODEL_MANIFEST_INVALID")).toBe(true);
    }
  });
});
