import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDeclaration } from "../../protocols/declaration.ts";
import { outcomeSchema } from "../../protocols/mqtt/index.ts";
import { simulateCargo } from "../../simulator/cargo/simulate.ts";
import type { CocoAnnotation, CocoImage } from "../../simulator/dataset/record.ts";
import { MAX_DATASET_SCANS, writeDataset } from "../../simulator/dataset.ts";
import { type SimulatedScan, simulateScan } from "../../simulator/scan.ts";

const COUNT = 8;
const SEED = 31;
const root = mkdtempSync(join(tmpdir(), "lynceus-dataset-"));
const one = join(root, "one");
const two = join(root, "two");
const progress: number[] = [];

const scans = new Map<number, SimulatedScan>();

/** Scan `index` as the simulator gives it. */
function scanOf(index: number): SimulatedScan {
  const scan = scans.get(index) ?? simulateScan({ seed: SEED, index, mix: "training" });
  scans.set(index, scan);
  return scan;
}

interface Coco {
  readonly categories: readonly { readonly id: number; readonly name: string }[];
  readonly images: readonly CocoImage[];
  readonly annotations: readonly (CocoAnnotation & { readonly id: number; readonly image_id: number })[];
}

beforeAll(async () => {
  const what = { count: COUNT, seed: SEED, mix: "training" } as const;
  await writeDataset({ ...what, out: one, workers: 1, onProgress: (done) => progress.push(done) });
  await writeDataset({ ...what, out: two, workers: 2 });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function coco(): Coco {
  return JSON.parse(readFileSync(join(one, "annotations.json"), "utf8"));
}

function ndjson(name: string): unknown[] {
  return readFileSync(join(one, name), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** 16-bit samples as another decoder reads them. */
async function samplesOf(file: string): Promise<Uint16Array> {
  const { data } = await sharp(file)
    .toColourspace("grey16")
    .raw({ depth: "ushort" })
    .toBuffer({ resolveWithObject: true });
  return new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
}

describe("a data set", () => {
  it("has the same bytes however many threads made it", () => {
    const files = (readdirSync(one, { recursive: true }) as string[]).sort();
    expect((readdirSync(two, { recursive: true }) as string[]).sort()).toEqual(files);
    expect(files).toHaveLength(COUNT * 4 + 5);
    for (const file of files.filter((name) => name.includes("."))) {
      expect(readFileSync(join(one, file)).equals(readFileSync(join(two, file))), file).toBe(true);
    }
  });

  it("holds the planes sample for sample, with their air level beside them", async () => {
    for (const image of coco().images) {
      const scan = scanOf(image.index);
      expect([image.width, image.height]).toEqual([scan.width, scan.height]);
      expect(await samplesOf(join(one, "images", image.file_name))).toEqual(scan.planes[0]?.samples);
      expect(await samplesOf(join(one, "images", image.high_file_name ?? ""))).toEqual(
        scan.planes[1]?.samples,
      );
      const sidecar = image.file_name.replace(".low.png", ".json");
      expect(JSON.parse(readFileSync(join(one, "images", sidecar), "utf8"))).toMatchObject({
        airLevel: 60_000,
      });
    }
  });

  it("annotates each target with box, area and a mask that both forms agree on", async () => {
    const { images, annotations, categories } = coco();
    const names = new Map(categories.map(({ id, name }) => [id, name]));
    for (const image of images) {
      const { truth } = scanOf(image.index);
      const own = annotations.filter((annotation) => annotation.image_id === image.id);
      expect(own.map((a) => [names.get(a.category_id), ...a.bbox])).toEqual(
        truth.targets.map(({ class: name, box }) => [name, box.x, box.y, box.width, box.height]),
      );
      const labels = await sharp(join(one, "masks", image.mask_file_name))
        .toColourspace("b-w")
        .raw()
        .toBuffer();
      const last = own.at(-1);
      if (last) expect(painted(last, image)).toEqual(pixelsOf(labels, own.length));
      for (const annotation of own) expect(painted(annotation, image)).toHaveLength(annotation.area);
    }
    expect(annotations.length).toBeGreaterThan(3);
  });

  it("brings declarations and outcomes as the contract has them", () => {
    const { images } = coco();
    const missing = images.filter((image) => image.declarationState === "missing").length;
    const declarations = ndjson("declarations.ndjson");
    expect(declarations).toHaveLength(COUNT - missing);
    for (const declaration of declarations)
      expect(parseDeclaration(declaration)).toMatchObject({ ok: true, findings: [] });
    const outcomes = ndjson("outcomes.ndjson").map((outcome) => outcomeSchema.parse(outcome));
    expect(outcomes.map(({ scanId }) => scanId)).toEqual(images.map(({ scanId }) => scanId));
    for (const [n, outcome] of outcomes.entries()) {
      expect(outcome.result).toBe(images[n]?.irregularities.length ? "confirmed" : "refuted");
    }
  });

  it("says how well each target can be seen", () => {
    const { images, annotations } = coco();
    for (const image of images) {
      const { truth } = scanOf(image.index);
      const own = annotations.filter((annotation) => annotation.image_id === image.id);
      expect(
        own.map(({ object, tier, contrast, occluded }) => ({ object, tier, contrast, occluded })),
      ).toEqual(
        truth.targets.map(({ object, tier, contrast, occluded }) => ({ object, tier, contrast, occluded })),
      );
    }
  });

  it("has further scans of the same items where they are asked for, declared once", async () => {
    const out = join(root, "takes");
    await writeDataset({ out, count: 2, seed: SEED, mix: "training", takes: 2 });
    const { images }: Coco = JSON.parse(readFileSync(join(out, "annotations.json"), "utf8"));
    expect(images.map(({ id, index, take = 0, file_name: name }) => [id, index, take, name])).toEqual([
      [1, 0, 0, "000000.low.png"],
      [2, 0, 1, "000000.take1.low.png"],
      [3, 1, 0, "000001.low.png"],
      [4, 1, 1, "000001.take1.low.png"],
    ]);
    expect(new Set(images.map(({ scanId }) => scanId)).size).toBe(4);
    expect(images[1]).toMatchObject({ identifiers: images[0]?.identifiers, massKg: images[0]?.massKg });
    const [first, again] = [0, 1].map((take) =>
      simulateScan({ seed: SEED, index: 1, mix: "training", take }),
    );
    expect(await samplesOf(join(out, "images", "000001.low.png"))).toEqual(first?.planes[0]?.samples);
    expect(await samplesOf(join(out, "images", "000001.take1.low.png"))).toEqual(again?.planes[0]?.samples);
    const lines = (name: string) => readFileSync(join(out, name), "utf8").trim().split("\n");
    expect(lines("outcomes.ndjson")).toHaveLength(4);
    const declared = [0, 1].filter((index) => scanOf(index).truth.declarationState !== "missing").length;
    expect(lines("declarations.ndjson").filter((line) => line !== "")).toHaveLength(declared);
    for (const more of [{ takes: 0 }, { takes: 2, scenario: "containers" }, { takes: 2, raw: true }] as const)
      await expect(writeDataset({ out: join(root, "x"), count: 1, seed: 1, ...more })).rejects.toMatchObject({
        code: "LYN_SIMULATION",
      });
  });

  it("has an image for each view of a scan, under one scan id", async () => {
    const out = join(root, "views");
    await writeDataset({ out, count: 2, seed: SEED, mix: "training", views: 2, physics: "shifted" });
    const { images, annotations }: Coco = JSON.parse(readFileSync(join(out, "annotations.json"), "utf8"));
    expect(images.map(({ id, view, index }) => [id, view, index])).toEqual([
      [1, 0, 0],
      [2, 1, 0],
      [3, 0, 1],
      [4, 1, 1],
    ]);
    expect(new Set(images.map(({ scanId }) => scanId)).size).toBe(2);
    for (const image of images) {
      const options = {
        seed: SEED,
        index: image.index,
        mix: "training",
        views: 2,
        physics: "shifted",
      } as const;
      const { planes, truth } = simulateScan(options);
      const low = planes.find(({ view, energy }) => view === image.view && energy === 0);
      expect(await samplesOf(join(out, "images", image.file_name))).toEqual(low?.samples);
      expect(annotations.filter(({ image_id }) => image_id === image.id)).toHaveLength(
        truth.targets.filter(({ view }) => view === image.view).length,
      );
    }
  });

  it("takes containers and pallets, with their load", async () => {
    for (const scenario of ["containers", "pallets"] as const) {
      const out = join(root, scenario);
      await writeDataset({ out, count: 1, seed: SEED, scenario });
      const { images }: Coco = JSON.parse(readFileSync(join(out, "annotations.json"), "utf8"));
      expect(images).toHaveLength(1);
      for (const image of images) {
        const scan = simulateCargo({ seed: SEED, index: image.index, scenario });
        expect(image.cargo).toEqual(scan.truth.cargo);
        expect(image.high_file_name !== undefined).toBe(scan.planes.length === 2);
        expect(await samplesOf(join(out, "images", image.file_name))).toEqual(scan.planes[0]?.samples);
      }
    }
  });

  it("reports its progress to the end", () => {
    expect(progress).toEqual(Array.from({ length: COUNT }, (_, n) => n + 1));
  });

  it("stops when told to, and leaves no annotations behind", async () => {
    const out = join(root, "stopped");
    const stop = new AbortController();
    const made = writeDataset({
      out,
      count: 1000,
      seed: 1,
      workers: 2,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("enough")),
    });
    await expect(made).rejects.toThrow("enough");
    expect(existsSync(join(out, "annotations.json"))).toBe(false);
  });

  it("refuses a count out of bounds, a bad seed, a folder in use and a place it cannot write", async () => {
    const refused = { code: "LYN_SIMULATION", remedy: expect.stringMatching(/\w/) };
    const out = join(root, "never");
    for (const count of [0, -1, 1.5, MAX_DATASET_SCANS + 1]) {
      await expect(writeDataset({ out, count, seed: 1 })).rejects.toMatchObject(refused);
    }
    await expect(writeDataset({ out, count: 1, seed: -1 })).rejects.toMatchObject(refused);
    await expect(writeDataset({ out: one, count: 1, seed: 1 })).rejects.toMatchObject(refused);
    const file = join(root, "file");
    writeFileSync(file, "");
    await expect(writeDataset({ out: file, count: 1, seed: 1 })).rejects.toMatchObject(refused);
  });
});

/** Row-major pixel numbers of an annotation's COCO runs. */
function painted(annotation: CocoAnnotation, image: CocoImage): number[] {
  const pixels: number[] = [];
  let at = 0;
  for (const [n, run] of annotation.segmentation.counts.entries()) {
    for (let i = at; n % 2 === 1 && i < at + run; i++) {
      pixels.push((i % image.height) * image.width + Math.floor(i / image.height));
    }
    at += run;
  }
  expect(at).toBe(image.width * image.height);
  return pixels.sort((a, b) => a - b);
}

function pixelsOf(labels: Uint8Array, value: number): number[] {
  return [...labels.keys()].filter((pixel) => labels[pixel] === value);
}
