import { constants } from "node:fs";
import { copyFile, link, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { replaceDurably, syncEntries, syncFile } from "../durable.ts";

/** Where an object of a destination is. */
export type QueueState = "waiting" | "committing" | "failed";

/** Objects that may wait for one destination; beyond them nothing is queued until some have gone. */
export const MAX_QUEUED = 50_000;
/** Refused objects that are kept to be looked at; the oldest go first. */
export const MAX_FAILED = 1_000;

/** How much is in a queue. */
export interface QueueFigures {
  readonly waiting: number;
  readonly committing: number;
  readonly failed: number;
  /** When the oldest that waits was queued, ms since the epoch; null where none does. */
  readonly oldestAt: number | null;
}

/**
 * What is still to go to one destination: a folder of files, oldest name first, that survives any stop. `waiting/` is to be
 * sent, `committing/` was sent and not yet committed to, `failed/` was refused for good. A file moved from `failed/` to
 * `waiting/` by hand is sent again.
 */
export class FolderQueue {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(): Promise<void> {
    for (const state of ["waiting", "committing", "failed"]) {
      await mkdir(join(this.#folder, state), { recursive: true, mode: 0o750 });
    }
    for (const name of await readdir(this.#in("waiting"))) {
      if (name.endsWith(".part")) await rm(this.#in("waiting", name), { force: true });
    }
    await syncEntries(this.#folder);
  }

  /** Adds a file; durable when this resolves. The same name twice is one. */
  async put(name: string, bytes: Uint8Array): Promise<void> {
    await replaceDurably(this.#in("waiting", name), bytes);
  }

  /** Adds a file that is on the disk, durable and never written again: a second name for it, or a copy on another disk. */
  async putFile(name: string, from: string): Promise<void> {
    const part = this.#in("waiting", `${name}.part`);
    await rm(part, { force: true });
    try {
      await link(from, part);
    } catch (error) {
      if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
      await copyFile(from, part, constants.COPYFILE_FICLONE);
      await syncFile(part);
    }
    await rename(part, this.#in("waiting", name));
    await syncEntries(this.#in("waiting"));
  }

  /** Paths in a state, oldest name first. */
  async list(state: QueueState): Promise<readonly string[]> {
    const names = await readdir(this.#in(state));
    return names
      .filter((name) => name.endsWith(".dcs"))
      .sort()
      .map((name) => this.#in(state, name));
  }

  async figures(): Promise<QueueFigures> {
    const [waiting, committing, failed] = await Promise.all(
      (["waiting", "committing", "failed"] as const).map((state) => this.list(state)),
    );
    const [first] = waiting ?? [];
    const info = first === undefined ? null : await stat(first).catch(() => null);
    return {
      waiting: waiting?.length ?? 0,
      committing: committing?.length ?? 0,
      failed: failed?.length ?? 0,
      // The change time: a second name for an older file is new in the queue.
      oldestAt: info?.ctimeMs ?? null,
    };
  }

  /** It was sent and is kept until it is committed to. */
  async commit(name: string): Promise<void> {
    await this.#move(name, "waiting", "committing");
  }

  /** It is to be sent again. */
  async restore(name: string): Promise<void> {
    await this.#move(name, "committing", "waiting");
  }

  /** It was refused for good. Returns how many older ones were dropped to bound what is kept. */
  async putAside(name: string): Promise<number> {
    await this.#move(name, "waiting", "failed");
    await this.#move(name, "committing", "failed");
    const failed = await this.list("failed");
    const old = failed.slice(0, Math.max(0, failed.length - MAX_FAILED));
    for (const path of old) await rm(path, { force: true });
    return old.length;
  }

  /** It is where it was to go. */
  async done(name: string): Promise<void> {
    for (const state of ["waiting", "committing"] as const) await rm(this.#in(state, name), { force: true });
  }

  /** A file that is not there is left at that: a report of the archive may have come in between. */
  async #move(name: string, from: QueueState, to: QueueState): Promise<void> {
    try {
      await rename(this.#in(from, basename(name)), this.#in(to, basename(name)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return;
    }
    await syncEntries(this.#in(to));
  }

  #in(state: QueueState, ...name: readonly string[]): string {
    return join(this.#folder, state, ...name);
  }
}

/** A file system, or two of them, without hard links. */
const NO_LINKS: ReadonlySet<string> = new Set(["EXDEV", "EPERM", "ENOTSUP", "EMLINK", "ENOSYS"]);
