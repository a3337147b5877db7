import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { replaceDurably } from "../durable.ts";
import type { Log } from "../log.ts";
import { STANDARD_SCANS, WATCHED, type Watched } from "./drift.ts";

/** Machines remembered of a lane; beyond it the one not seen for longest is forgotten. */
export const MAX_MACHINES = 8;

const figures = z.array(z.number()).max(STANDARD_SCANS);
const fileSchema = z.strictObject({
  schema: z.literal("lynceus-standard/1"),
  /** Machine, seen last at the end: the figures of its first scans. */
  machines: z
    .array(
      z.strictObject({
        machine: z.string().max(256),
        first: z.partialRecord(z.enum(WATCHED as [Watched, ...Watched[]]), figures),
      }),
    )
    .max(MAX_MACHINES),
});

/** The figures of the first scans of each machine of a lane. */
export type Standards = z.output<typeof fileSchema>["machines"];

/** The standards that were kept; none where there is no file, or one that is none of ours: they are learnt anew, and said so. */
export async function readStandards(path: string, log: Log): Promise<Standards> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(path, "utf8"))).machines;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      log.warn({ err: error, path }, "the machine's standard cannot be read; it is learnt anew");
    return [];
  }
}

/** Written beside and renamed, so that a power cut leaves the old or the new. */
export async function writeStandards(path: string, machines: Standards): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const text = JSON.stringify({ schema: "lynceus-standard/1", machines });
  await replaceDurably(path, `${text}\n`);
}
