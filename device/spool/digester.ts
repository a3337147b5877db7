import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { ScrubJob } from "./scrub-jobs.ts";

const EXTENSION = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

type Answer = { readonly sha256: string } | { readonly why: string };

/** Digests of files of the spool, made in a thread that is there while it is used; one at a time. */
export class Digester {
  #worker: Worker | null = null;

  /** Why the file is not what it was; null where it is. Rejects when the thread ends meanwhile. */
  async faultOf(job: ScrubJob): Promise<string | null> {
    const worker = this.#worker ?? this.#open();
    const ended = new AbortController();
    const exit = once(worker, "exit", { signal: ended.signal }).then(() => {
      throw new Error("the thread that reads planes ended");
    });
    exit.catch(() => undefined);
    try {
      const answered = once(worker, "message", { signal: ended.signal }) as Promise<[Answer]>;
      worker.postMessage(job);
      const [answer] = await Promise.race([answered, exit]);
      if ("why" in answer) return answer.why;
      return answer.sha256 === job.sha256 ? null : "its digest is not the one that it had";
    } finally {
      ended.abort();
    }
  }

  /** Ends the thread, whatever it reads. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }

  #open(): Worker {
    const worker = new Worker(new URL(`./plane-scrub-worker${EXTENSION}`, import.meta.url));
    worker.unref();
    worker.on("error", () => undefined);
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = null;
    });
    this.#worker = worker;
    return worker;
  }
}
