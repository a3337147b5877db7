import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Log } from "../log.ts";
import type { Uplink, UplinkState } from "./uplink.ts";

const NAME = "links.json";

const linkSchema = z.object({
  state: z.enum(["stopped", "connecting", "online", "waiting"]),
  reason: z.string().nullable(),
  since: z.number(),
});
const schema = z.object({
  schema: z.literal("lynceus-links/1"),
  url: z.string(),
  links: z.object({ hit: linkSchema, in: linkSchema, bulk: linkSchema }),
});
/** How a gateway is connected to its broker, as it said last. */
export type ToldLinks = z.output<typeof schema>;

export interface LinkFileOptions {
  readonly spoolPath: string;
  /** The broker's address, which holds no secret. */
  readonly url: string;
  readonly uplink: Pick<Uplink, "state" | "onState">;
  readonly log: Log;
}

/**
 * The state of the connections to the broker as a file in the spool, for who looks from beside: a second connection under the
 * gateway's name would push the gateway's own out at a broker that goes by the certificate. Counts while the spool is in use.
 */
export class LinkFile {
  readonly #options: LinkFileOptions;
  #writing: Promise<void> | null = null;
  #again = false;
  #unlisten: () => void = () => undefined;

  constructor(options: LinkFileOptions) {
    this.#options = options;
  }

  start(): void {
    this.#unlisten = this.#options.uplink.onState(() => this.#put());
    this.#put();
  }

  async stop(): Promise<void> {
    this.#unlisten();
    await this.#writing;
  }

  /** One write at a time, the newest state last. */
  #put(): void {
    this.#again = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  async #write(): Promise<void> {
    const { spoolPath, url, uplink, log } = this.#options;
    const path = join(spoolPath, NAME);
    while (this.#again) {
      this.#again = false;
      const told: ToldLinks = { schema: "lynceus-links/1", url, links: linksOf(uplink.state) };
      try {
        await writeFile(`${path}.part`, JSON.stringify(told), { mode: 0o640 });
        await rename(`${path}.part`, path);
      } catch (error) {
        log.debug({ err: error }, "the state of the connections could not be written down");
        // An old state would be worse than none.
        await rm(path, { force: true }).catch(() => undefined);
      }
    }
  }
}

function linksOf({ hit, in: inward, bulk }: UplinkState): ToldLinks["links"] {
  return { hit: { ...hit }, in: { ...inward }, bulk: { ...bulk } };
}

/** What the gateway of a spool said last; null: nothing that can be read. */
export async function readLinks(spoolPath: string): Promise<ToldLinks | null> {
  try {
    return schema.parse(JSON.parse(await readFile(join(spoolPath, NAME), "utf8")));
  } catch {
    return null;
  }
}
