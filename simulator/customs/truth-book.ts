import { z } from "zod";
import { DELIVERIES, type TruthLine } from "../scanner/truth.ts";

/** Parcels remembered, at most; the oldest are forgotten first. */
export const MAX_PARCELS = 10_000;
/** Longest line of a truth file that is read, characters; masks make lines long. */
export const MAX_LINE_CHARACTERS = 4_000_000;

/** What this room needs of a truth line; the rest is taken as it is. */
const schema = z.looseObject({
  scanRef: z.string(),
  at: z.iso.datetime(),
  delivery: z.enum(DELIVERIES),
  seed: z.int().min(0),
  index: z.int().min(0),
  identifiers: z.array(z.looseObject({ scheme: z.string(), value: z.string() })),
  irregularities: z.array(z.string()),
  targets: z.array(z.looseObject({ class: z.string() })),
  groups: z.array(z.looseObject({ group: z.string() })),
  declaration: z.looseObject({}).nullable(),
});

/** Reads a line of a truth file; null where it is none. */
export function parseTruthLine(line: string): TruthLine | null {
  try {
    const result = schema.safeParse(JSON.parse(line));
    return result.success ? (result.data as unknown as TruthLine) : null;
  } catch {
    return null;
  }
}

interface Identifier {
  readonly scheme: string;
  readonly value: string;
}

/** The parcels of the truth file by their identifiers. */
export class TruthBook {
  readonly #byIdentifier = new Map<string, TruthLine>();
  readonly #lines: TruthLine[] = [];

  add(line: TruthLine): void {
    this.#lines.push(line);
    for (const identifier of line.identifiers) this.#byIdentifier.set(keyOf(identifier), line);
    const oldest = this.#lines.length > MAX_PARCELS ? this.#lines.shift() : undefined;
    for (const identifier of oldest?.identifiers ?? []) {
      if (this.#byIdentifier.get(keyOf(identifier)) === oldest) this.#byIdentifier.delete(keyOf(identifier));
    }
  }

  /** The parcel that carries one of the identifiers. */
  find(identifiers: readonly Identifier[]): TruthLine | null {
    for (const identifier of identifiers) {
      const line = this.#byIdentifier.get(keyOf(identifier));
      if (line !== undefined) return line;
    }
    return null;
  }

  /** The parcels announced from `since` on, oldest first. */
  since(since: string): readonly TruthLine[] {
    const from = Date.parse(since);
    return this.#lines.filter((line) => Date.parse(line.at) >= from);
  }
}

function keyOf(identifier: Identifier): string {
  return `${identifier.scheme}:${identifier.value}`;
}
