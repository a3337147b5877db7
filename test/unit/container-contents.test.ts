import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeScan } from "../../device/image/decode.ts";
import { normaliseView } from "../../device/inference/normalise.ts";
import { listPackages, loadPackage } from "../../models/package.ts";
import type { ScanPlanes } from "../../models/planes.ts";
import { type ModelLoad, ModelRunner } from "../../models/runner.ts";
import { type CargoScan, simulateCargo } from "../../simulator/cargo/simulate.ts";
import { ROOT, sharedPath } from "../fixtures/project.ts";

/** Not a seed of the training. */
const SEED = 90_210;
const SCANS = 90;

async function openPackage(): Promise<ModelRunner> {
  const folders = await listPackages(join(ROOT, "models/packages"));
  const folder = folders.find((one) => one.includes("container-contents"));
  return ModelRunner.open({ modelPackage: await loadPackage(folder!) });
}

/** The last plane as an image file without a sidecar would bring it. */
function planesOf({ width, height, planes }: CargoScan): ScanPlanes {
  const single = planes[planes.length - 1]!.samples;
  return normaliseView("single-energy", { view: 0, width, height, pixelPitchMm: null, single }, null).planes;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the container-contents package", () => {
  let runner: ModelRunner;
  const loadOf = async (planes: ScanPlanes): Promise<ModelLoad> => (await runner.run(planes)).load!;
  beforeAll(async () => {
    runner = await openPackage();
  });
  afterAll(async () => {
    await runner.close();
  });

  it("gives its golden outputs on this machine", async () => {
    await runner.knownAnswerTest();
  });

  it("tells states and profiles of simulated containers, 8 and 16 bits", { timeout: 120_000 }, async () => {
    const right = new Map<string, boolean[]>();
    const errors: number[] = [];
    for (let index = 0; index < SCANS; index++) {
      const bits = index % 3 === 0 ? 16 : 8;
      const scan = simulateCargo({
        seed: SEED,
        index,
        scenario: "containers",
        mix: "training",
        rows: 128,
        bits,
      });
      const { state, profile } = scan.truth.cargo;
      const load = await loadOf(planesOf(scan));
      right.set(state, [...(right.get(state) ?? []), load.state === state]);
      errors.push(mean(load.profile.map((fill, bin) => Math.abs(fill - profile[bin]!))));
    }
    const recalls = [...right.values()].map((all) => mean(all.map(Number)));
    const text = [...right]
      .map(([state, all]) => `${state} ${all.filter(Boolean).length} of ${all.length}`)
      .join(", ");
    console.log(`${text}; profile error ${mean(errors).toFixed(3)}`);
    expect(mean(recalls)).toBeGreaterThanOrEqual(0.93);
    expect(mean(errors)).toBeLessThanOrEqual(0.06);
  });

  it("looks at the higher energy of a pair", async () => {
    const scan = simulateCargo({ seed: 4, index: 9, scenario: "containers", rows: 96 });
    const [single] = [scan.planes[scan.planes.length - 1]!.samples];
    const base = {
      view: 0,
      width: scan.width,
      height: scan.height,
      pixelPitchMm: null,
      airLevel: scan.airLevel,
    };
    const alone = await loadOf({ ...base, kind: "single-energy", single });
    const pair = await loadOf({ ...base, kind: "dual-energy", low: single.map((v) => v >> 1), high: single });
    expect(pair).toEqual(alone);
  });

  it("tells 99 real containers, never trained on, empty from loaded", { timeout: 120_000 }, async () => {
    const folder = sharedPath("data", "containers");
    if (folder === null) return;
    const rows = readFileSync(join(folder, "labels.csv"), "utf8").trim().split(/\r?\n/).slice(1);
    expect(rows).toHaveLength(readdirSync(join(folder, "images")).length);
    const wrong: string[] = [];
    for (const row of rows) {
      const [file, , contents] = row.split(",");
      const scan = await decodeScan({ name: file!, files: [join(folder, "images", file!)], sidecar: "" });
      const { width, height, single } = scan;
      const view = { view: 0, width, height, pixelPitchMm: null, ...(single && { single }) };
      const load = await loadOf(normaliseView(scan.kind, view, null).planes);
      if ((load.state === "empty") !== (contents === "empty"))
        wrong.push(`${file}: ${contents}, not ${load.state}`);
    }
    console.log(`${rows.length - wrong.length} of ${rows.length} right`);
    expect(wrong.length).toBeLessThanOrEqual(rows.length * 0.01);
  });
});
