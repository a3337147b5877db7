import { Worker } from "node:worker_threads";
import type { PlannedPlane } from "../../../protocols/dicom/scan-plan.ts";
import { LynceusError } from "../../../protocols/errors.ts";
import type { DicomFile, ImagePlane } from "../../image/dicom/scan.ts";
import { type ErrorWords, errorOf, fromMessage, type Inspected, type InspectedMessage } from "./inspect.ts";
import type { ReportFacts } from "./report.ts";

/** To the worker: what it is to make of one file. */
export type WorkRequest =
  | { readonly kind: "inspect"; readonly path: string }
  | { readonly kind: "report"; readonly path: string }
  | { readonly kind: "plane"; readonly path: string; readonly energy: PlannedPlane<unknown>["energy"] };

/** From the worker. */
export type Reply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: ErrorWords };

/** A worker that had nothing to do for so long is ended: WebAssembly never gives memory back. */
const IDLE_MS = 10_000;
const WORKER = new URL(`./decode-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/**
 * Reads objects in a thread of its own, one after another: a codec blocks its thread for seconds on a large scan, a head of
 * 64 MB for one, and either may be hostile. What takes too long, or brings the thread down, is an object that cannot be read.
 */
export class ObjectWorker {
  readonly #timeoutMs: number;
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(options: { timeoutMs: number }) {
    this.#timeoutMs = options.timeoutMs;
  }

  /** @throws LYN_DICOM_… */
  decode({ object, energy }: PlannedPlane<DicomFile>): Promise<ImagePlane> {
    return this.#ask({ kind: "plane", path: object.path, energy }) as Promise<ImagePlane>;
  }

  /** What a lane keeps of a file's head. @throws LYN_DICOM_… */
  async inspect(path: string): Promise<Inspected> {
    return fromMessage((await this.#ask({ kind: "inspect", path })) as InspectedMessage);
  }

  /** What a threat detection report says. @throws LYN_DICOM_… */
  report(path: string): Promise<ReportFacts> {
    return this.#ask({ kind: "report", path }) as Promise<ReportFacts>;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #ask(request: WorkRequest): Promise<unknown> {
    const turn = this.#busy.then(() => this.#run(request));
    this.#busy = turn.catch(() => undefined);
    return turn;
  }

  async #run(request: WorkRequest): Promise<unknown> {
    clearTimeout(this.#idle);
    this.#worker ??= new Worker(WORKER);
    const worker = this.#worker;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const fail = (message: string) => {
      this.#worker = null;
      void worker.terminate();
      reject(gaveUp(message));
    };
    const timer = setTimeout(() => fail(`it took over ${this.#timeoutMs} ms`), this.#timeoutMs);
    const onError = (error: Error) => fail(`the reader failed: ${error.message}`);
    const onExit = () => fail("the reader ended");
    worker.once("message", resolve).once("error", onError).once("exit", onExit);
    worker.postMessage(request);
    try {
      const reply = await promise;
      if (reply.ok) return reply.value;
      throw errorOf(reply.error);
    } finally {
      clearTimeout(timer);
      worker.off("message", resolve).off("error", onError).off("exit", onExit);
      this.#idle = setTimeout(() => void this.stop(), IDLE_MS);
      this.#idle.unref();
    }
  }
}

function gaveUp(message: string): LynceusError {
  return new LynceusError("LYN_DICOM_CODEC", `An object cannot be read: ${message}`, {
    remedy: "Send the object again; if it stays so, have the scanner send it uncompressed.",
  });
}
