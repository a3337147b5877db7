import { readFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { signedNoteSchema } from "../../protocols/mqtt/note.ts";
import { replaceDurably } from "../durable.ts";

/** Checkpoints kept of a journal: the newest, and the newest that was witnessed. At one a minute they reach back four hours. */
export const MAX_CHECKPOINTS = 256;
/** Largest file that is read, bytes. */
const MAX_FILE_BYTES = 4 << 20;

const fileSchema = z.strictObject({
  schema: z.literal("lynceus-checkpoints/1"),
  journal: z.uuid(),
  checkpoints: z
    .array(
      z.strictObject({
        size: z.int().min(0),
        /** When it was made, ms since the epoch. */
        at: z.int(),
        note: signedNoteSchema,
        published: z.boolean(),
        witnessed: z.boolean(),
      }),
    )
    .max(MAX_CHECKPOINTS + 1),
});

/** A checkpoint as it is kept. */
export type KeptCheckpoint = Readonly<z.output<typeof fileSchema>["checkpoints"][number]>;

/** `audit/JOURNAL.json` in the spool. */
export function checkpointFile(spoolPath: string, journal: string): string {
  return join(spoolPath, "audit", `${journal}.json`);
}

/** The checkpoints kept of a journal, oldest first; none where there is no file. Throws what the disk or the file says. */
export async function readCheckpoints(
  spoolPath: string,
  journal: string,
): Promise<readonly KeptCheckpoint[]> {
  const text = await readFile(checkpointFile(spoolPath, journal), "utf8").catch(absent);
  return text === null ? [] : parseFile(text);
}

/** As {@link readCheckpoints}, for commands. */
export function readCheckpointsSync(spoolPath: string, journal: string): readonly KeptCheckpoint[] {
  try {
    return parseFile(readFileSync(checkpointFile(spoolPath, journal), "utf8"));
  } catch (error) {
    if (absent(error) === null) return [];
    throw error;
  }
}

/** Keeps the newest and the newest witnessed. */
export function cutCheckpoints(checkpoints: readonly KeptCheckpoint[]): readonly KeptCheckpoint[] {
  const cut = checkpoints.slice(0, -MAX_CHECKPOINTS).findLast(({ witnessed }) => witnessed);
  const kept = checkpoints.slice(-MAX_CHECKPOINTS);
  return cut === undefined || kept.some(({ witnessed }) => witnessed) ? kept : [cut, ...kept];
}

/** Durable when this resolves. */
export async function writeCheckpoints(
  spoolPath: string,
  journal: string,
  checkpoints: readonly KeptCheckpoint[],
): Promise<void> {
  await mkdir(join(spoolPath, "audit"), { recursive: true, mode: 0o750 });
  const content = JSON.stringify({ schema: "lynceus-checkpoints/1", journal, checkpoints });
  await replaceDurably(checkpointFile(spoolPath, journal), content);
}

function parseFile(text: string): readonly KeptCheckpoint[] {
  if (text.length > MAX_FILE_BYTES)
    throw new Error(`the file of checkpoints is larger than ${MAX_FILE_BYTES}`);
  return fileSchema.parse(JSON.parse(text)).checkpoints;
}

function absent(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
  throw error;
}
