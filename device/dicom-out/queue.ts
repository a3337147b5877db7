import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { syncEntries } from "../spool/planes.ts";

/** Where an object of a destination is. */
export type QueueState = "waiting" | "committing" | "failed";

/** Objects that may wait for one destination; beyond them nothing is queued until some have gone. */
export const MAX_QUEUED = 50_000;
/** Refused objects that are kept to be looked at; the oldest go first. */
const MAX_FAILED = 1_000;

/**
 * What is still to go to one destination: a folder of files, oldest name first, that survives any stop. `waiting/` is to be
 * sent, `committing/` was sent and not yet committed to, `failed/` was refused for good.
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
    for (const name of await readdir(join(this.#folder, "waiting"))) {
      if (name.endsWith(".part")) await rm(join(this.#folder, "waiting", name), { force: true });
    }
    await syncEntries(this.#folder);
  }

  /** Adds a file; durable when this resolves. The same name twice is one. */
  async put(name: string, bytes: Uint8Array): Promise<void> {
    const target = join(this.#folder, "waiting", name);
    const part = `${target}.part`;
    await using handle = await open(part, "w", 0o640);
    await handle.writeFile(bytes);
    await handle.datasync();
    await rename(part, target);
    await syncEntries(join(this.#folder, "waiting"));
  }

  /** Paths in a state, oldest name first. */
  async list(state: QueueState): Promise<readonly string[]> {
    const names = await readdir(join(this.#folder, state));
    return names
      .filter((name) => name.endsWith(".dcs"))
      .sort()
      .map((name) => join(this.#folder, state, name));
  }

  async count(state: QueueState): Promise<number> {
    return (await readdir(join(this.#folder, state))).length;
  }

  /** Age of the oldest that waits, ms; null where none does. */
  async oldestMs(now: number): Promise<number | null> {
    const [first] = await this.list("waiting");
    return first === undefined ? null : now - (await stat(first)).mtimeMs;
  }

  async move(path: string, state: QueueState): Promise<void> {
    await rename(path, join(this.#folder, state, basename(path)));
    await syncEntries(join(this.#folder, state));
    if (state !== "failed") return;
    const failed = await this.list("failed");
    for (const old of failed.slice(0, Math.max(0, failed.length - MAX_FAILED)))
      await rm(old, { force: true });
  }

  async done(path: string): Promise<void> {
    await rm(path, { force: true });
  }
}
