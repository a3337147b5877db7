import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { decodeScan } from "../../device/image/decode.ts";
import { inputOf } from "../../device/image/naming.ts";
import { correct } from "../../device/profile/calibration.ts";
import { CalibrationFrames } from "../../device/profile/frames.ts";
import { ProfiledImages } from "../../device/profile/in-memory.ts";
import { readProfile } from "../../device/profile/load.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { benchmarkScans } from "../../simulator/benchmark/benchmark.ts";
import { drawDetector } from "../../simulator/dataset/raw.ts";
import { writeDataset } from "../../simulator/dataset.ts";
import { simulateScan } from "../../simulator/scan.ts";

const SEED = 12;
const folder = mkdtempSync(join(tmpdir(), "lynceus-raw-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const transposed = (plane: Uint16Array, width: number, height: number) =>
  Uint16Array.from(plane, (_, i) => plane[(i % height) * width + Math.floor(i / height)]!);

describe("a data set of raw counts", () => {
  it("is corrected by the frames that its own profile names", async () => {
    const out = join(folder, "raw");
    await writeDataset({ out, count: 1, seed: SEED, raw: true, workers: 1 });
    const frames = new CalibrationFrames(await readProfile(join(out, "scanner.json")));
    const files = ["low", "high"].map((name) => join(out, `images/000000.${name}.png`));
    const raw = await decodeScan(inputOf(files.join(","), () => true));
    const truth = simulateScan({ seed: SEED, index: 0 });
    for (const [energy, name] of (["low", "high"] as const).entries()) {
      const calibration = await frames.of(0, name);
      const { dead } = drawDetector(SEED, energy as 0 | 1);
      expect(calibration?.dead).toEqual(dead);
      const lines = transposed(raw[name]!, raw.width, raw.height);
      const counts = correct(lines, calibration!, truth.airLevel);
      const plane = truth.planes[energy]!.samples;
      let [sum, far] = [0, 0];
      for (let i = 0; i < counts.length; i++) {
        const [y, x] = [i % truth.height, Math.floor(i / truth.height)];
        if (dead.includes(y)) continue;
        const error = (counts[i]! - plane[y * truth.width + x]!) / truth.airLevel;
        sum += error;
        far = Math.max(far, Math.abs(error));
      }
      expect(Math.abs(sum / counts.length)).toBeLessThan(2e-4);
      expect(far).toBeLessThan(0.01);
    }
    const view = { view: 0, width: raw.width, height: raw.height, pixelPitchMm: null } as const;
    const planes = { low: raw.low!, high: raw.high! };
    const given = { kind: raw.kind, views: [{ ...view, ...planes }], airLevel: null, marked: false };
    const shaped = await new ProfiledImages(await readProfile(join(out, "scanner.json"))).apply(
      given,
      [{ ...view, name: "image", energies: [0, 1] }],
      Date.now(),
    );
    expect(shaped.warnings).toEqual([]);
    expect(shaped.scan.airLevel).toBe(truth.airLevel);
    const high = shaped.scan.views[0]!.high!;
    const errors = high.map((count, at) => Math.abs(count - truth.planes[1]!.samples[at]!));
    expect(errors.toSorted()[Math.floor(0.9 * errors.length)]).toBeLessThan(0.01 * truth.airLevel);
    const sidecar = JSON.parse(readFileSync(join(out, "images/000000.json"), "utf8"));
    expect(sidecar).toEqual({ pixelPitchMm: truth.pixelPitchMm });
  });

  it("is not made of cargo or of two views", async () => {
    for (const what of [{ scenario: "pallets" }, { views: 2 }] as const) {
      const made = writeDataset({ out: join(folder, "no"), count: 1, seed: 1, raw: true, ...what });
      expect(
        isLynceusError(await made.catch((error: unknown) => error), "LYN_SIMULATION"),
        JSON.stringify(what),
      ).toBe(true);
    }
  });
});

it("the frozen benchmark can be had as a data set", async () => {
  const out = join(folder, "benchmark");
  await writeDataset({ out, count: 1, seed: 1, benchmark: "main", workers: 1 });
  const frozen = benchmarkScans("main", { to: 1 }).next().value;
  if (!frozen) throw new Error("the benchmark is empty");
  const { scan, same } = frozen;
  expect(same).toEqual({ planes: true, truth: true });
  const { images, annotations } = JSON.parse(readFileSync(join(out, "annotations.json"), "utf8"));
  expect(images[0].index).toBe(scan.truth.index);
  expect(annotations).toHaveLength(scan.truth.targets.length);
  const files = [images[0].file_name, images[0].high_file_name].map((name) => join(out, "images", name));
  const { low } = await decodeScan(inputOf(files.join(","), () => true));
  expect(low).toEqual(scan.planes[0]?.samples);
});
