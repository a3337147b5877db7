import { mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_ANNOTATION_BYTES } from "../../device/cli/evaluate/dataset.ts";
import type { Evaluation } from "../../device/cli/evaluate/figures.ts";
import { runEvaluate } from "../../device/cli/evaluate/run.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { declarationOf } from "../fixtures/fusion.ts";
import { parcelPlane, temporaryFolder, writeGrey16, writeRgb } from "../fixtures/image-files.ts";
import { BLADE_MODEL, type TinyModel, writeTinyModel } from "../fixtures/tiny-model.ts";

const [WIDTH, HEIGHT, AIR] = [48, 64, 60_000];
const GOODS_MODEL: TinyModel = {
  name: "goods-classifier",
  task: "contents",
  base: [0.9, 0.1],
  slope: [0, 0],
  classes: ["metals", "textiles"],
};
/** What the blade model always says, as COCO writes it. */
const BLADE_BOX = [3, 4, 7, 8] as const;
const scanIdOf = (n: number) => `019ca000-0000-7000-8000-00000000000${n}`;

interface Files {
  readonly images: Record<string, unknown>[];
  readonly annotations: Record<string, unknown>[];
}

describe("lynceus evaluate", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (...names: string[]) => join(folder.path, ...names);
  let said = "";

  beforeEach(async () => {
    folder = await temporaryFolder();
    said = "";
    await mkdir(path("data/images"), { recursive: true });
    await writeTinyModel(path("models"), { ...BLADE_MODEL, kinds: ["dual-energy", "pseudo-colour"] });
    await writeTinyModel(path("models"), GOODS_MODEL);
    for (const n of [1, 2, 3]) {
      for (const energy of ["low", "high"]) {
        const through = energy === "low" ? 0.2 * n : 0.3 * n;
        await writeGrey16(
          path(`data/images/${n}.${energy}.png`),
          parcelPlane(WIDTH, HEIGHT, AIR, through),
          WIDTH,
        );
      }
      await writeFile(path(`data/images/${n}.json`), JSON.stringify({ airLevel: AIR }));
    }
    await annotate({});
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  /** Scan 1 holds the blade, scan 2 a hidden one in its place, scan 3 nothing. */
  async function annotate(change: Partial<Files> & Record<string, unknown>): Promise<void> {
    const pair = (n: number) => ({
      id: n,
      file_name: `${n}.low.png`,
      high_file_name: `${n}.high.png`,
      scanId: scanIdOf(n),
      pixelPitchMm: { x: 1, y: 1 },
      groups: [{ group: "metals", share: 1 }],
      massKg: 0.01,
      identifiers: n === 1 ? [{ scheme: "S10", value: "RR473124829GB" }] : [],
    });
    const coco = {
      categories: [
        { id: 1, name: "blade" },
        { id: 2, name: "scissors" },
      ],
      images: [1, 2, 3].map(pair),
      annotations: [
        { image_id: 1, category_id: 1, bbox: BLADE_BOX, tier: "clear" },
        { image_id: 2, category_id: 1, bbox: BLADE_BOX, tier: "hidden" },
        { image_id: 3, category_id: 2, bbox: [0, 0, 5, 5] },
      ],
      ...change,
    };
    await writeFile(path("data/annotations.json"), JSON.stringify(coco));
  }

  const run = async (more: object = {}): Promise<{ sound: boolean; text: string }> => {
    let text = "";
    const sound = await runEvaluate({
      dataset: path("data"),
      models: [path("models")],
      seed: 1,
      json: false,
      progress: false,
      out: (line) => {
        text += line;
      },
      say: (line) => {
        said += line;
      },
      ...more,
    });
    return { sound, text };
  };
  const evaluation = async () => JSON.parse((await run({ json: true })).text) as Evaluation;
  const faultOf = (promise: Promise<unknown>) => promise.then(() => null).catch((error: unknown) => error);

  it("scores detections by tier, goods, mass and what the scans hold", async () => {
    const result = await evaluation();
    expect(result.scans).toBe(3);
    expect(result.models.map(({ name }) => name)).toEqual(["goods-classifier", "threat-detector"]);
    const [blade] = result.classes;
    expect(blade?.objects).toEqual({ visible: 1, clear: 1, partial: 0, hidden: 1 });
    // The model's raw score is the mean transmission: the empty scan 3 is its surest find.
    expect(blade?.ap50).toEqual({ visible: 0.5, clear: 0.5, partial: null, hidden: 0.5 });
    expect(result.map50.visible).toBe(0.5);
    expect(result.recall.map(({ recall }) => recall)).toEqual([0, 0, 1, 1]);
    expect(result.alarms).toMatchObject({ scans: 3, free: 1, falseAlarmsAt90: 1 });
    expect(result.goods).toMatchObject({ scans: 3, macroF1: 1 });
    expect(result.mass?.weighed).toBe(3);
    expect(result.fused).toBeNull();
    expect(result.notes.join()).toMatch(/scissors/);
  });

  it("scores the fused probability by full examinations, with the declarations that match", async () => {
    const outcome = (n: number, result: string, examination = "full") => ({
      schema: "lynceus-outcome/1.0",
      outcomeId: `019ca000-0000-7000-8000-00000000001${n}`,
      scanId: scanIdOf(n),
      revision: 1,
      result,
      examination,
      classes: [],
      goodsGroups: [],
      officerAction: null,
      at: "2026-03-05T12:00:00Z",
    });
    const outcomes = [outcome(1, "confirmed"), outcome(2, "refuted"), outcome(3, "refuted", "documents")];
    await writeFile(path("data/outcomes.ndjson"), outcomes.map((one) => `${JSON.stringify(one)}\n`).join(""));
    await writeFile(path("data/declarations.ndjson"), `${JSON.stringify(declarationOf())}\n\n`);
    const { fused } = await evaluation();
    expect(fused).toMatchObject({ examined: 2, irregular: 1, prior: 0.5, declarations: 1 });
    expect(fused?.auc).not.toBeNull();
    await writeFile(path("data/outcomes.ndjson"), "{}\n");
    expect(isLynceusError(await faultOf(run()), "LYN_DATASET")).toBe(true);
  });

  it("writes a report that stands for itself: plots and pictures of the worst misses", async () => {
    const { sound, text } = await run({ report: path("report") });
    expect(sound).toBe(true);
    expect(text).toMatch(/AP@50/);
    const html = await readFile(path("report/report.html"), "utf8");
    expect(html.match(/<svg /g)?.length).toBeGreaterThanOrEqual(2);
    expect(html).toMatch(/data:image\/png;base64,/);
    expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    const figures = JSON.parse(await readFile(path("report/figures.json"), "utf8")) as Evaluation;
    expect(figures.scans).toBe(3);
  });

  it("the same seed gives the same figures", async () => {
    const { milliseconds: _one, ...first } = await evaluation();
    const { milliseconds: _other, ...second } = await evaluation();
    expect(second).toEqual(first);
  });

  it("reads pseudo-colour images, and pairs by their names", async () => {
    const shape = parcelPlane(WIDTH, HEIGHT, 250, 0.5);
    const rgb = Uint8Array.from(shape).reduce(
      (all, grey, at) => {
        all.set(grey > 200 ? [255, 255, 255] : [230, 140, 40 + (at % 20)], 3 * at);
        return all;
      },
      new Uint8Array(3 * WIDTH * HEIGHT),
    );
    await writeRgb(path("data/images/colour.png"), rgb, WIDTH);
    const images = [
      { id: 1, file_name: "colour.png" },
      { id: 2, file_name: "2.low.png" },
    ];
    await annotate({ images, annotations: [{ image_id: 1, category_id: 1, bbox: BLADE_BOX }] });
    const result = await evaluation();
    expect(result).toMatchObject({ scans: 2, notAnalysed: 0, unreadable: 0 });
    expect(result.notes.join()).toMatch(/every object counts as clear/);
  });

  it("names a scan that cannot be read and goes on", async () => {
    await writeFile(path("data/images/2.high.png"), "no image");
    const { sound, text } = await run();
    expect(sound).toBe(false);
    expect(text).toMatch(/2 scans/);
    expect(text).toMatch(/note: 2 could not be read/);
  });

  it("refuses a data set that does not hold together, before anything is analysed", async () => {
    const annotation = { image_id: 1, category_id: 1, bbox: BLADE_BOX };
    const changes: object[] = [
      { images: [] },
      { images: [{ id: 1, file_name: "../../etc/passwd" }] },
      { images: [{ id: 1, file_name: "absent.png" }] },
      {
        images: [
          { id: 1, file_name: "1.low.png" },
          { id: 1, file_name: "2.low.png" },
        ],
      },
      { annotations: [{ ...annotation, image_id: 9 }] },
      { annotations: [{ ...annotation, category_id: 9 }] },
      { annotations: [{ ...annotation, bbox: [1, 2, 3] }] },
      { annotations: [{ ...annotation, tier: "somewhat" }] },
    ];
    for (const change of changes) {
      await annotate(change as Partial<Files> & Record<string, unknown>);
      expect(isLynceusError(await faultOf(run()), "LYN_DATASET"), JSON.stringify(change)).toBe(true);
    }
    await writeFile(path("data/annotations.json"), "{");
    expect(isLynceusError(await faultOf(run()), "LYN_DATASET")).toBe(true);
    await truncate(path("data/annotations.json"), MAX_ANNOTATION_BYTES + 1);
    expect(isLynceusError(await faultOf(run()), "LYN_DATASET")).toBe(true);
    await rm(path("data/annotations.json"));
    expect(isLynceusError(await faultOf(run()), "LYN_PATH_MISSING")).toBe(true);
  });

  it("needs a model that runs", async () => {
    const error = await faultOf(run({ models: [path("nowhere")] }));
    expect(isLynceusError(error, "LYN_MODEL_MISSING")).toBe(true);
    await writeFile(path("models/threat-detector-1.0.0/model.onnx"), "broken");
    expect((await run()).sound).toBe(false);
    expect(said).toMatch(/LYN_MODEL_DIGEST_MISMATCH/);
  });
});
