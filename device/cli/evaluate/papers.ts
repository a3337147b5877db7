import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Declaration, parseDeclaration } from "../../../protocols/declaration.ts";
import { outcomeSchema } from "../../../protocols/mqtt/outcome.ts";
import type { StoredDeclaration } from "../../spool/port.ts";
import { invalid, type LabelledImage } from "./dataset.ts";

/** Lines of one file of papers, and the length of one. */
const MAX_LINES = 200_000;
const MAX_LINE = 1024 * 1024;

/** What is known of the scans of a data set beside their images. */
export interface Papers {
  /** Declarations that carry one of these identifiers. */
  declarationsOf(image: Pick<LabelledImage, "identifiers">): readonly StoredDeclaration[];
  /** What a full examination found; null where there was none. */
  irregular(scanId: string | null): boolean | null;
  readonly declarations: number;
  /** Share of the full examinations that found something; null without any. */
  readonly irregularShare: number | null;
}

const keyOf = (scheme: string, value: string) => `${scheme} ${value}`;

/**
 * Reads `declarations.ndjson` and `outcomes.ndjson`, each where it is there, a line at a time. Lines that are no declaration
 * or outcome are an error: a data set is made with care, and a figure over half of it would mislead.
 * @throws LYN_DATASET
 */
export async function readPapers(folder: string): Promise<Papers> {
  const declared = new Map<string, StoredDeclaration[]>();
  let declarations = 0;
  for await (const json of linesOf(folder, "declarations.ndjson")) {
    const parsed = parseDeclaration(json);
    if (!parsed.ok) throw invalid(`declarations.ndjson: ${parsed.pointer || "a line"} ${parsed.message}`);
    const { declaration, findings } = parsed;
    declarations++;
    const stored = { declaration, findings, storedAt: Date.parse(declaration.receivedAt) };
    for (const key of keysOf(declaration)) declared.set(key, [...(declared.get(key) ?? []), stored]);
  }
  const found = new Map<string, boolean>();
  for await (const json of linesOf(folder, "outcomes.ndjson")) {
    const outcome = outcomeSchema.safeParse(json);
    if (!outcome.success) throw invalid(`outcomes.ndjson: ${outcome.error.issues[0]!.message}`);
    const { scanId, examination, result } = outcome.data;
    if (examination === "full" && result !== "partial") found.set(scanId, result === "confirmed");
  }
  const irregular = [...found.values()].filter(Boolean).length;
  return {
    declarations,
    irregularShare: found.size === 0 ? null : irregular / found.size,
    irregular: (scanId) => (scanId === null ? null : (found.get(scanId) ?? null)),
    declarationsOf: ({ identifiers }) => [
      ...new Set(identifiers.flatMap(({ scheme, value }) => declared.get(keyOf(scheme, value)) ?? [])),
    ],
  };
}

function keysOf({ identifiers }: Declaration): readonly string[] {
  return [...new Set((identifiers ?? []).map(({ scheme, value }) => keyOf(scheme, value)))];
}

async function* linesOf(folder: string, name: string): AsyncGenerator<unknown> {
  const file = join(folder, name);
  if (!existsSync(file)) return;
  let count = 0;
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    if (line.trim() === "") continue;
    count++;
    if (count > MAX_LINES || line.length > MAX_LINE)
      throw invalid(`${name} is over its bounds at line ${count}`);
    try {
      yield JSON.parse(line);
    } catch (cause) {
      throw invalid(`${name}, line ${count} is not JSON`, cause);
    }
  }
}
