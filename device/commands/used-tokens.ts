import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { replaceDurably } from "../durable.ts";

/** A signed command is remembered for so long, ms: longer than any `notAfter` may lie ahead, clocks that differ included. */
const REMEMBER_MS = 2 * 3.6e6;
/** Tokens remembered; where central signs more than this in two hours, the next ones are refused until some are forgotten. */
export const MAX_TOKENS = 5_000;

const fileSchema = z.array(z.tuple([z.string().max(64), z.string().max(128), z.number()])).max(MAX_TOKENS);

/**
 * Signed commands that were taken, with the id of their event, on disk. The id of an event is not signed: without this, whoever
 * records a signed command could send it again under another id while its `notAfter` lasts.
 */
export class UsedTokens {
  readonly #file: string;
  readonly #clock: () => number;
  #used: Map<string, { readonly id: string; readonly at: number }> | null = null;

  constructor(options: { file: string; clock: () => number }) {
    this.#file = options.file;
    this.#clock = options.clock;
  }

  /** Takes a token for an event, durably. False: another event carried it before, or too many are remembered. */
  async take(token: string, id: string): Promise<boolean> {
    const used = await this.#load();
    const digest = tokenDigest(token);
    const known = used.get(digest);
    if (known !== undefined) return known.id === id;
    const now = this.#clock();
    // A clock that was set back must not make old tokens forgotten late or new: only age in either direction counts.
    for (const [key, { at }] of used) if (Math.abs(now - at) > REMEMBER_MS) used.delete(key);
    if (used.size >= MAX_TOKENS) return false;
    used.set(digest, { id, at: now });
    const rows = [...used].map(([key, one]) => [key, one.id, one.at]);
    await replaceDurably(this.#file, JSON.stringify(rows));
    return true;
  }

  async #load(): Promise<Map<string, { readonly id: string; readonly at: number }>> {
    if (this.#used !== null) return this.#used;
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o750 });
    const rows = await readRows(this.#file);
    this.#used = new Map(rows.map(([digest, id, at]) => [digest, { id, at }]));
    return this.#used;
  }
}

/** A file that cannot be read is none: a token lives an hour at most, and the event's id is known to the answers too. */
async function readRows(file: string): Promise<z.output<typeof fileSchema>> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return [];
  }
}

/** Of what is signed: the signature's own text can be written in several ways. hex */
export function tokenDigest(token: string): string {
  return createHash("sha256")
    .update(token.slice(0, token.lastIndexOf(".")))
    .digest("hex");
}
