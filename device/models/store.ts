import { existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import { pause } from "../backoff.ts";
import { replaceDurably, syncEntries } from "../durable.ts";
import { emptyState, type ModelsState, stateSchema } from "./state.ts";

/** How long a change waits for another process that changes, ms. */
const LOCK_WAIT_MS = 10_000;
const LOCK_RETRY_MS = 20;
/** A lock that is older was left by a process that is gone, ms: a change takes a few. */
const LOCK_STALE_MS = 30_000;
const STATE_FILE = "state.json";
const NEVER = new AbortController().signal;

/**
 * The folder of managed packages: `installed/NAME-VERSION/`, and `state.json` that says which of them runs. The gateway and the
 * command line change it side by side: each change reads, changes and replaces the file under a lock.
 */
export class ModelStore {
  readonly folder: string;

  constructor(options: { readonly folder: string }) {
    this.folder = options.folder;
  }

  /** Where a package lies, installed or not. */
  directoryOf(name: string, version: string): string {
    return join(this.folder, "installed", `${name}-${version}`);
  }

  /** Name → folder of the packages that decide, as far as the store says. */
  pinsOf(state: ModelsState): Readonly<Record<string, string>> {
    const active = Object.entries(state.models).flatMap(([name, { active: version }]) =>
      version === null ? [] : [[name, this.directoryOf(name, version)] as const],
    );
    return Object.fromEntries(active);
  }

  /** A path for work under way, of this process alone; nothing lies there. */
  async scratch(name: string): Promise<string> {
    const own = join(this.folder, "incoming", String(process.pid));
    await mkdir(own, { recursive: true, mode: 0o750 });
    await rm(join(own, name), { recursive: true, force: true });
    return join(own, name);
  }

  /** Removes what this process had under way, and what one that is gone left. */
  async sweep(): Promise<void> {
    const incoming = join(this.folder, "incoming");
    const names = existsSync(incoming) ? await readdir(incoming) : [];
    for (const name of names.filter((pid) => pid === String(process.pid) || !isAlive(Number(pid))))
      await rm(join(incoming, name), { recursive: true, force: true });
  }

  /** Puts an unpacked package into its place, durably; one of the same name and version is replaced. */
  async keep(unpacked: string, name: string, version: string): Promise<string> {
    const place = this.directoryOf(name, version);
    const parent = join(this.folder, "installed");
    await mkdir(parent, { recursive: true, mode: 0o750 });
    await rm(place, { recursive: true, force: true });
    await rename(unpacked, place);
    await syncEntries(parent);
    return place;
  }

  async remove(name: string, version: string): Promise<void> {
    await rm(this.directoryOf(name, version), { recursive: true, force: true });
  }

  /** Names of the folders under `installed`. */
  async folders(): Promise<readonly string[]> {
    const parent = join(this.folder, "installed");
    return existsSync(parent) ? readdir(parent) : [];
  }

  /** The state; that of an empty store where there is none. @throws LynceusError LYN_MODEL_STATE where it cannot be read */
  async read(): Promise<ModelsState> {
    const path = join(this.folder, STATE_FILE);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return emptyState();
      throw unreadable(path, cause);
    }
    try {
      return stateSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }

  /**
   * Changes the state: `change` is given a copy of its own, changes it and may return a word on it. Durable when this resolves;
   * an error of `change` leaves all as it was.
   */
  async change<T>(change: (state: ModelsState) => T): Promise<T> {
    await mkdir(this.folder, { recursive: true, mode: 0o750 });
    const unlock = await this.#lock();
    try {
      const state = structuredClone(await this.read());
      const result = change(state);
      state.revision += 1;
      await replaceDurably(join(this.folder, STATE_FILE), JSON.stringify(state, null, 1));
      return result;
    } finally {
      await unlock();
    }
  }

  async #lock(): Promise<() => Promise<void>> {
    const path = join(this.folder, "state.lock");
    for (const end = performance.now() + LOCK_WAIT_MS; ; ) {
      try {
        await (await open(path, "wx", 0o640)).close();
        return () => rm(path, { force: true });
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw unreadable(path, cause);
        if (await isStale(path)) await rm(path, { force: true });
        else if (performance.now() > end) throw unreadable(path, new Error("another process holds it"));
        else await pause(LOCK_RETRY_MS, NEVER);
      }
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > LOCK_STALE_MS;
  } catch {
    return false; // it is gone: the next try takes it
  }
}

function unreadable(path: string, cause: unknown): LynceusError {
  return new LynceusError("LYN_MODEL_STATE", `${path} cannot be used: ${(cause as Error).message}`, {
    remedy:
      "Let this user write the folder of models.path. A damaged state.json may be removed: the packages of the release run then.",
    cause,
  });
}
