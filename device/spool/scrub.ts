import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Log } from "../log.ts";
import { JOURNAL_FILE } from "./database.ts";
import { CHECKED_BYTES, markSuspect } from "./suspect.ts";

/** After a start the scans and hits that wait go first, ms. */
const DELAY_MS = 60_000;

const EXTENSION = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

export interface ScrubOptions {
  /** The spool's folder. */
  readonly path: string;
  /** The journal is damaged: it is noted, and the next start salvages it. */
  readonly onDamage: (why: string) => void;
  readonly log: Log;
  /** A journal up to this size was read when it was opened, bytes. */
  readonly checkedBytes?: number | undefined;
  readonly delayMs?: number | undefined;
}

/** Reads a large journal from end to end once a start, beside the work: before it, a million rows would take too long. */
export class Scrub {
  readonly #options: ScrubOptions;
  #timer: NodeJS.Timeout | null = null;
  #worker: Worker | null = null;

  constructor(options: ScrubOptions) {
    this.#options = options;
  }

  start(): void {
    const { path, checkedBytes = CHECKED_BYTES, delayMs = DELAY_MS } = this.#options;
    const file = join(path, JOURNAL_FILE);
    if (!existsSync(file) || statSync(file).size <= checkedBytes) return;
    this.#timer = setTimeout(() => this.#run(file), delayMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#worker?.terminate();
    this.#worker = null;
  }

  #run(file: string): void {
    const { onDamage, log } = this.#options;
    const worker = new Worker(new URL(`./scrub-worker${EXTENSION}`, import.meta.url), {
      workerData: { file },
    });
    worker.unref();
    this.#worker = worker;
    worker.once("error", (error) =>
      log.warn({ err: error }, "the journal could not be read from end to end"),
    );
    worker.once("message", (verdict: string) => {
      log.info({ verdict }, "the journal was read from end to end");
      if (verdict === "ok") return;
      markSuspect(file);
      onDamage(verdict);
    });
  }
}
