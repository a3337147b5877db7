import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { Declaration } from "../../protocols/declaration.ts";
import { LynceusError } from "../../protocols/errors.ts";

const share = z.number().min(0).max(1);
const radiation = z.enum(["normal", "alarm", "fault"]).nullable();

/** A consignment of a season as `lynceus simulate season` writes it: what a gateway learns of it, and what is true. */
const lineSchema = z.object({
  index: z.int().min(0),
  scanId: z.uuid(),
  capturedAt: z.number(),
  kind: z.string().nullable(),
  classes: z.array(z.string()).max(13),
  identifiers: z
    .array(z.object({ scheme: z.string(), value: z.string(), checkOk: z.boolean().nullable() }))
    .max(16),
  // Read as a declaration by whoever wrote it; a season is made, never received.
  declaration: z.custom<Declaration>((value) => typeof value === "object" && value !== null).nullable(),
  measured: z.object({
    massKg: z.number().nullable(),
    massStable: z.boolean().nullable(),
    radiation: z.object({ gamma: radiation, neutron: radiation, sigma: z.number().nullable() }).nullable(),
  }),
  analysis: z.object({
    analysed: z.boolean(),
    quality: share,
    detections: z
      .array(
        z.object({ class: z.string(), score: share, threshold: share, prevalence: share, model: z.string() }),
      )
      .max(500),
    lookedFor: z.array(z.object({ class: z.string(), prevalence: share, absent: share })).max(64),
    contents: z.array(z.object({ group: z.string(), score: share, share })).max(64),
    xrayMassKg: z.number().nullable(),
    opaque: z.boolean(),
  }),
  similar: z.array(z.object({ scanId: z.uuid(), similarity: share })).max(10),
  risk: z.object({ p: share, prevalence: share }).nullable(),
});
export type SeasonLine = z.output<typeof lineSchema>;

const headSchema = z.object({
  schema: z.literal("lynceus-season/1"),
  name: z.string(),
  seed: z.number(),
  watchList: z.array(z.string()),
  count: z.int().min(0),
  imageFigures: z.object({ benchmark: z.string(), scans: z.int(), models: z.array(z.string()) }),
});

export interface SeasonFile {
  readonly name: string;
  readonly seed: number;
  readonly watchList: ReadonlySet<string>;
  /** Of what the image side was drawn: models as `name@version sha256` on so many scans of a benchmark. */
  readonly imageFigures: {
    readonly benchmark: string;
    readonly scans: number;
    readonly models: readonly string[];
  };
  /** By time. */
  readonly lines: readonly SeasonLine[];
}

/** Lines of one file, and the length of one. */
const MAX_LINES = 1_000_001;
const MAX_LINE = 256 * 1024;

/**
 * Reads a season.
 * @throws LYN_DATASET
 */
export async function readSeason(file: string): Promise<SeasonFile> {
  const lines: SeasonLine[] = [];
  let head: z.output<typeof headSchema> | null = null;
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: 1000 })) {
    if (text === "") continue;
    number++;
    if (number > MAX_LINES || text.length > MAX_LINE) throw broken(file, number, "it is over its bounds");
    const value = parsed(file, number, text);
    const result = head === null ? headSchema.safeParse(value) : lineSchema.safeParse(value);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw broken(file, number, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "wrong"}`);
    }
    if (head === null) head = result.data as z.output<typeof headSchema>;
    else lines.push(result.data as SeasonLine);
  }
  if (head === null || lines.length !== head.count) throw broken(file, number, "it is cut off");
  const { name, seed, watchList, imageFigures } = head;
  return { name, seed, watchList: new Set(watchList), imageFigures, lines };
}

function parsed(file: string, number: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw broken(file, number, "it is not JSON");
  }
}

function broken(file: string, number: number, reason: string): LynceusError {
  return new LynceusError("LYN_DATASET", `The season ${file} cannot be used, line ${number}: ${reason}`, {
    remedy: "Write it anew with `lynceus simulate season --out FILE`.",
  });
}
