import { type FileHandle, open } from "node:fs/promises";
import { sleep } from "../backoff.ts";
import { TextLines } from "./text-lines.ts";

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

  constructor(options: FileFollowerOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const file = await this.#opened(signal);
    if (file === null) return;
    const chunk = new Uint8Array(CHUNK_BYTES);
    const lines = new TextLines({ maxLine: this.#options.maxLine });
    try {
      while (!signal.aborted) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length);
        if (bytesRead === 0) await sleep(POLL_MS, signal);
        for (const line of lines.push(chunk.subarray(0, bytesRead))) {
          if (!signal.aborted) await this.#options.onLine(line);
        }
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
}
