import { Worker } from "node:worker_threads";
import type { PlannedPlane } from "../../../protocols/dicom/scan-plan.ts";
import { type ErrorCode, LynceusError } from "../../../protocols/errors.ts";
import type { DicomObject, ImagePlane } from "../../image/dicom/scan.ts";

/** To the worker: one plane of one file. */
export interface DecodeRequest {
  readonly path: string;
  readonly energy: PlannedPlane<unknown>["energy"];
}

/** From the worker. */
export type DecodeReply =
  | { readonly ok: true; readonly plane: ImagePlane }
  | {
      readonly ok: false;
      readonly code: ErrorCode | null;
      readonly message: string;
      readonly remedy: string;
    };

/** A worker that had nothing to do for so long is ended: WebAssembly never gives memory back. */
const IDLE_MS = 10_000;
const WORKER = new URL(`./decode-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/**
 * Decodes planes in a thread of its own, one after another: a codec blocks its thread for seconds on a large scan, and may
 * hang on a hostile one. What takes too long, or brings the thread down, is an object that cannot be decoded.
 */
export class PlaneDecoder {
  readonly #timeoutMs: number;
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(options: { timeoutMs: number }) {
    this.#timeoutMs = options.timeoutMs;
  }

  /** @throws LYN_DICOM_… */
  decode(plane: PlannedPlane<DicomObject>): Promise<ImagePlane> {
    const turn = this.#busy.then(() => this.#run({ path: plane.object.path, energy: plane.energy }));
    this.#busy = turn.catch(() => undefined);
    return turn;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  async #run(request: DecodeRequest): Promise<ImagePlane> {
    clearTimeout(this.#idle);
    this.#worker ??= new Worker(WORKER);
    const worker = this.#worker;
    const { promise, resolve, reject } = Promise.withResolvers<DecodeReply>();
    const fail = (message: string) => {
      this.#worker = null;
      void worker.terminate();
      reject(gaveUp(message));
    };
    const timer = setTimeout(() => fail(`decoding took over ${this.#timeoutMs} ms`), this.#timeoutMs);
    const onError = (error: Error) => fail(`the decoder failed: ${error.message}`);
    const onExit = () => fail("the decoder ended");
    worker.once("message", resolve).once("error", onError).once("exit", onExit);
    worker.postMessage(request);
    try {
      const reply = await promise;
      if (reply.ok) return reply.plane;
      throw new LynceusError(reply.code ?? "LYN_DICOM_CODEC", reply.message, { remedy: reply.remedy });
    } finally {
      clearTimeout(timer);
      worker.off("message", resolve).off("error", onError).off("exit", onExit);
      this.#idle = setTimeout(() => void this.stop(), IDLE_MS);
      this.#idle.unref();
    }
  }
}

function gaveUp(message: string): LynceusError {
  return new LynceusError("LYN_DICOM_CODEC", `Pixel data cannot be decoded: ${message}`, {
    remedy: "Send the object again; if it stays so, have the scanner send it uncompressed.",
  });
}
