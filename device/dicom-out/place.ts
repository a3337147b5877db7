import { readFile } from "node:fs/promises";
import { replaceDurably } from "../durable.ts";

/**
 * How far a destination has followed the journal, on disk. A sequence belongs to its journal: of another one, as after damage
 * was saved into a new journal, everything is still to come.
 */
export class Place {
  readonly #file: string;
  readonly #journal: string;
  #sequence = 0;

  constructor(options: { file: string; journal: string }) {
    this.#file = options.file;
    this.#journal = options.journal;
  }

  get sequence(): number {
    return this.#sequence;
  }

  async read(): Promise<void> {
    const text = await readFile(this.#file, "utf8").catch(() => "");
    const [journal, sequence] = text.trim().split(" ");
    this.#sequence = journal === this.#journal ? Number.parseInt(sequence ?? "", 10) || 0 : 0;
  }

  advance(sequence: number): void {
    this.#sequence = sequence;
  }

  /** Durable when this resolves. */
  async keep(): Promise<void> {
    await replaceDurably(this.#file, `${this.#journal} ${this.#sequence}`);
  }
}
