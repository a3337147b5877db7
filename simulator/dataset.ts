import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { LynceusError } from "../protocols/errors.ts";
import { THREAT_CLASSES } from "../protocols/vocabulary.ts";
import { parseEntry, readBenchmark } from "./benchmark/list.ts";
import type { BenchmarkSet } from "./benchmark/sets.ts";
import type { CargoScenario } from "./cargo/simulate.ts";
import { writeFrames } from "./dataset/raw.ts";
import type { DatasetRecord } from "./dataset/record.ts";
import type { DatasetAnswer, DatasetRequest } from "./dataset/worker.ts";
import { TARGET_CLASSES } from "./goods/item.ts";
import type { Mix, Physics, Scenario } from "./scan.ts";

/** Scans of one data set, at most: their annotations are held in memory until the end. */
export const MAX_DATASET_SCANS = 100_000;
/** Scans of one item. */
export const MAX_TAKES = 10;
const MAX_WORKERS = 16;

export interface DatasetOptions {
  /** Folder; made where it does not exist. */
  readonly out: string;
  /** Of a benchmark: its first scans, at most. */
  readonly count: number;
  readonly seed: number;
  /** The scans of a frozen benchmark instead of those of `seed`; `scenario`, `physics` and `mix` are then its own. */
  readonly benchmark?: BenchmarkSet;
  readonly scenario?: Scenario | CargoScenario;
  /** `standard` unless said; not of cargo. */
  readonly physics?: Physics;
  /** 1 unless said; cargo has one. */
  readonly views?: 1 | 2;
  /** `traffic` unless said. */
  readonly mix?: Mix;
  /**
   * Each item is scanned so often, 1 unless said: it lies otherwise each time, in every third it was packed anew. Scans of an item share
   * its identifiers and its declaration. Not of cargo, of a benchmark or raw.
   */
  readonly takes?: number;
  /**
   * Raw counts of an uncorrected detector instead, with `frames/{dark,air}.{low,high}.png` and the profile `scanner.json` that names
   * them; one view, not of cargo. Sidecars then state no air level.
   */
  readonly raw?: boolean;
  /** Threads; all cores unless said. */
  readonly workers?: number;
  readonly onProgress?: (done: number, count: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Writes `count` labelled scans (each `takes` times): `images/NAME.{low,high}.png` (16-bit grey) with `NAME.json {airLevel}`,
 * `masks/NAME.png` (pixel = number of the object, 1 …; a second view is `NAME.view1`, a plane alone `NAME.png`, a further scan of an item `NAME.take1`), COCO `annotations.json` (masks as run lengths),
 * `declarations.ndjson` and `outcomes.ndjson`. The same seed and count give the same bytes, however many threads.
 * `annotations.json` is written last: a folder without it is not complete.
 * @throws LynceusError `LYN_SIMULATION` for a count out of range, a folder that holds a data set already, a failed
 *   worker; the signal's reason when aborted.
 */
export async function writeDataset(options: DatasetOptions): Promise<void> {
  const { out, signal } = options;
  check(options);
  signal?.throwIfAborted();
  await makeFolders(out);
  if (options.raw === true) await writeFrames(out, options.seed);
  const records = await simulateAll(options);
  const declarations = records.map((record) => record.declaration).filter((one) => one !== null);
  await writeFile(join(out, "declarations.ndjson"), lines(declarations), { signal });
  await writeFile(join(out, "outcomes.ndjson"), lines(records.map((record) => record.outcome)), { signal });
  await writeFile(join(out, "annotations.json"), `${JSON.stringify(coco(records, options))}\n`, { signal });
  options.onProgress?.(records.length, records.length);
}

async function makeFolders(out: string): Promise<void> {
  try {
    for (const name of ["images", "masks"]) await mkdir(join(out, name), { recursive: true });
  } catch (cause) {
    throw new LynceusError("LYN_SIMULATION", `${out} cannot be made`, {
      remedy: "Give a folder that can be written with --out",
      cause,
    });
  }
}

function check({ out, count, seed, raw, views, scenario, benchmark, takes = 1 }: DatasetOptions): void {
  const cargo = scenario === "pallets" || scenario === "containers";
  if (!Number.isInteger(takes) || takes < 1 || takes > MAX_TAKES)
    throw new LynceusError("LYN_SIMULATION", `${takes} scans of each item cannot be made`, {
      remedy: `Ask for 1 to ${MAX_TAKES}`,
    });
  if (takes > 1 && (cargo || raw === true || benchmark !== undefined))
    throw new LynceusError("LYN_SIMULATION", "These are not scanned more than once", {
      remedy: "Leave out --takes, or ask for parcels, mail or baggage",
    });
  if (raw === true && (cargo || views === 2 || benchmark !== undefined)) {
    throw new LynceusError("LYN_SIMULATION", "Raw counts are not simulated of these scans", {
      remedy: "Leave out --raw, or ask for one view of parcels, mail or baggage",
    });
  }
  if (!Number.isInteger(count) || count < 1 || count * takes > MAX_DATASET_SCANS) {
    throw new LynceusError("LYN_SIMULATION", `A data set of ${count * takes} scans cannot be made`, {
      remedy: `Ask for 1 to ${MAX_DATASET_SCANS} scans`,
    });
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new LynceusError("LYN_SIMULATION", `${seed} is no seed`, {
      remedy: "Give an integer of 0 or more",
    });
  }
  if (existsSync(join(out, "annotations.json"))) {
    throw new LynceusError("LYN_SIMULATION", `${out} holds a data set already`, {
      remedy: "Give an empty or new folder with --out",
    });
  }
}

/** All records in order of their index. Each thread has one scan at a time, so that nothing queues up. */
async function simulateAll(options: DatasetOptions): Promise<DatasetRecord[]> {
  const { signal, onProgress } = options;
  const requests = requestsOf(options);
  const count = requests.length;
  const threads = Math.min(count, MAX_WORKERS, options.workers ?? availableParallelism());
  const records = new Array<DatasetRecord>(count);
  let next = 0;
  let done = 0;
  const crew = Array.from({ length: threads }, () => startWorker());
  const work = async (worker: Worker): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      signal?.throwIfAborted();
      records[index] = await ask(worker, requests[index] as DatasetRequest, signal);
      done++;
      if (done < count) onProgress?.(done, count);
    }
  };
  try {
    await Promise.all(crew.map(work));
  } finally {
    await Promise.all(crew.map((worker) => worker.terminate()));
  }
  return records;
}

function requestsOf(options: DatasetOptions): DatasetRequest[] {
  const {
    out,
    seed,
    count,
    mix = "traffic",
    scenario = "parcels",
    physics = "standard",
    views = 1,
    takes = 1,
  } = options;
  const raw = options.raw === true;
  if (options.benchmark === undefined) {
    const one = { out, seed, mix, scenario, physics, views, raw, takes };
    return Array.from({ length: count * takes }, (_, n) => {
      return { ...one, index: Math.floor(n / takes), take: n % takes };
    });
  }
  const frozen = readBenchmark().sets[options.benchmark];
  return frozen.scans.slice(0, count).map((line) => {
    const entry = parseEntry(line);
    const { index, scenario: own, mix: drawn } = entry;
    const of = { index, mix: drawn, scenario: own, physics: frozen.physics, views };
    return { out, seed: frozen.seed, ...of, raw, takes: 1, take: 0 };
  });
}

function startWorker(): Worker {
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  return new Worker(new URL(`./dataset/worker${extension}`, import.meta.url));
}

function ask(
  worker: Worker,
  request: DatasetRequest,
  signal: AbortSignal | undefined,
): Promise<DatasetRecord> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
      signal?.removeEventListener("abort", onAbort);
    };
    const fail = (message: string): void => {
      settle();
      reject(
        new LynceusError("LYN_SIMULATION", `Scan ${request.index} could not be made: ${message}`, {
          remedy: "See whether the folder can be written and has room",
        }),
      );
    };
    const onMessage = (answer: DatasetAnswer): void => {
      if (!answer.ok) {
        fail(answer.message);
        return;
      }
      settle();
      resolve(answer.record);
    };
    const onError = (error: unknown): void => fail(error instanceof Error ? error.message : String(error));
    const onExit = (code: number): void => fail(`its thread ended with code ${code}`);
    const onAbort = (): void => {
      settle();
      reject(signal?.reason);
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("exit", onExit);
    signal?.addEventListener("abort", onAbort, { once: true });
    worker.postMessage(request);
  });
}

function coco(records: readonly DatasetRecord[], options: DatasetOptions): object {
  const { seed, scenario = "parcels", benchmark } = options;
  const drawn =
    benchmark === undefined ? `scenario ${scenario}, seed ${seed}` : `frozen benchmark, set ${benchmark}`;
  let id = 0;
  const known: ReadonlySet<string> = new Set(TARGET_CLASSES);
  return {
    info: {
      description: `Simulated X-ray scans, ${drawn}, ${records.length} scans. All data is synthetic.`,
      version: "1.0",
    },
    categories: THREAT_CLASSES.map((name, place) => ({
      id: place + 1,
      name,
      supercategory: "threat",
    })).filter(({ name }) => known.has(name)),
    images: records.flatMap(({ views }) => views.map(({ image }) => image)),
    annotations: records
      .flatMap(({ views }) => views)
      .flatMap(({ image, annotations }) =>
        annotations.map((annotation) => ({ id: ++id, image_id: image.id, ...annotation })),
      ),
  };
}

function lines(values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}
