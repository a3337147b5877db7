/** Runs one tabular package with onnxruntime. Like the image models it lives in the analysis process. */
import * as ort from "onnxruntime-node";
import { z } from "zod";
import { LynceusError } from "../protocols/errors.ts";
import { calibrate } from "./calibration.ts";
import { compareGolden, type NamedOutput } from "./golden.ts";
import { checkGraph } from "./onnx/limits.ts";
import { readPackageFile } from "./package.ts";
import { type TabularRow, type TabularTensors, tensorsOf } from "./tabular.ts";
import type { TabularPackage } from "./tabular-package.ts";

/** Most rows of one run: more are run in parts. */
export const MAX_TABULAR_ROWS = 4096;

const goldenInputSchema = z.object({
  codes: z.array(z.array(z.int().min(0))).max(MAX_TABULAR_ROWS),
  amounts: z.array(z.array(z.number().nullable())).max(MAX_TABULAR_ROWS),
});
const goldenOutputSchema = z.record(
  z.string(),
  z.object({ dims: z.array(z.int().min(0)), data: z.array(z.number()).max(MAX_TABULAR_ROWS) }),
);

export class TabularRunner {
  readonly modelPackage: TabularPackage;
  readonly #session: ort.InferenceSession;

  private constructor(modelPackage: TabularPackage, session: ort.InferenceSession) {
    this.modelPackage = modelPackage;
    this.#session = session;
  }

  /**
   * Loads the graph of a verified package, once it is within bounds. Run {@link TabularRunner.knownAnswerTest} before trusting it.
   * @throws LynceusError LYN_MODEL_UNREADABLE, LYN_MODEL_DIGEST_MISMATCH, LYN_MODEL_GRAPH, LYN_MODEL_LOAD_FAILED
   */
  static async open(modelPackage: TabularPackage): Promise<TabularRunner> {
    const bytes = await readPackageFile(modelPackage, "model.onnx");
    checkGraph(bytes, label(modelPackage));
    try {
      const session = await ort.InferenceSession.create(bytes, {
        executionProviders: ["cpu"],
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
      });
      return new TabularRunner(modelPackage, session);
    } catch (cause) {
      throw new LynceusError("LYN_MODEL_LOAD_FAILED", `${label(modelPackage)}: ${describe(cause)}`, {
        remedy: "The runtime on this machine cannot read the graph; install a package made for it.",
        cause,
      });
    }
  }

  /**
   * The calibrated chance of each row, 0..1, at the prevalence that the package states.
   * @throws LynceusError LYN_MODEL_RUN_FAILED
   */
  async score(rows: readonly TabularRow[]): Promise<number[]> {
    const { inputs, outputs, classes } = this.modelPackage.manifest;
    const scores: number[] = [];
    for (let from = 0; from < rows.length; from += MAX_TABULAR_ROWS) {
      const tensors = tensorsOf(rows.slice(from, from + MAX_TABULAR_ROWS), inputs);
      const raw = (await this.#run(tensors)).get(outputs[0].name)?.data ?? new Float32Array();
      if (raw.length !== tensors.rows)
        throw this.#failed(`${raw.length} scores for ${tensors.rows} rows`, undefined);
      for (const value of raw) scores.push(calibrate(value, classes[0]!.calibration));
    }
    return scores;
  }

  /**
   * Runs the golden rows on this machine and compares.
   * @throws LynceusError LYN_MODEL_KNOWN_ANSWER, LYN_MODEL_MANIFEST_INVALID
   */
  async knownAnswerTest(): Promise<void> {
    const { golden } = this.modelPackage.manifest;
    for (const { input, output } of golden.cases) {
      const given = await this.#golden(input, goldenInputSchema);
      const expected = await this.#golden(output, goldenOutputSchema);
      const found = await this.#run({
        rows: given.codes.length,
        codes: BigInt64Array.from(given.codes.flat().map(BigInt)),
        amounts: Float64Array.from(given.amounts.flat().map((value) => value ?? Number.NaN)),
      });
      const fault = compareGolden(found, new Map(Object.entries(expected)), { ...golden, leastScore: 0 });
      if (fault === null) continue;
      throw new LynceusError("LYN_MODEL_KNOWN_ANSWER", `${label(this.modelPackage)}: ${input}: ${fault}`, {
        remedy:
          "Do not use this model on this machine: install the package again and check memory and processor.",
      });
    }
  }

  /** Frees the native session; the runner cannot be used afterwards. */
  async close(): Promise<void> {
    await this.#session.release();
  }

  async #run({ rows, codes, amounts }: TabularTensors): Promise<Map<string, NamedOutput>> {
    const [{ columns }, { columns: amountColumns }] = this.modelPackage.manifest.inputs;
    try {
      const result = await this.#session.run({
        codes: new ort.Tensor("int64", codes, [rows, columns.length]),
        amounts: new ort.Tensor("float64", amounts, [rows, amountColumns.length]),
      });
      const outputs = new Map<string, NamedOutput>();
      for (const [name, value] of Object.entries(result)) {
        const data = value.data as Float32Array;
        if (data.some((one) => !Number.isFinite(one))) throw new Error(`output ${name} is not all numbers`);
        outputs.set(name, { dims: value.dims, data });
      }
      return outputs;
    } catch (cause) {
      throw this.#failed(describe(cause), cause);
    }
  }

  async #golden<T>(name: string, schema: z.ZodType<T>): Promise<T> {
    const text = new TextDecoder().decode(await readPackageFile(this.modelPackage, name));
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new LynceusError(
        "LYN_MODEL_MANIFEST_INVALID",
        `${label(this.modelPackage)}: ${name} is not golden`,
        {
          remedy: "The package does not follow lynceus-model/1; ask its provider for a corrected one.",
          cause,
        },
      );
    }
  }

  #failed(message: string, cause: unknown): LynceusError {
    return new LynceusError("LYN_MODEL_RUN_FAILED", `${label(this.modelPackage)}: ${message}`, {
      remedy: "Run the known-answer test; if it fails too, install the package again or roll back.",
      cause,
    });
  }
}

function label({ manifest }: TabularPackage): string {
  return `${manifest.name} ${manifest.version}`;
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
