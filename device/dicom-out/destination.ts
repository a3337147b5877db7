import { copyFile, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { replaceDurably, syncEntries, syncFile } from "../durable.ts";
import type { Archive } from "./archive.ts";
import { MAX_QUEUED } from "./queue.ts";

/** A file that goes out: its bytes, or where it lies on the disk, whole and never written again. */
export interface OutgoingFile {
  readonly name: string;
  /** Stands before the name where files go out in the order of their names. */
  readonly order: string;
  readonly content: { readonly bytes: Uint8Array } | { readonly path: string };
}

/** How a destination stands. */
export interface DestinationState {
  readonly id: string;
  readonly kind: "archive" | "folder";
  readonly state: "idle" | "sending" | "unreachable";
  readonly code: string | null;
  /** ms since the epoch */
  readonly since: number;
  readonly waiting: number;
  readonly committing: number;
  readonly failed: number;
  readonly sent: number;
  /** When the oldest that waits was queued, ms since the epoch. */
  readonly oldestAt: number | null;
}

/** Where reports and images go. Destinations know nothing of each other: none waits for another. */
export interface Destination {
  readonly id: string;
  readonly kind: DestinationState["kind"];
  /** Images go there too. */
  readonly images: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  hasRoom(): Promise<boolean>;
  /** Resolves when the file is durable. @throws what the disk says */
  put(file: OutgoingFile): Promise<void>;
  state(): Promise<DestinationState>;
}

/** A folder that files are written into, each there whole or not at all. */
export class FolderDestination implements Destination {
  readonly id = "folder";
  readonly kind = "folder";
  readonly images: boolean;
  readonly #folder: string;
  readonly #clock: () => number;
  #sent = 0;
  #fault: { readonly code: string; readonly since: number } | null = null;
  #since: number;

  constructor(options: { folder: string; images: boolean; clock: () => number }) {
    this.#folder = options.folder;
    this.images = options.images;
    this.#clock = options.clock;
    this.#since = options.clock();
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async hasRoom(): Promise<boolean> {
    return true;
  }

  async put(file: OutgoingFile): Promise<void> {
    try {
      // Made anew where it is gone: a share that was not there at the start may come.
      await mkdir(this.#folder, { recursive: true });
      await writeWhole(this.#folder, file);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "FOLDER";
      if (this.#fault?.code !== code) this.#fault = { code, since: this.#clock() };
      throw error;
    }
    if (this.#fault !== null) this.#since = this.#clock();
    this.#fault = null;
    this.#sent += 1;
  }

  async state(): Promise<DestinationState> {
    const { id, kind } = this;
    const fault = this.#fault;
    return {
      id,
      kind,
      state: fault === null ? "idle" : "unreachable",
      code: fault?.code ?? null,
      since: fault?.since ?? this.#since,
      waiting: 0,
      committing: 0,
      failed: 0,
      sent: this.#sent,
      oldestAt: null,
    };
  }
}

/** An archive with its queue. */
export class ArchiveDestination implements Destination {
  readonly id: string;
  readonly kind = "archive";
  readonly images: boolean;
  readonly #archive: Archive;
  readonly #takesBulk: () => boolean;

  /** @param options `takesBulk`: whether the spool, in which the queue lies, has room for copies of images. */
  constructor(options: { archive: Archive; images: boolean; takesBulk: () => boolean }) {
    this.#archive = options.archive;
    this.#takesBulk = options.takesBulk;
    this.id = options.archive.id;
    this.images = options.images;
  }

  start(): Promise<void> {
    return this.#archive.start();
  }

  stop(): Promise<void> {
    return this.#archive.stop();
  }

  async hasRoom(): Promise<boolean> {
    if (this.images && !this.#takesBulk()) return false;
    const { waiting, committing } = await this.#archive.queue.figures();
    return waiting + committing < MAX_QUEUED;
  }

  async put({ name: own, order, content }: OutgoingFile): Promise<void> {
    const { queue } = this.#archive;
    const name = `${order}-${own}`;
    if ("path" in content) await queue.putFile(name, content.path);
    else await queue.put(name, content.bytes);
    this.#archive.wake();
  }

  async state(): Promise<DestinationState> {
    const { id, kind } = this;
    const figures = await this.#archive.queue.figures();
    const { state, code, since, sent } = this.#archive.state;
    return { id, kind, state, code, since, sent, ...figures };
  }
}

/** Stays after a power cut. */
async function writeWhole(folder: string, { name, content }: OutgoingFile): Promise<void> {
  const part = join(folder, `.${name}.part`);
  if ("bytes" in content) return replaceDurably(join(folder, name), content.bytes, part);
  await copyFile(content.path, part);
  await syncFile(part);
  await rename(part, join(folder, name));
  await syncEntries(folder);
}
