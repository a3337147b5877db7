import { Worker } from "node:worker_threads";
import { LynceusError } from "../../protocols/errors.ts";
import type { GenerateAnswer, GenerateRequest } from "./generator.ts";
import type { PreparedScan } from "./prepared.ts";

/** Scans generated and not yet taken, at most. */
export const MAX_AHEAD = 3;

type Waiter = { resolve: (scan: PreparedScan | null) => void; reject: (error: Error) => void };

/** Scans 0, 1, 2 … of a seed in order, made ahead of need in a worker thread. */
export class ScanSource {
  readonly #seed: number;
  readonly #count: number;
  readonly #ready: PreparedScan[] = [];
  #worker: Worker | null = null;
  #waiter: Waiter | null = null;
  #failure: Error | null = null;
  #requested = 0;
  #taken = 0;

  /** `count`: scans in all; Infinity for an endless run. */
  constructor(options: { readonly seed: number; readonly count: number }) {
    this.#seed = options.seed;
    this.#count = options.count;
  }

  start(): void {
    const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
    const worker = new Worker(new URL(`./generator${extension}`, import.meta.url));
    this.#worker = worker;
    worker.on("message", (answer: GenerateAnswer) => this.#receive(answer));
    worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#fill();
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#settle(null);
    await worker?.terminate();
  }

  /**
   * The next scan; null after the last one or when stopped. One caller at a time.
   * @throws LynceusError `LYN_SIMULATION` where a scan cannot be generated.
   */
  next(): Promise<PreparedScan | null> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const scan = this.#ready.shift();
    if (scan !== undefined) {
      this.#taken += 1;
      this.#fill();
      return Promise.resolve(scan);
    }
    if (this.#worker === null || this.#taken >= this.#count) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  #fill(): void {
    while (this.#requested < this.#count && this.#requested - this.#taken < MAX_AHEAD) {
      this.#worker?.postMessage({ seed: this.#seed, index: this.#requested } satisfies GenerateRequest);
      this.#requested += 1;
    }
  }

  #receive(answer: GenerateAnswer): void {
    if (!answer.ok) {
      this.#fail(new Error(`scan ${answer.index}: ${answer.message}`));
      return;
    }
    if (this.#waiter === null) this.#ready.push(answer.scan);
    else {
      this.#taken += 1;
      this.#settle(answer.scan);
      this.#fill();
    }
  }

  #settle(scan: PreparedScan | null): void {
    this.#waiter?.resolve(scan);
    this.#waiter = null;
  }

  #fail(cause: Error): void {
    this.#failure = new LynceusError("LYN_SIMULATION", `A scan could not be generated: ${cause.message}`, {
      remedy: "Report the seed and the scan number: the simulator is at fault",
      details: { seed: this.#seed },
      cause,
    });
    this.#waiter?.reject(this.#failure);
    this.#waiter = null;
  }
}
