/** The trained model: hashed features, their vectors averaged, one linear layer to HS chapters. */
import { gunzipSync, gzipSync } from "node:zlib";
import { LynceusError } from "../../protocols/errors.ts";
import { bucketsOf, type Token } from "./features.ts";

/** Largest file of weights once unpacked, bytes. */
export const MAX_WEIGHTS = 8 * 1024 * 1024;
const SCHEMA = "lynceus-goods-text/1";

/** What the file of weights begins with: one line of JSON. */
interface Header {
  readonly schema: typeof SCHEMA;
  readonly version: string;
  readonly buckets: number;
  readonly dimensions: number;
  /** HS chapters and `--`, in the order of the outputs. */
  readonly classes: readonly string[];
  /** Of the vectors, which are kept as a signed byte a value. */
  readonly scale: number;
  readonly training: Readonly<Record<string, unknown>>;
}

export interface Weights extends Omit<Header, "schema"> {
  /** [buckets, dimensions] */
  readonly vectors: Int8Array;
  /** [classes, dimensions + 1], bias last. */
  readonly outputs: Float32Array;
}

/** Weights as a file; the same weights give the same bytes. */
export function packWeights({ vectors, outputs, ...header }: Weights): Uint8Array {
  const first = new TextEncoder().encode(`${JSON.stringify({ schema: SCHEMA, ...header })}\n`);
  const bytes = new Uint8Array(first.length + vectors.length + outputs.length * 4);
  bytes.set(first);
  bytes.set(new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.length), first.length);
  const view = new DataView(bytes.buffer, first.length + vectors.length);
  for (const [at, value] of outputs.entries()) view.setFloat32(4 * at, value, true);
  return new Uint8Array(gzipSync(bytes, { level: 9 }));
}

/** @throws LynceusError LYN_MODEL_MANIFEST_INVALID */
export function readWeights(file: Uint8Array): Weights {
  try {
    const bytes = gunzipSync(file, { maxOutputLength: MAX_WEIGHTS });
    const end = bytes.indexOf(10);
    const { schema, ...header } = JSON.parse(bytes.subarray(0, end).toString("utf8")) as Header;
    const { buckets, dimensions, classes } = header;
    const size = buckets * dimensions;
    const values = classes.length * (dimensions + 1);
    if (schema !== SCHEMA || bytes.length !== end + 1 + size + 4 * values) throw new Error("another layout");
    const vectors = new Int8Array(bytes.buffer, bytes.byteOffset + end + 1, size);
    const view = new DataView(bytes.buffer, bytes.byteOffset + end + 1 + size);
    const outputs = Float32Array.from({ length: values }, (_, at) => view.getFloat32(4 * at, true));
    return { ...header, vectors, outputs };
  } catch (cause) {
    throw new LynceusError("LYN_MODEL_MANIFEST_INVALID", "the weights for goods text cannot be read", {
      remedy: "Install the program again.",
      cause,
    });
  }
}

/** The chance of each class, in the order of `weights.classes`; null for a text without words. */
export function chancesOf(tokens: readonly Token[], weights: Weights): Float64Array | null {
  const { buckets, dimensions, classes, scale, vectors, outputs } = weights;
  const features = bucketsOf(tokens, buckets);
  if (features.length === 0) return null;
  const mean = new Float64Array(dimensions);
  for (const bucket of features)
    for (let d = 0; d < dimensions; d++) mean[d]! += vectors[bucket * dimensions + d]!;
  const scores = classes.map((_, at) => {
    const row = at * (dimensions + 1);
    let score = outputs[row + dimensions]!;
    for (let d = 0; d < dimensions; d++) score += (outputs[row + d]! * mean[d]! * scale) / features.length;
    return score;
  });
  const most = Math.max(...scores);
  const odds = Float64Array.from(scores, (score) => Math.exp(score - most));
  const sum = odds.reduce((total, one) => total + one, 0);
  return odds.map((one) => one / sum);
}
