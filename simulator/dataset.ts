import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { LynceusError } from "../protocols/errors.ts";
import { THREAT_CLASSES } from "../protocols/vocabulary.ts";
import type { CargoScenario } from "./cargo/simulate.ts";
import type { DatasetRecord } from "./dataset/record.ts";
import type { DatasetAnswer, DatasetRequest } from "./dataset/worker.ts";
import { TARGET_CLASSES } from "./goods/item.ts";
import type { Mix, Physics, Scenario } from "./scan.ts";

/** Scans of one data set, at most: their annotations are held in memory until the end. */
export const MAX_DATASET_SCANS = 100_000;
const MAX_WORKERS = 16;

export interface DatasetOptions {
  /** Folder; made where it does not exist. */
  readonly out: string;
  readonly count: number;
  readonly seed: number;
  readonly scenario?: Scenario | CargoScenario;
  /** `standard` unless said; not of cargo. */
  readonly physics?: Physics;
  /** 1 unless said; cargo has one. */
  readonly views?: 1 | 2;
  /** `traffic` unless said. */
  readonly mix?: Mix;
  /** Threads; all cores unless said. */
  readonly workers?: number;
  readonly onProgress?: (done: number, count: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Writes `count` labelled scans: `images/NAME.{low,high}.png` (16-bit grey) with `NAME.json {airLevel}`,
 * `masks/NAME.png` (pixel = number of the object, 1 …; a second view is `NAME.view1`, a plane alone `NAME.png`), COCO `annotations.json` (masks as run lengths),
 * `declarations.ndjson` and `outcomes.ndjson`. The same seed and count give the same bytes, however many threads.
 * `annotations.json` is written last: a folder without it is not complete.
 * @throws LynceusError `LYN_SIMULATION` for a count out of range, a folder that holds a data set already, a failed
 *   worker; the signal's reason when aborted.
 */
export async function writeDataset(options: DatasetOptions): Promise<void> {
  const { out, count, signal } = options;
  check(options);
  signal?.throwIfAborted();
  await makeFolders(out);
  const records = await simulateAll(options);
  const declarations = records.map((record) => record.declaration).filter((one) => one !== null);
  await writeFile(join(out, "declarations.ndjson"), lines(declarations), { signal });
  await writeFile(join(out, "outcomes.ndjson"), lines(records.map((record) => record.outcome)), { signal });
  await writeFile(join(out, "annotations.json"), `${JSON.stringify(coco(records, options))}\n`, { signal });
  options.onProgress?.(count, count);
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

function check({ out, count, seed }: DatasetOptions): void {
  if (!Number.isInteger(count) || count < 1 || count > MAX_DATASET_SCANS) {
    throw new LynceusError("LYN_SIMULATION", `A data set of ${count} scans cannot be made`, {
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
  const { count, signal, onProgress } = options;
  const threads = Math.min(count, MAX_WORKERS, options.workers ?? availableParallelism());
  const records = new Array<DatasetRecord>(count);
  let next = 0;
  let done = 0;
  const crew = Array.from({ length: threads }, () => startWorker());
  const work = async (worker: Worker): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      signal?.throwIfAborted();
      records[index] = await ask(worker, requestOf(options, index), signal);
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

function requestOf(options: DatasetOptions, index: number): DatasetRequest {
  const { out, seed, mix = "traffic", scenario = "parcels", physics = "standard", views = 1 } = options;
  return { out, seed, index, mix, scenario, physics, views };
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

function coco(records: readonly DatasetRecord[], { seed, count, scenario }: DatasetOptions): object {
  let id = 0;
  const known: ReadonlySet<string> = new Set(TARGET_CLASSES);
  return {
    info: {
      description: `Simulated X-ray scans, scenario ${scenario ?? "parcels"}, seed ${seed}, ${count} scans. All data is synthetic.`,
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
