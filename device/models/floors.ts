import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { LynceusError } from "../../protocols/errors.ts";
import { replaceDurably } from "../durable.ts";

const count = z.int().min(0);
const floorsSchema = z.object({
  /** Versions of the repository's metadata that were trusted last. */
  root: count.default(0),
  timestamp: count.default(0),
  snapshot: count.default(0),
  targets: count.default(0),
  /** When that was, ms since the epoch: a clock before it stands wrong. */
  seenAt: count.default(0),
  /** Name → highest version of the package that was ever active. */
  models: z.record(z.string().max(64), z.string().max(64)).default({}),
});
/** Below what nothing is taken any more. */
export type Floors = z.output<typeof floorsSchema>;

/**
 * The floors, in the spool's folder: a second place beside the state of the repository's client and of the store, so that
 * deleting those does not open the way back to an old release.
 */
export class FloorFile {
  readonly #path: string;

  constructor(options: { readonly path: string }) {
    this.#path = options.path;
  }

  /** Zero where there is no file. @throws LynceusError LYN_MODEL_STATE where it cannot be read: nothing is taken then. */
  async read(): Promise<Floors> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return floorsSchema.parse({});
      throw unreadable(this.#path, cause);
    }
    try {
      return floorsSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw unreadable(this.#path, cause);
    }
  }

  /** Raises the floors; none is ever lowered. Durable when this resolves. */
  async raise(change: (floors: Floors) => Floors): Promise<void> {
    const now = await this.read();
    const next = change(now);
    const higher = (key: "root" | "timestamp" | "snapshot" | "targets" | "seenAt") =>
      Math.max(now[key], next[key]);
    const raised: Floors = {
      root: higher("root"),
      timestamp: higher("timestamp"),
      snapshot: higher("snapshot"),
      targets: higher("targets"),
      seenAt: higher("seenAt"),
      models: next.models,
    };
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o750 });
    await replaceDurably(this.#path, JSON.stringify(raised));
  }
}

function unreadable(path: string, cause: unknown): LynceusError {
  return new LynceusError("LYN_MODEL_STATE", `${path} cannot be read: ${(cause as Error).message}`, {
    remedy: "Check the disk of the spool. Remove the file only if you know that nobody tampered with it.",
    cause,
  });
}
