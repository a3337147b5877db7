import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { MAX_JWS_LENGTH } from "../../protocols/jws.ts";
import { replaceDurably } from "../durable.ts";

/** Profiles kept: the one in force and those that come into force later. */
export const MAX_KEPT = 8;

const keptSchema = z.object({
  /** The highest version that was ever taken: a lower one is refused. */
  highest: z.int().min(0),
  /** Compact JWS, the lowest version first. */
  profiles: z.array(z.string().max(MAX_JWS_LENGTH)).max(MAX_KEPT),
});
/** What is kept across restarts. */
export type KeptProfiles = z.output<typeof keptSchema>;

/** The profiles of central on disk. They are verified anew when they are read: a key that is trusted no more takes them along. */
export class ProfileStore {
  readonly #folder: string;

  constructor(options: { readonly folder: string }) {
    this.#folder = options.folder;
  }

  /** Null where none were kept. Throws where the file cannot be read. */
  async read(): Promise<KeptProfiles | null> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
    return keptSchema.parse(JSON.parse(text));
  }

  /** Durable when this resolves. */
  async write(kept: KeptProfiles): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o750 });
    await replaceDurably(this.#path, JSON.stringify(kept));
  }

  get #path(): string {
    return join(this.#folder, "profiles.json");
  }
}
