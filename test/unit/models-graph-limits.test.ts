import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkGraph, MAX_ENDS, MAX_NODES, MAX_TENSOR_BYTES } from "../../models/onnx/limits.ts";
import { MAX_FIELDS } from "../../models/onnx/wire.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { attribute, bytesOf, field, node, number, tensor, text, value } from "../fixtures/onnx.ts";
import { ROOT } from "../fixtures/project.ts";

const OPSET = field(8, bytesOf(field(1, text("")), number(2, 13)));
const END = [field(11, value("x", [1, 2, 4, 4])), field(12, value("y", [1]))];

function file(graph: readonly Uint8Array[], ...more: readonly Uint8Array[]): Uint8Array {
  return bytesOf(number(1, 8), field(7, bytesOf(...graph, ...END)), OPSET, ...more);
}

function refusal(bytes: Uint8Array): string {
  try {
    checkGraph(bytes, "some-model 1.0.0");
  } catch (error) {
    if (isLynceusError(error, "LYN_MODEL_GRAPH")) return error.message;
    throw error;
  }
  return "accepted";
}

const RELU = field(1, node("Relu", ["x"], ["y"], []));
const external = (place: number) =>
  bytesOf(
    number(1, 4),
    number(2, 1),
    field(8, text("weights")),
    place === 13 ? field(13, text("")) : number(14, 1),
  );

describe("the graph of a model package", () => {
  it("is accepted where it is arithmetic on tensors, as those of the project are", () => {
    expect(refusal(file([RELU]))).toBe("accepted");
    const packages = join(ROOT, "models/packages");
    const folders = readdirSync(packages, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.length).toBeGreaterThan(3);
    for (const { name } of folders)
      expect(refusal(readFileSync(join(packages, name, "model.onnx"))), name).toBe("accepted");
  });

  it("P-59 cannot reach outside of its package: values in other files are refused wherever they stand", () => {
    const inAttribute = bytesOf(field(1, text("value")), field(5, external(13)));
    const inSparse = field(15, bytesOf(field(1, external(14))));
    const inSubgraph = bytesOf(field(1, text("body")), field(6, bytesOf(field(5, external(13)))));
    for (const graph of [
      [RELU, field(5, external(13))],
      [RELU, field(5, external(14))],
      [field(1, node("Constant", [], ["y"], [inAttribute]))],
      [RELU, inSparse],
      [field(1, node("Relu", ["x"], ["y"], [inSubgraph]))],
    ])
      expect(refusal(file(graph))).toContain("outside of model.onnx");
  });

  it("cannot bring code of its own: other domains, functions, training graphs, loops and branches are refused", () => {
    const custom = bytesOf(field(2, text("y")), field(4, text("Relu")), field(7, text("com.example")));
    expect(refusal(file([field(1, custom)]))).toContain("com.example.Relu is not allowed");
    const domain = field(8, bytesOf(field(1, text("com.example")), number(2, 1)));
    expect(refusal(file([RELU], domain))).toContain("not a standard domain");
    expect(refusal(file([RELU], field(25, text("f"))))).toContain("functions or training graphs");
    expect(refusal(file([RELU], field(20, text("t"))))).toContain("functions or training graphs");
    for (const operator of ["Loop", "Scan", "If", "RandomNormal", "PyOp", "RegexFullMatch", "SequenceMap"])
      expect(refusal(file([field(1, node(operator, ["x"], ["y"], [attribute("a", 1)]))]))).toContain(
        operator,
      );
  });

  it("cannot claim more than fits: stored tensors, nodes, inputs, depth and fields have bounds", () => {
    const huge = tensor("weights", [MAX_TENSOR_BYTES / 4 + 1], [0]);
    expect(refusal(file([RELU, field(5, huge)]))).toContain(`the limit is ${MAX_TENSOR_BYTES}`);
    const product = tensor("weights", [2 ** 30, 2 ** 30, 2 ** 30], [0]);
    expect(refusal(file([RELU, field(5, product)]))).toContain("its tensors claim");
    const sparse = field(15, bytesOf(number(3, 2 ** 30), number(3, 2 ** 10)));
    expect(refusal(file([RELU, sparse]))).toContain("its tensors claim");
    const many = new Array<Uint8Array>(MAX_NODES + 1).fill(RELU);
    expect(refusal(file(many))).toContain(`the limit is ${MAX_NODES}`);
    const inputs = new Array<Uint8Array>(MAX_ENDS).fill(field(11, value("x", [1])));
    expect(refusal(file([RELU, ...inputs]))).toContain(`the limit is ${MAX_ENDS} each`);
    let graph = bytesOf(RELU);
    for (let depth = 0; depth < 8; depth++) {
      const body = bytesOf(field(1, text("body")), field(6, graph));
      graph = bytesOf(field(1, node("Relu", ["x"], ["y"], [body])));
    }
    expect(refusal(file([graph]))).toContain("deeper than");
    const fields = new Uint8Array(2 * (MAX_FIELDS + 1)).fill(8).fill(8);
    expect(refusal(fields)).toContain(`more than ${MAX_FIELDS} fields`);
  });

  it("is refused with operators older or newer than the runtime knows", () => {
    const at = (version: number) =>
      bytesOf(field(7, bytesOf(RELU, ...END)), field(8, bytesOf(field(1, text("")), number(2, version))));
    expect(refusal(at(8))).toContain("version 8");
    expect(refusal(at(99))).toContain("version 99");
    expect(refusal(at(13))).toBe("accepted");
  });

  it("is refused, never worse, where the file is cut or damaged", () => {
    const whole = file([RELU, field(5, tensor("weights", [4], [1, 2, 3, 4]))]);
    let refused = 0;
    for (let length = 0; length < whole.length; length++)
      if (refusal(whole.subarray(0, length)) !== "accepted") refused++;
    expect(refused).toBeGreaterThan(whole.length / 2);
    for (let at = 0; at < whole.length; at++) {
      for (const bit of [1, 16, 128]) {
        const damaged = whole.slice();
        damaged[at]! ^= bit;
        refusal(damaged);
      }
    }
    expect(refusal(text("not a model"))).toContain("no ONNX file");
    expect(refusal(new Uint8Array())).toContain("0 graphs");
  });
});
