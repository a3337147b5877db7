/** What an ONNX file holds, as far as it can do harm: read before the runtime sees it (`onnx.proto3`, IR version 10). */
import { fieldsOf, packedOf, type WireBudget, WireFault } from "./wire.ts";

/** Deepest graph inside of a graph (`If`). */
export const MAX_DEPTH = 4;

/** A tensor stored in the file. */
export interface StoredTensor {
  readonly name: string;
  /** Bytes that its type and dimensions claim; Infinity where they are no numbers of this world. */
  readonly claimedBytes: number;
  /** Its values lie in another file. */
  readonly external: boolean;
}

/** A graph's node. */
export interface GraphNode {
  readonly domain: string;
  readonly operator: string;
}

export interface GraphFacts {
  /** Domain → version; the standard operators' is "". */
  readonly opsets: ReadonlyMap<string, number>;
  readonly nodes: readonly GraphNode[];
  readonly tensors: readonly StoredTensor[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Functions and training graphs: code of the model's own that no list of operators covers. */
  readonly functions: number;
}

interface Findings {
  readonly opsets: Map<string, number>;
  readonly nodes: GraphNode[];
  readonly tensors: StoredTensor[];
  readonly inputs: string[];
  readonly outputs: string[];
  functions: number;
  readonly budget: WireBudget;
}

/** Bytes of an element by `TensorProto.DataType`; a string's is its least, 4-bit types count as one. */
const ELEMENT_BYTES: Readonly<Record<number, number>> = {
  ...Object.fromEntries([1, 6, 12].map((type) => [type, 4])),
  ...Object.fromEntries([7, 11, 13, 14].map((type) => [type, 8])),
  ...Object.fromEntries([4, 5, 10, 16].map((type) => [type, 2])),
  15: 16,
};
const EXTERNAL = 1;

/**
 * Reads the graph of a model file.
 * @throws WireFault where it is no ONNX model, is cut short or nests too deep.
 */
export function inspectGraph(file: Uint8Array): GraphFacts {
  const found: Findings = {
    opsets: new Map(),
    nodes: [],
    tensors: [],
    inputs: [],
    outputs: [],
    functions: 0,
    budget: { fields: 0 },
  };
  let graphs = 0;
  for (const { id, bytes } of fieldsOf(file, found.budget)) {
    if (bytes === undefined) continue;
    if (id === 7) {
      graphs++;
      readGraph(bytes, found, 1);
    } else if (id === 8) readOpset(bytes, found);
    else if (id === 20 || id === 25) found.functions++;
  }
  if (graphs !== 1) throw new WireFault(`it holds ${graphs} graphs, not one`);
  return found;
}

function readOpset(message: Uint8Array, found: Findings): void {
  let domain = "";
  let version = 0;
  for (const { id, integer, bytes } of fieldsOf(message, found.budget)) {
    if (id === 1 && bytes) domain = textOf(bytes);
    else if (id === 2) version = integer;
  }
  found.opsets.set(domain, version);
}

function readGraph(message: Uint8Array, found: Findings, depth: number): void {
  if (depth > MAX_DEPTH) throw new WireFault(`graphs inside of graphs deeper than ${MAX_DEPTH}`);
  for (const { id, bytes } of fieldsOf(message, found.budget)) {
    if (bytes === undefined) continue;
    if (id === 1) readNode(bytes, found, depth);
    else if (id === 5) readTensor(bytes, found);
    else if (id === 15) readSparse(bytes, found);
    else if (depth === 1 && (id === 11 || id === 12))
      found[id === 11 ? "inputs" : "outputs"].push(nameOf(bytes, found));
  }
}

function readNode(message: Uint8Array, found: Findings, depth: number): void {
  let operator = "";
  let domain = "";
  for (const { id, bytes } of fieldsOf(message, found.budget)) {
    if (bytes === undefined) continue;
    if (id === 4) operator = textOf(bytes);
    else if (id === 7) domain = textOf(bytes);
    else if (id === 5) readAttribute(bytes, found, depth);
  }
  found.nodes.push({ domain, operator });
}

function readAttribute(message: Uint8Array, found: Findings, depth: number): void {
  for (const { id, bytes } of fieldsOf(message, found.budget)) {
    if (bytes === undefined) continue;
    if (id === 5 || id === 10) readTensor(bytes, found);
    else if (id === 6 || id === 11) readGraph(bytes, found, depth + 1);
    else if (id === 22 || id === 23) readSparse(bytes, found);
  }
}

/** Values and indices are tensors; what they expand to is claimed as one more. */
function readSparse(message: Uint8Array, found: Findings): void {
  const dims: number[] = [];
  for (const { id, integer, bytes } of fieldsOf(message, found.budget)) {
    if ((id === 1 || id === 2) && bytes) readTensor(bytes, found);
    else if (id === 3) dims.push(...(bytes ? packedOf(bytes) : [integer]));
  }
  found.tensors.push({ name: "sparse", claimedBytes: 8 * product(dims), external: false });
}

function readTensor(message: Uint8Array, found: Findings): void {
  const dims: number[] = [];
  let name = "";
  let type = 0;
  let external = false;
  for (const { id, integer, bytes } of fieldsOf(message, found.budget)) {
    if (id === 1) dims.push(...(bytes ? packedOf(bytes) : [integer]));
    else if (id === 2) type = integer;
    else if (id === 8 && bytes) name = textOf(bytes);
    else if (id === 13 || (id === 14 && integer === EXTERNAL)) external = true;
  }
  found.tensors.push({ name, claimedBytes: (ELEMENT_BYTES[type] ?? 1) * product(dims), external });
}

function product(dims: readonly number[]): number {
  return dims.reduce((all, side) => all * side, 1);
}

function nameOf(message: Uint8Array, found: Findings): string {
  for (const { id, bytes } of fieldsOf(message, found.budget)) if (id === 1 && bytes) return textOf(bytes);
  return "";
}

/** Names are shown to people: short ones only. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 256));
}
