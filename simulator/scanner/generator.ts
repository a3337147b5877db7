import { parentPort } from "node:worker_threads";
import { simulateScan } from "../scan.ts";
import { type PreparedScan, prepare } from "./prepared.ts";

/** What the worker is asked for. */
export interface GenerateRequest {
  readonly seed: number;
  readonly index: number;
}

/** What it answers, in the order of the requests. */
export type GenerateAnswer =
  | { readonly ok: true; readonly scan: PreparedScan }
  | { readonly ok: false; readonly index: number; readonly message: string };

/** Worker thread: projects scans one at a time, so that the link's timing never waits for physics. */
const port = parentPort;
port?.on("message", (request: GenerateRequest) => {
  try {
    const scan = prepare(simulateScan({ seed: request.seed, index: request.index, mix: "traffic" }));
    const buffers = scan.planes.map((plane) => plane.samples.buffer as ArrayBuffer);
    port.postMessage({ ok: true, scan } satisfies GenerateAnswer, buffers);
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    port.postMessage({ ok: false, index: request.index, message } satisfies GenerateAnswer);
  }
});
