/** Golden inputs and outputs of a package, and their comparison (contract `model-package.md`, `golden/`). */
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { LynceusError } from "../protocols/errors.ts";
import { type ModelManifest, type ModelPackage, readPackageFile } from "./package.ts";

/** Largest golden input, samples. */
export const MAX_GOLDEN_SAMPLES = 8 * 1024 * 1024;
const SCORE = 4;
const CLASS = 5;
const COLUMNS = 6;

export interface NamedOutput {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export interface GoldenCase {
  readonly name: string;
  /** Transmission, of `shape`. */
  readonly data: Float32Array;
  readonly shape: readonly number[];
  readonly expected: ReadonlyMap<
    string,
    { readonly dims: readonly number[]; readonly data: readonly number[] }
  >;
}

type GoldenTolerance = Pick<ModelManifest["golden"], "atol" | "rtol" | "leastScore">;

const outputSchema = z.record(
  z.string(),
  z.object({ dims: z.array(z.int().min(0)), data: z.array(z.number()).max(100_000) }),
);

function invalid(name: string, message: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_MODEL_MANIFEST_INVALID", `${name}: ${message}`, {
    remedy: "The package does not follow lynceus-model/1; ask its provider for a corrected one.",
    cause,
  });
}

function unpack(name: string, bytes: Uint8Array, samples: number, scale: number): Float32Array {
  let raw: Uint8Array;
  try {
    raw = gunzipSync(bytes, { maxOutputLength: samples * 2 });
  } catch (cause) {
    throw invalid(name, `not ${samples} gzipped samples`, cause);
  }
  if (raw.byteLength !== samples * 2)
    throw invalid(name, `holds ${raw.byteLength} bytes, not ${samples * 2}`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Float32Array.from({ length: samples }, (_, i) => view.getUint16(2 * i, true) / scale);
}

/** The golden cases of a package, unpacked. @throws LynceusError LYN_MODEL_MANIFEST_INVALID, LYN_MODEL_DIGEST_MISMATCH */
export async function readGolden(modelPackage: ModelPackage): Promise<GoldenCase[]> {
  const cases: GoldenCase[] = [];
  for (const entry of modelPackage.manifest.golden.cases) {
    const samples = entry.shape.reduce((product, side) => product * side, 1);
    if (samples > MAX_GOLDEN_SAMPLES) throw invalid(entry.input, `more than ${MAX_GOLDEN_SAMPLES} samples`);
    const data = unpack(entry.input, await readPackageFile(modelPackage, entry.input), samples, entry.scale);
    const text = new TextDecoder().decode(await readPackageFile(modelPackage, entry.output));
    const outputs = outputSchema.safeParse(parseJson(entry.output, text));
    if (!outputs.success) throw invalid(entry.output, outputs.error.issues[0]!.message);
    cases.push({
      name: entry.input,
      data,
      shape: entry.shape,
      expected: new Map(Object.entries(outputs.data)),
    });
  }
  return cases;
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(name, "not JSON", cause);
  }
}

function near(found: number, expected: number, tolerance: GoldenTolerance): boolean {
  return Math.abs(found - expected) <= tolerance.atol + tolerance.rtol * Math.abs(expected);
}

function rowsOf(values: ArrayLike<number>): number[][] {
  const rows: number[][] = [];
  for (let i = 0; i + COLUMNS <= values.length; i += COLUMNS)
    rows.push(Array.from({ length: COLUMNS }, (_, k) => values[i + k]!));
  return rows;
}

/** Detections may change order when scores are close: each expected one needs a counterpart, and none may be left over. */
function compareDetections(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: GoldenTolerance,
): string | null {
  const left = rowsOf(found);
  for (const row of rowsOf(expected)) {
    const match = left.findIndex(
      (other) => other[CLASS] === row[CLASS] && other.every((value, k) => near(value, row[k]!, tolerance)),
    );
    if (match >= 0) left.splice(match, 1);
    else if (row[SCORE]! > tolerance.leastScore + tolerance.atol)
      return `expected detection ${row.join(", ")} is missing`;
  }
  const extra = left.find((row) => row[SCORE]! > tolerance.leastScore + tolerance.atol);
  return extra === undefined ? null : `unexpected detection ${extra.map((v) => v.toFixed(3)).join(", ")}`;
}

/** What differs between the outputs of a run and the golden outputs, in words; null when nothing does. */
export function compareGolden(
  found: ReadonlyMap<string, NamedOutput>,
  expected: GoldenCase["expected"],
  tolerance: GoldenTolerance,
): string | null {
  for (const [name, golden] of expected) {
    const output = found.get(name);
    if (output === undefined) return `no output ${name}`;
    if (name === "dets") {
      const fault = compareDetections(output.data, golden.data, tolerance);
      if (fault !== null) return fault;
      continue;
    }
    if (output.data.length !== golden.data.length)
      return `${name} has ${output.data.length} values, not ${golden.data.length}`;
    const at = golden.data.findIndex((value, i) => !near(output.data[i]!, value, tolerance));
    if (at >= 0) return `${name}[${at}] is ${output.data[at]}, not ${golden.data[at]}`;
  }
  return null;
}
