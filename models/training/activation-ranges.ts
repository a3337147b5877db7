/**
 * Least and largest value of named tensors of a graph over inputs in a folder: `probe.onnx` with those tensors as outputs,
 * `inputs.json` {shapes, names}, `0.raw` … float32. Prints {name: [least, largest]}; for `quantise.py`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-node";

const folder = process.argv[2] ?? "";
const { shapes, names } = JSON.parse(readFileSync(join(folder, "inputs.json"), "utf8")) as {
  readonly shapes: readonly (readonly number[])[];
  readonly names: readonly string[];
};
const session = await ort.InferenceSession.create(join(folder, "probe.onnx"), { intraOpNumThreads: 1 });
const ranges = new Map<string, [number, number]>();
for (const [at, shape] of shapes.entries()) {
  const bytes = readFileSync(join(folder, `${at}.raw`));
  const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const feeds = { [session.inputNames[0]!]: new ort.Tensor("float32", data, shape) };
  const outputs = await session.run(feeds, [...names]);
  for (const name of names) {
    const [least, largest] = ranges.get(name) ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let [low, high] = [least, largest];
    for (const value of outputs[name]!.data as Float32Array) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    ranges.set(name, [low, high]);
  }
}
process.stdout.write(JSON.stringify(Object.fromEntries(ranges)));
