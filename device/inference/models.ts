import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { calibrate } from "../../models/calibration.ts";
import { listPackages, loadPackage, TABULAR_TASK } from "../../models/package.ts";
import { EXECUTION_PROVIDER, type ModelOutput, ModelRunner } from "../../models/runner.ts";
import { loadTabularPackage } from "../../models/tabular-package.ts";
import { TabularRunner } from "../../models/tabular-runner.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { type ModelTrust, trustedBy } from "../models/trust.ts";
import type { ImageModel, ModelFindings, ModelTask } from "./image-model.ts";
import type { ModelFault, ModelSelection, ModelSummary } from "./messages.ts";

/** A model that was verified, passed its known-answer test on this machine and is warm. */
export interface LoadedModel extends ImageModel {
  readonly task: ModelTask;
}

export interface LoadedModels {
  readonly models: readonly LoadedModel[];
  readonly faults: readonly ModelFault[];
}

/** A package as its manifest presents itself, unverified. */
export interface Candidate {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
  readonly tabular: boolean;
}

/**
 * Loads the packages that are named, or all: verified, known-answer tested (which also warms the session up), side by side.
 * The first folder that holds a name wins, its highest version there. A package that fails is a fault, never an error: the
 * others run.
 */
export async function loadModels(selection: ModelSelection): Promise<LoadedModels> {
  const candidates = await findPackages(selection.folders, selection.pinned);
  const names = selection.names ?? [...candidates.keys()];
  const results = await Promise.all(names.map((name) => loadOne(name, candidates.get(name), selection)));
  return {
    models: results.filter((result) => result !== null && "run" in result),
    faults: results.filter((result) => result !== null && "code" in result),
  };
}

/** What a loaded model is called, for `info` and `health`. */
export function summaryOf({ name, version, sha256, task }: LoadedModel): ModelSummary {
  return { name, version, sha256, task };
}

/** Null: a package that was named in its place and tested, and that reads declarations, not images. */
async function loadOne(
  name: string,
  candidate: Candidate | undefined,
  { folders, trust }: Pick<ModelSelection, "folders" | "trust">,
): Promise<LoadedModel | ModelFault | null> {
  try {
    if (!candidate) {
      throw new LynceusError(
        "LYN_MODEL_MISSING",
        `No package of the model ${name} in ${folders.join(", ")}`,
        {
          remedy: "Install the package, or take the model out of the lane's `models`.",
        },
      );
    }
    if (candidate.tabular) {
      await (await openTabular(candidate.directory, trust)).close();
      return null;
    }
    const modelPackage = await loadPackage(candidate.directory);
    if (trust !== undefined) await trustedBy(modelPackage, trust);
    const runner = await ModelRunner.open({ modelPackage });
    await runner.knownAnswerTest();
    return imageModel(runner);
  } catch (error) {
    if (error instanceof LynceusError) {
      return { model: name, code: error.code, message: error.message, remedy: error.remedy };
    }
    const message = error instanceof Error ? error.message : String(error);
    return { model: name, code: "LYN_MODEL_LOAD_FAILED", message, remedy: "Install the package again." };
  }
}

/** A package of task `tabular`: verified, trusted, known-answer tested. @throws LynceusError LYN_MODEL_* */
export async function openTabular(directory: string, trust: ModelTrust | undefined): Promise<TabularRunner> {
  const tabular = await loadTabularPackage(directory);
  if (trust !== undefined) await trustedBy(tabular, trust);
  const runner = await TabularRunner.open(tabular);
  await runner.knownAnswerTest();
  return runner;
}

/**
 * Every package of images found (`tabular`: every one that reads declarations), by name, and those of `pinned`, whatever they
 * read. What its manifest says is believed only to choose; {@link loadPackage} verifies it.
 */
export async function findPackages(
  folders: readonly string[],
  pinned: Readonly<Record<string, string>> = {},
  kind: "image" | "tabular" = "image",
): Promise<ReadonlyMap<string, Candidate>> {
  const chosen = new Map<string, Candidate>();
  for (const folder of folders) {
    const here = new Map<string, Candidate>();
    for (const directory of await listPackages(folder, kind)) {
      const found = await peek(directory);
      const other = here.get(found.name);
      if (!other || compareVersions(found.version, other.version) > 0) here.set(found.name, found);
    }
    for (const [name, candidate] of here) if (!chosen.has(name)) chosen.set(name, candidate);
  }
  for (const [name, directory] of Object.entries(pinned)) chosen.set(name, await peek(directory));
  return chosen;
}

async function peek(directory: string): Promise<Candidate> {
  const unknown = {
    name: basename(directory).replace(/-\d+\.\d+\.\d+.*$/, ""),
    version: "0.0.0",
    directory,
    tabular: false,
  };
  try {
    const manifest: unknown = JSON.parse(await readFile(join(directory, "model.json"), "utf8"));
    if (typeof manifest !== "object" || manifest === null) return unknown;
    const { name, version, task } = manifest as Readonly<Record<string, unknown>>;
    return {
      name: typeof name === "string" ? name : unknown.name,
      version: typeof version === "string" ? version : unknown.version,
      directory,
      tabular: task === TABULAR_TASK,
    };
  } catch {
    return unknown;
  }
}

/** Order of versions (semver 2.0.0 clause 11, its common part): numbers, then a pre-release before its release. */
export function compareVersions(a: string, b: string): number {
  const parts = (version: string) => version.split("-", 1)[0]!.split(".").map(Number);
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  const pre = (version: string) => version.slice(version.split("-", 1)[0]!.length);
  if (pre(a) === pre(b)) return 0;
  if (pre(a) === "" || pre(b) === "") return pre(a) === "" ? 1 : -1;
  return pre(a) < pre(b) ? -1 : 1;
}

function imageModel(runner: ModelRunner): LoadedModel {
  const { manifest, sha256 } = runner.modelPackage;
  const { name, version, task } = manifest;
  return {
    name,
    version,
    sha256,
    provider: EXECUTION_PROVIDER,
    task,
    subjects: manifest.inputs[0]!.subjects,
    lookedFor: lookedForOf(runner),
    thresholds: new Map(manifest.classes.map((entry) => [entry.name, entry.threshold])),
    ...(manifest.embedding && { similarity: manifest.embedding }),
    accepts: (planes) => runner.accepts(planes),
    run: async (planes, tensors) => findingsOf(await runner.run(planes, tensors), planes.view, runner),
  };
}

/** What finding nothing of a class means: the calibrated score at the graph's own floor, where the package states it. */
function lookedForOf(runner: ModelRunner): ImageModel["lookedFor"] {
  const { classes, outputs } = runner.modelPackage.manifest;
  const leastScore = outputs.find((output) => output.leastScore !== undefined)?.leastScore;
  if (leastScore === undefined) return [];
  return classes.map(({ name, calibration }) => ({
    class: name,
    prevalence: calibration.prevalence,
    absent: calibrate(leastScore, calibration),
  }));
}

function findingsOf(output: ModelOutput, view: number, runner: ModelRunner): ModelFindings {
  const { name, version, classes } = runner.modelPackage.manifest;
  const detections = output.detections.map((detection) => {
    const entry = classes.find((one) => one.name === detection.class);
    return {
      class: detection.class,
      score: detection.score,
      raw: detection.raw,
      threshold: detection.threshold,
      model: `${name}@${version}`,
      certified: entry?.certified != null,
      prevalence: entry?.calibration.prevalence ?? 0.5,
      boxes: [{ view, ...detection.box }],
    };
  });
  const contents = output.contents.map(({ group, score, share }) => ({ group, score, share }));
  const { load, embedding, milliseconds } = output;
  return { detections, contents, load, embedding, milliseconds };
}
