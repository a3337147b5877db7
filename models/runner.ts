/**
 * Runs one model package with onnxruntime. `session.run` blocks the thread that calls it for tens of milliseconds, so a
 * runner lives in a process of its own (`device/`); this file knows nothing of that.
 */
import * as ort from "onnxruntime-node";
import { LynceusError } from "../protocols/errors.ts";
import { calibrate } from "./calibration.ts";
import { compareGolden, type NamedOutput, readGolden } from "./golden.ts";
import { checkGraph } from "./onnx/limits.ts";
import { type LOAD_STATES, type ModelPackage, readPackageFile } from "./package.ts";
import type { ScanPlanes } from "./planes.ts";
import { acceptsPlanes, type InputTensor, type PlaneBox, toPlaneBox, ViewTensors } from "./tensor.ts";

/** Most detections a run gives (contract `mqtt.md`: `detections` 100). */
export const MAX_DETECTIONS = 100;
/** What runs the graph (`mqtt.md`, Hit `models[].provider`): the one provider that every machine has. */
export const EXECUTION_PROVIDER = "cpu";
/** Length of the vector that stands for a scan. */
export const EMBEDDING_SIZE = 128;
/** How far the length of an embedding may be from 1: rounding, not a graph that forgot to normalise. */
const NORM_TOLERANCE = 0.01;
/** Values of a row of `dets`: x0, y0, x1, y1, raw score, class. */
const DETECTION_COLUMNS = 6;

export interface ModelDetection {
  /** Threat class of `labels.md`. */
  readonly class: string;
  /** Calibrated, 0..1, at the prevalence that the package states. */
  readonly score: number;
  /** As the graph gave it, 0..1: orders what calibration makes equal. */
  readonly raw: number;
  /** Calibrated score from which the class counts as found. */
  readonly threshold: number;
  /** Pixels of the plane, 0-based, right and bottom exclusive, clipped to it. */
  readonly box: PlaneBox;
}

export interface ModelContents {
  /** Goods group of `labels.md`. */
  readonly group: string;
  /** Calibrated chance that the group is there, 0..1. */
  readonly score: number;
  /** Share of the net mass, 0..1. */
  readonly share: number;
}

/** How full a container or pallet is (contract `mqtt.md`, Hit `load`). */
export interface ModelLoad {
  readonly state: (typeof LOAD_STATES)[number];
  /** Chance of that state, 0..1; those of all three add up to 1. */
  readonly score: number;
  /** Fill along the width of the image, left to right, 0..1 each. */
  readonly profile: readonly number[];
}

export interface ModelOutput {
  /** What ran, as the Hit's `models[]` names it. */
  readonly model: {
    readonly name: string;
    readonly version: string;
    readonly sha256: string;
    readonly provider: string;
  };
  /** Best first; empty for a `contents` model. */
  readonly detections: readonly ModelDetection[];
  /** One entry per group, best first; empty for a model that does not tell goods. */
  readonly contents: readonly ModelContents[];
  /** Null for a model that does not judge the load. */
  readonly load: ModelLoad | null;
  /** Unit vector of {@link EMBEDDING_SIZE}; null for a model that gives none. */
  readonly embedding: Float32Array | null;
  /** The bare `session.run`, milliseconds. */
  readonly milliseconds: number;
}

export interface ModelRunnerOptions {
  readonly modelPackage: ModelPackage;
  /** Threads inside of an operator; 1 leaves the other cores to capture and spool. */
  readonly threads?: number;
}

export class ModelRunner {
  readonly modelPackage: ModelPackage;
  readonly #session: ort.InferenceSession;

  private constructor(modelPackage: ModelPackage, session: ort.InferenceSession) {
    this.modelPackage = modelPackage;
    this.#session = session;
  }

  /**
   * Loads the graph of a verified package, once it is within bounds. Run {@link ModelRunner.knownAnswerTest} before trusting it.
   * @throws LynceusError LYN_MODEL_UNREADABLE, LYN_MODEL_DIGEST_MISMATCH, LYN_MODEL_GRAPH, LYN_MODEL_LOAD_FAILED
   */
  static async open(options: ModelRunnerOptions): Promise<ModelRunner> {
    const { modelPackage, threads = 1 } = options;
    const bytes = await readPackageFile(modelPackage, "model.onnx");
    checkGraph(bytes, label(modelPackage));
    try {
      const session = await ort.InferenceSession.create(bytes, {
        executionProviders: [EXECUTION_PROVIDER],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: "sequential",
        logSeverityLevel: 3,
      });
      return new ModelRunner(modelPackage, session);
    } catch (cause) {
      throw new LynceusError("LYN_MODEL_LOAD_FAILED", `${label(modelPackage)}: ${describe(cause)}`, {
        remedy: "The runtime on this machine cannot read the graph; install a package made for it.",
        cause,
      });
    }
  }

  /** Whether the package reads scans of this kind. */
  accepts(planes: ScanPlanes): boolean {
    return acceptsPlanes(planes, this.modelPackage.manifest.inputs[0]!);
  }

  /**
   * One view through the model. `tensors`: those of this view, where several models look at it.
   * @throws LynceusError LYN_MODEL_SCAN_UNSUPPORTED for planes it cannot read, LYN_MODEL_RUN_FAILED when the run fails
   */
  async run(planes: ScanPlanes, tensors = new ViewTensors(planes)): Promise<ModelOutput> {
    const { manifest, sha256 } = this.modelPackage;
    const tensor = tensors.of(manifest.inputs[0]!);
    const { outputs, milliseconds } = await this.#runTensor(tensor.data, tensor.dims);
    return {
      model: { name: manifest.name, version: manifest.version, sha256, provider: EXECUTION_PROVIDER },
      detections: manifest.task === "detection" ? this.#detections(outputs, tensor) : [],
      contents: manifest.task === "contents" && !outputs.has("state") ? this.#contents(outputs) : [],
      load: manifest.task === "contents" && outputs.has("state") ? this.#load(outputs) : null,
      embedding: manifest.task === "embedding" ? this.#embedding(outputs) : null,
      milliseconds,
    };
  }

  /**
   * Runs the golden inputs on this machine and compares: catches a broken runtime, CPU or file before it reads a scan.
   * @throws LynceusError LYN_MODEL_KNOWN_ANSWER
   */
  async knownAnswerTest(): Promise<void> {
    for (const golden of await readGolden(this.modelPackage)) {
      const { outputs } = await this.#runTensor(golden.data, golden.shape);
      const fault = compareGolden(outputs, golden.expected, this.modelPackage.manifest.golden);
      if (fault !== null) {
        throw new LynceusError(
          "LYN_MODEL_KNOWN_ANSWER",
          `${label(this.modelPackage)}: ${golden.name}: ${fault}`,
          {
            remedy:
              "Do not use this model on this machine: install the package again and check memory and processor.",
          },
        );
      }
    }
  }

  /** Frees the native session; the runner cannot be used afterwards. */
  async close(): Promise<void> {
    await this.#session.release();
  }

  async #runTensor(
    data: Float32Array,
    dims: readonly number[],
  ): Promise<{ outputs: Map<string, NamedOutput>; milliseconds: number }> {
    const feeds = { [this.#session.inputNames[0]!]: new ort.Tensor("float32", data, dims) };
    try {
      const started = performance.now();
      const result = await this.#session.run(feeds);
      const milliseconds = performance.now() - started;
      const outputs = new Map<string, NamedOutput>();
      for (const [name, value] of Object.entries(result)) {
        const values = value.data as Float32Array;
        if (values.some((v) => !Number.isFinite(v)))
          throw new Error(`output ${name} holds values that are not numbers`);
        outputs.set(name, { dims: value.dims, data: values });
      }
      return { outputs, milliseconds };
    } catch (cause) {
      throw new LynceusError("LYN_MODEL_RUN_FAILED", `${label(this.modelPackage)}: ${describe(cause)}`, {
        remedy: "Run the known-answer test; if it fails too, install the package again or roll back.",
        cause,
      });
    }
  }

  #output(outputs: Map<string, NamedOutput>, name: string): Float32Array {
    const output = outputs.get(name);
    if (output !== undefined) return output.data;
    throw this.#unfit(`the graph has no output ${name}`);
  }

  #unfit(message: string): LynceusError {
    return new LynceusError("LYN_MODEL_RUN_FAILED", `${label(this.modelPackage)}: ${message}`, {
      remedy: "The package does not fit its task; ask its provider for a corrected one.",
    });
  }

  #detections(outputs: Map<string, NamedOutput>, tensor: InputTensor): ModelDetection[] {
    const rows = this.#output(outputs, "dets");
    const found: ModelDetection[] = [];
    for (let i = 0; i + DETECTION_COLUMNS <= rows.length; i += DETECTION_COLUMNS) {
      const entry = this.modelPackage.manifest.classes[rows[i + 5]!];
      const box = toPlaneBox([rows[i]!, rows[i + 1]!, rows[i + 2]!, rows[i + 3]!], tensor);
      if (entry === undefined || box === null) continue;
      found.push({
        class: entry.name,
        score: calibrate(rows[i + 4]!, entry.calibration),
        raw: rows[i + 4]!,
        threshold: entry.threshold,
        box,
      });
    }
    return found.sort((a, b) => b.score - a.score || b.raw - a.raw).slice(0, MAX_DETECTIONS);
  }

  #contents(outputs: Map<string, NamedOutput>): ModelContents[] {
    const presence = this.#output(outputs, "presence");
    const share = this.#output(outputs, "share");
    return this.modelPackage.manifest.classes
      .map((entry, g) => ({
        group: entry.name,
        score: calibrate(presence[g]!, entry.calibration),
        share: share[g]!,
      }))
      .sort((a, b) => b.score - a.score);
  }

  #load(outputs: Map<string, NamedOutput>): ModelLoad {
    const raw = this.#output(outputs, "state");
    const profile = this.#output(outputs, "profile");
    const { classes } = this.modelPackage.manifest;
    if (raw.length !== classes.length) throw this.#unfit(`state has ${raw.length} values`);
    const chances = classes.map((entry, at) => calibrate(raw[at]!, entry.calibration));
    const total = chances.reduce((sum, chance) => sum + chance, 0);
    const best = chances.indexOf(Math.max(...chances));
    return {
      state: classes[best]!.name as ModelLoad["state"],
      score: total > 0 ? chances[best]! / total : 0,
      profile: Array.from(profile, (fill) => Math.min(1, Math.max(0, fill))),
    };
  }

  #embedding(outputs: Map<string, NamedOutput>): Float32Array {
    const vector = this.#output(outputs, "embedding");
    if (vector.length !== EMBEDDING_SIZE) throw this.#unfit(`the embedding has ${vector.length} values`);
    const norm = Math.hypot(...vector);
    if (Math.abs(norm - 1) > NORM_TOLERANCE) throw this.#unfit(`the embedding has length ${norm}, not 1`);
    return vector;
  }
}

function label(modelPackage: ModelPackage): string {
  return `${modelPackage.manifest.name} ${modelPackage.manifest.version}`;
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
