import { Worker } from "node:worker_threads";
import type { Seen } from "./agreement.ts";
import { cameraError } from "./multipart.ts";
import type { ReadAnswer, ReadRequest } from "./reader-worker.ts";

/** A picture is read within this, or the thread is given up, ms. */
const READ_MS = 30_000;

/** Reads pictures in a thread of its own, one at a time; the thread is started at the first picture. */
export class PictureReader {
  readonly #text: boolean;
  #worker: Worker | null = null;
  #id = 0;

  /** @param options.text whether printed numbers are read beside bar codes. */
  constructor(options: { readonly text: boolean }) {
    this.#text = options.text;
  }

  /** What the picture shows. Rejects with a `LynceusError` `LYN_CAMERA` for what is no picture. One call at a time. */
  async read(bytes: Uint8Array): Promise<readonly Seen[]> {
    this.#worker ??= start();
    const worker = this.#worker;
    const id = ++this.#id;
    const { promise, resolve, reject } = Promise.withResolvers<readonly Seen[]>();
    const answered = (answer: ReadAnswer) => {
      if (answer.id !== id) return;
      if ("error" in answer) reject(cameraError(`its picture cannot be read: ${answer.error}`));
      else resolve(answer.seen);
    };
    const died = () => reject(cameraError("the reading thread ended"));
    const timer = setTimeout(() => {
      this.#worker = null;
      void worker.terminate();
    }, READ_MS);
    worker.on("message", answered).on("error", died).on("exit", died);
    worker.postMessage({ id, bytes, text: this.#text } satisfies ReadRequest);
    try {
      return await promise;
    } catch (error) {
      if (worker.threadId === -1) this.#worker = null;
      throw error;
    } finally {
      clearTimeout(timer);
      worker.off("message", answered).off("error", died).off("exit", died);
    }
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }
}

function start(): Worker {
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  const worker = new Worker(new URL(`./reader-worker${extension}`, import.meta.url));
  worker.on("error", () => undefined);
  worker.unref();
  return worker;
}
