/**
 * Runs an ONNX file in onnxruntime-node over raw tensors, for the training programs.
 *
 * `node models/training/run-onnx.ts JOB.json` with `{ model, threads, repeats, inputs: [{ file, shape }], output }`;
 * files hold float32 little-endian. Writes `{ outputs: [{ name: { dims, data } }], milliseconds: [] }` to `output`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as ort from "onnxruntime-node";

interface Job {
  readonly model: string;
  readonly threads: number;
  /** How often each input is run; the time of each run is reported. */
  readonly repeats: number;
  readonly inputs: readonly { readonly file: string; readonly shape: readonly number[] }[];
  readonly output: string;
}

async function main(path: string): Promise<void> {
  const job = JSON.parse(readFileSync(path, "utf8")) as Job;
  const session = await ort.InferenceSession.create(job.model, {
    intraOpNumThreads: job.threads,
    interOpNumThreads: 1,
  });
  const outputs: Record<string, { dims: readonly number[]; data: number[] }>[] = [];
  const milliseconds: number[] = [];
  for (const input of job.inputs) {
    const bytes = readFileSync(input.file);
    const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    const feeds = { [session.inputNames[0]!]: new ort.Tensor("float32", data, input.shape) };
    for (let i = 0; i < job.repeats; i += 1) {
      const started = performance.now();
      const result = await session.run(feeds);
      milliseconds.push(performance.now() - started);
      if (i > 0) continue;
      const entries = Object.entries(result).map(([name, tensor]) => {
        return [name, { dims: tensor.dims, data: Array.from(tensor.data as Float32Array) }] as const;
      });
      outputs.push(Object.fromEntries(entries));
    }
  }
  writeFileSync(job.output, JSON.stringify({ outputs, milliseconds }));
}

await main(process.argv[2]!);
