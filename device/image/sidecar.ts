import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { LynceusError } from "../../protocols/errors.ts";
import { ORIGINS, PURPOSES } from "../../protocols/vocabulary.ts";
import { IMAGE_LIMITS } from "./limits.ts";

const sidecarSchema = z.object({
  airLevel: z.number().positive().max(65_535).optional(),
  pixelPitchMm: z.object({ x: z.number().positive(), y: z.number().positive() }).optional(),
  purpose: z.enum(PURPOSES).optional(),
  origin: z.enum(ORIGINS).optional(),
});

/**
 * What a sidecar `NAME.json` states of an image: counts in air of the planes as stored (`cli.md`, "Inputs of `scan`"), mm per
 * pixel, and whether the scan belongs to the work and comes from a machine. Keys that are not known are left alone.
 */
export type Sidecar = z.infer<typeof sidecarSchema>;

/**
 * Reads a sidecar; `{}` where there is none.
 * @throws LYN_IMAGE_SIDECAR where it is there but cannot be used: a stated calibration is never silently dropped.
 */
export async function readSidecar(file: string): Promise<Sidecar> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > IMAGE_LIMITS.maxSidecarBytes) throw broken(file, `it has ${size} bytes`);
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    if (error instanceof LynceusError) throw error;
    throw broken(file, error instanceof Error ? error.message : String(error));
  }
  return parseSidecar(file, text);
}

function parseSidecar(file: string, text: string): Sidecar {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken(file, "it is not JSON");
  }
  const parsed = sidecarSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw broken(file, `${issue?.path.join(".") || "it"}: ${issue?.message ?? "wrong type"}`);
}

function broken(file: string, reason: string): LynceusError {
  return new LynceusError("LYN_IMAGE_SIDECAR", `The sidecar ${file} cannot be used: ${reason}`, {
    remedy:
      'Write {"airLevel": COUNTS} with counts 1 … 65535, or remove the sidecar to have the air estimated.',
    details: { file },
  });
}
