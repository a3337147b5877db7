import { type FileHandle, open } from "node:fs/promises";
import { sleep } from "../backoff.ts";

/** How often a file that does not grow is looked at, ms. */
const POLL_MS = 50;
const CHUNK_BYTES = 256 * 1024;

export interface FileFollowerOptions {
  readonly path: string;
  /** A longer line is skipped, characters. */
  readonly maxLine: number;
  /** Takes a complete line; the next one waits for it. */
  readonly onLine: (line: string) => Promise<void>;
}

/** Hands on the lines of a file, those it has and those it gets; the file may not be there yet. */
export class FileFollower {
  readonly #options: FileFollowerOptions;
  #held = "";
  #skipping = false;

  constructor(options: FileFollowerOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const file = await this.#opened(signal);
    if (file === null) return;
    const chunk = new Uint8Array(CHUNK_BYTES);
    const decoder = new TextDecoder();
    try {
      while (!signal.aborted) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length);
        if (bytesRead === 0) await sleep(POLL_MS, signal);
        else await this.#take(decoder.decode(chunk.subarray(0, bytesRead), { stream: true }), signal);
      }
    } finally {
      await file.close();
    }
  }

  async #opened(signal: AbortSignal): Promise<FileHandle | null> {
    while (!signal.aborted) {
      try {
        return await open(this.#options.path, "r");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        await sleep(POLL_MS, signal);
      }
    }
    return null;
  }

  async #take(text: string, signal: AbortSignal): Promise<void> {
    const parts = (this.#held + text).split("\n");
    this.#held = parts.pop() ?? "";
    for (const line of parts) {
      const skipped = this.#skipping;
      this.#skipping = false;
      if (!skipped && line !== "" && !signal.aborted) await this.#options.onLine(line);
    }
    if (this.#held.length <= this.#options.maxLine) return;
    this.#held = "";
    this.#skipping = true;
  }
}
