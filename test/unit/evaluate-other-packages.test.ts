import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Evaluation } from "../../device/cli/evaluate/figures.ts";
import { type LoadTally, loadFigures } from "../../device/cli/evaluate/loads.ts";
import { type LookTally, neighbourFigures } from "../../device/cli/evaluate/neighbours.ts";
import { runEvaluate } from "../../device/cli/evaluate/run.ts";
import { parcelPlane, temporaryFolder, writeGrey16 } from "../fixtures/image-files.ts";
import { EMBEDDING_MODEL, LOAD_MODEL, writeTinyModel } from "../fixtures/tiny-model.ts";

const [WIDTH, HEIGHT, AIR] = [48, 64, 60_000];
const NO_INTERVAL = () => null;

describe("loads", () => {
  const claim = (state: "empty" | "part" | "loaded", profile: readonly number[] = []) => {
    return { state, score: 0.9, profile };
  };
  const truth = (state: "empty" | "part" | "loaded", profile: readonly number[] | null = null) => {
    return { state, profile };
  };

  const tally = (own: LoadTally["truth"], claimed: LoadTally["claimed"]): LoadTally => {
    return { name: "scan", truth: own, claimed };
  };

  it("count each state alike, and what was not judged as wrong", () => {
    const tallies = [
      ...Array.from({ length: 8 }, () => tally(truth("loaded"), claim("loaded"))),
      tally(truth("empty"), claim("empty")),
      tally(truth("empty"), null),
    ];
    const figures = loadFigures(tallies);
    expect(figures).toMatchObject({ scans: 10, notJudged: 1, balancedAccuracy: 0.75, profile: null });
    expect(figures.states).toEqual([
      { state: "empty", scans: 2, told: 1 },
      { state: "loaded", scans: 8, told: 8 },
    ]);
    expect(figures.confusion).toContainEqual({ truth: "empty", claimed: "none", count: 1 });
    expect(figures.worst).toEqual([{ name: "scan", truth: "empty", claimed: "none", score: null }]);
    expect(figures.calibration.ece).toBeCloseTo(0.1, 6);
    expect(loadFigures(tallies, Uint16Array.from([1, ...new Array<number>(7).fill(0), 1, 0]))).toMatchObject({
      scans: 2,
      balancedAccuracy: 1,
    });
    expect(loadFigures([])).toMatchObject({ scans: 0, balancedAccuracy: null });
  });

  it("compare profiles of any length along the container", () => {
    const of = (own: readonly number[], told: readonly number[]) =>
      loadFigures([tally(truth("part", own), claim("part", told))]).profile;
    expect(of([0, 0, 1, 1], [0, 1])).toEqual({ scans: 1, meanError: 0, within: 1 });
    expect(of([0, 1], [0, 0, 1, 1])).toEqual({ scans: 1, meanError: 0, within: 1 });
    expect(of([0.5, 0.5], [0.5, 1])).toEqual({ scans: 1, meanError: 0.25, within: 0 });
    expect(of([0.5], [])).toBeNull();
  });
});

describe("vectors", () => {
  const look = (angle: number, own: Partial<LookTally> = {}): LookTally => {
    const vector = Float32Array.of(Math.cos(angle), Math.sin(angle));
    return { vector, space: "a", scanId: null, item: null, kind: null, ...own };
  };

  it("are to find another scan of the same item first, views of one scan aside", () => {
    const looks = [
      look(0, { item: "one", scanId: "1" }),
      look(0, { item: "one", scanId: "1" }),
      look(0.1, { item: "one", scanId: "2" }),
      look(0.9, { item: "two", scanId: "3" }),
      look(0.12, { item: "three", scanId: "4" }),
      look(0.5, { item: "two", scanId: "5" }),
    ];
    const figures = neighbourFigures(looks, NO_INTERVAL);
    // The scan at 0.1 is nearest to the third item, and that at 0.5 too.
    expect(figures?.sameItem).toEqual({ searched: 5, share: 3 / 5, interval: null });
    expect(figures?.sameKind).toBeNull();
  });

  it("are to have another item of the same goods among the first five", () => {
    const others = Array.from({ length: 6 }, (_, at) => look(0.2 + at / 100, { kind: "metals" }));
    const near = [look(0, { kind: "textiles" }), look(0.1, { kind: "textiles" })];
    expect(neighbourFigures([...near, ...others], NO_INTERVAL)?.sameKind?.share).toBe(1);
    const far = [look(0, { kind: "textiles" }), look(1.5, { kind: "textiles" })];
    expect(neighbourFigures([...far, ...others], NO_INTERVAL)?.sameKind).toMatchObject({
      searched: 8,
      share: 6 / 8,
    });
  });

  it("are compared with those of their own package only", () => {
    expect(neighbourFigures([look(0), look(0, { space: "b" })], NO_INTERVAL)).toBeNull();
    expect(neighbourFigures([], NO_INTERVAL)).toBeNull();
  });
});

describe("lynceus evaluate of packages that detect nothing", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (...names: string[]) => join(folder.path, ...names);
  beforeEach(async () => {
    folder = await temporaryFolder();
    await mkdir(path("data/images"), { recursive: true });
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  async function dataset(images: readonly object[]): Promise<void> {
    await writeFile(
      path("data/annotations.json"),
      JSON.stringify({ categories: [], images, annotations: [] }),
    );
  }
  async function evaluate(json: boolean, report?: string): Promise<string> {
    let text = "";
    const sound = await runEvaluate({
      dataset: path("data"),
      models: [path("models")],
      seed: 1,
      json,
      progress: false,
      out: (line) => {
        text += line;
      },
      say: () => undefined,
      ...(report !== undefined && { report }),
    });
    expect(sound).toBe(true);
    return text;
  }
  const write = (name: string, through: number) =>
    writeGrey16(path("data/images", name), parcelPlane(WIDTH, HEIGHT, AIR, through), WIDTH);

  it("tells states and profiles of containers, and nothing of what nobody looks for", async () => {
    await writeTinyModel(path("models"), LOAD_MODEL);
    await write("1.png", 0.3);
    await write("2.png", 0.5);
    await dataset([
      { id: 1, file_name: "1.png", cargo: { state: "part", profile: new Array<number>(64).fill(0.25) } },
      { id: 2, file_name: "2.png", cargo: { state: "empty", carrier: "dry20" } },
    ]);
    const { load } = JSON.parse(await evaluate(true)) as Evaluation;
    expect(load).toMatchObject({ scans: 2, notJudged: 0, balancedAccuracy: 0.5 });
    expect(load?.profile).toMatchObject({ scans: 1, within: 1 });
    const text = await evaluate(false, path("report"));
    expect(text).toMatch(
      /load: balanced accuracy 0\.500 .* of 2 scans \(empty 0 of 1, part 1 of 1\), ECE 0\.\d+; profile/,
    );
    expect(text).not.toMatch(/AP@50|class scores/);
    expect(await readFile(path("report/report.html"), "utf8")).toMatch(
      /<h2>Load<\/h2>[\s\S]*<svg [\s\S]*<th>2<\/th><td>empty<\/td><td>part/,
    );
  });

  it("tells whether an embedding finds items again", async () => {
    await writeTinyModel(path("models"), EMBEDDING_MODEL);
    for (const n of [1, 2, 3]) {
      await write(`${n}.low.png`, 0.2 * n);
      await write(`${n}.high.png`, 0.3 * n);
    }
    const item = (value: string) => [{ scheme: "S10", value }];
    await dataset([
      { id: 1, file_name: "1.low.png", identifiers: item("RR473124829GB") },
      { id: 2, file_name: "2.low.png", identifiers: item("RR473124829GB") },
      { id: 3, file_name: "3.low.png", identifiers: item("RB123456785GB") },
    ]);
    const { similar } = JSON.parse(await evaluate(true)) as Evaluation;
    expect(similar).toMatchObject({ among: 3, sameItem: { searched: 2 }, sameKind: null });
    expect(await evaluate(false)).toMatch(
      /similar scans, among 3: another scan of the same item found first/,
    );
  });
});
