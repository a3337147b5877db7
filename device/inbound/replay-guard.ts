import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SignedMessage } from "../../protocols/mqtt/signed.ts";
import { replaceDurably } from "../durable.ts";
import { SequenceWindow } from "./sequence-window.ts";

/** Which signed messages were taken, by key and kind, across restarts: two kilobytes for each of at most 16 × 3. */
export class ReplayGuard {
  readonly #folder: string;
  readonly #windows = new Map<string, SequenceWindow>();

  constructor(options: { readonly folder: string }) {
    this.#folder = options.folder;
  }

  async state(keyId: string, message: SignedMessage, sequence: number): Promise<"new" | "seen" | "old"> {
    return (await this.#window(keyId, message)).state(sequence);
  }

  /** Durable when this resolves. */
  async mark(keyId: string, message: SignedMessage, sequence: number): Promise<void> {
    const window = await this.#window(keyId, message);
    window.mark(sequence);
    await mkdir(this.#folder, { recursive: true, mode: 0o750 });
    await replaceDurably(this.#path(keyId, message), window.toBytes());
  }

  async #window(keyId: string, message: SignedMessage): Promise<SequenceWindow> {
    const path = this.#path(keyId, message);
    const known = this.#windows.get(path);
    if (known !== undefined) return known;
    const window = await read(path);
    this.#windows.set(path, window);
    return window;
  }

  #path(keyId: string, message: SignedMessage): string {
    return join(this.#folder, `${keyId}-${message}.window`);
  }
}

/** A file that is damaged is an error: taking it for an empty one would let everything in again. */
async function read(path: string): Promise<SequenceWindow> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new SequenceWindow();
    throw error;
  }
  const window = SequenceWindow.of(bytes);
  if (window === null) throw new Error(`${path} is damaged: remove it once central signs with another key`);
  return window;
}
