import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Fetcher } from "tuf-js";
import { DownloadHTTPError } from "tuf-js/dist/error.js";

/** The longest that one file may take, ms: metadata, and an archive over a slow line. */
export const FETCH_LIMITS = { metadataMs: 30_000, targetMs: 600_000 } as const;
/** Longer files are archives. */
const METADATA_BYTES = 5_000_000;

/** A source did not give a file: it cannot be reached, was too slow or broke off. */
export class FetchFault extends Error {
  override readonly name: string = "FetchFault";
}

/** More came than was announced: whoever sends it does not stop (endless data). */
export class TooLong extends Error {
  override readonly name = "TooLong";
}

export interface BoundedFetcherOptions {
  /** Downloads are written here before they are verified. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly limits?: { readonly metadataMs: number; readonly targetMs: number };
}

/**
 * Fetches files of a repository over HTTP(S) or from a folder, within a length and a time: not a byte more is read or kept,
 * however much a source sends, and none is waited for longer.
 */
export class BoundedFetcher implements Fetcher {
  readonly #options: BoundedFetcherOptions;
  #next = 0;

  constructor(options: BoundedFetcherOptions) {
    this.#options = options;
  }

  async downloadFile<T>(url: string, maxLength: number, handler: (file: string) => Promise<T>): Promise<T> {
    await mkdir(this.#options.scratch, { recursive: true, mode: 0o750 });
    const path = join(this.#options.scratch, `download-${this.#next++}`);
    try {
      await this.#save(url, maxLength, path);
      return await handler(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  async downloadBytes(url: string, maxLength: number): Promise<Buffer> {
    return this.downloadFile(url, maxLength, (file) => readFile(file));
  }

  async #save(url: string, maxLength: number, path: string): Promise<void> {
    const { limits = FETCH_LIMITS } = this.#options;
    const late = AbortSignal.timeout(maxLength > METADATA_BYTES ? limits.targetMs : limits.metadataMs);
    const signal = AbortSignal.any([late, this.#options.signal]);
    try {
      const body = url.startsWith("file:") ? await openFile(url) : await openHttp(url, signal);
      await using file = await open(path, "w", 0o640);
      let length = 0;
      for await (const chunk of body) {
        signal.throwIfAborted();
        length += chunk.length;
        // Leaving the loop closes the stream, and with it the connection.
        if (length > maxLength) throw new TooLong(`${url} is longer than the ${maxLength} bytes allowed`);
        await file.write(chunk);
      }
    } catch (cause) {
      if (cause instanceof TooLong || cause instanceof DownloadHTTPError) throw cause;
      const why = late.aborted ? "it took too long" : reasonOf(cause);
      throw new FetchFault(`${url} cannot be read: ${why}`, { cause });
    }
  }
}

async function openFile(url: string): Promise<AsyncIterable<Uint8Array>> {
  const path = fileURLToPath(url);
  const found = await stat(path).catch(() => null);
  if (found?.isFile() !== true) throw missing(url, 404);
  return createReadStream(path);
}

async function openHttp(url: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const response = await fetch(url, { signal, redirect: "error" });
  if (response.ok && response.body !== null) return response.body;
  await response.body?.cancel();
  throw missing(url, response.status);
}

/** The client takes 403 and 404 for "there is no newer one", by this class. */
function missing(url: string, status: number): DownloadHTTPError {
  return new DownloadHTTPError(`${url} is not there (${status})`, status);
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
