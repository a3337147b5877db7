import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Response, responseSchema } from "../../protocols/mqtt/command.ts";
import { replaceDurably } from "../durable.ts";

/** Answers are kept and repeated for so long, ms (`mqtt.md`, Command). */
const KEEP_MS = 24 * 3.6e6;
/** Answers kept; the oldest go first. */
const MAX_ANSWERS = 1_000;

const ANSWER_FILE = /^[0-9a-f]{40}\.json/;

/** The answers of the last 24 hours on disk, so that a command that comes again is not done again, restart or not. */
export class Answers {
  readonly #folder: string;
  readonly #clock: () => number;
  readonly #most: number;

  constructor(options: { folder: string; clock: () => number; most?: number }) {
    this.#folder = options.folder;
    this.#clock = options.clock;
    this.#most = options.most ?? MAX_ANSWERS;
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o750 });
    await this.#forget();
  }

  /** Null for a command that was not answered, or longer ago. `key`: its id, unless it is kept under more than that. */
  async of(key: string, id = key): Promise<Response | null> {
    const path = this.#path(key);
    try {
      if (this.#clock() - (await stat(path)).mtimeMs > KEEP_MS) return null;
      const read = responseSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
      return read.success && read.data.id === id ? read.data : null;
    } catch {
      return null; // none, or one that cannot be read: the command is done again
    }
  }

  /** Durable when this resolves. */
  async keep(response: Response, key = response.id): Promise<void> {
    await replaceDurably(this.#path(key), JSON.stringify(response));
    await this.#forget();
  }

  async #forget(): Promise<void> {
    const aged: { path: string; at: number }[] = [];
    for (const name of await readdir(this.#folder)) {
      if (!ANSWER_FILE.test(name)) continue; // not ours: another room's file
      const path = join(this.#folder, name);
      aged.push({ path, at: (await stat(path)).mtimeMs });
    }
    aged.sort((a, b) => b.at - a.at);
    const oldest = this.#clock() - KEEP_MS;
    for (const [index, { path, at }] of aged.entries()) {
      if (index >= this.#most || at < oldest) await rm(path, { force: true });
    }
  }

  /** An id may hold anything. */
  #path(key: string): string {
    return join(this.#folder, `${createHash("sha256").update(key).digest("hex").slice(0, 40)}.json`);
  }
}
