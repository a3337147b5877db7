import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import { type ConfigFault, faultsOf } from "../config/issues.ts";
import { type ScannerProfile, scannerProfileSchema } from "./schema.ts";

/** A profile is a page; a larger file is the wrong file. Bytes. */
export const MAX_PROFILE_BYTES = 256 * 1024;

/** A profile and the folder from which its frames are named. */
export interface LoadedProfile {
  readonly profile: ScannerProfile;
  readonly folder: string;
}

/**
 * Reads and validates a scanner profile.
 * @throws LynceusError `LYN_SCANNER_PROFILE` with every fault at once, in `details.faults` as well.
 */
export async function readProfile(file: string): Promise<LoadedProfile> {
  const input = parse(file, await read(file));
  const result = scannerProfileSchema.safeParse(input);
  if (result.success) return { profile: result.data, folder: dirname(resolve(file)) };
  const faults = faultsOf(scannerProfileSchema, result.error, input);
  const lines = faults.map(({ path, message }) => `${path}: ${message}`);
  throw unusable(file, lines.join("; "), faults);
}

async function read(file: string): Promise<string> {
  const data = await readFile(file).catch((cause: Error) => {
    throw unusable(file, cause.message, [], cause);
  });
  if (data.byteLength > MAX_PROFILE_BYTES)
    throw unusable(file, `it has ${data.byteLength} bytes, at most ${MAX_PROFILE_BYTES} are read`, []);
  return data.toString("utf8");
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unusable(file, `it is not JSON: ${(cause as Error).message}`, [], cause);
  }
}

function unusable(file: string, why: string, faults: readonly ConfigFault[], cause?: unknown): LynceusError {
  return new LynceusError("LYN_SCANNER_PROFILE", `The scanner profile ${file} cannot be used: ${why}`, {
    remedy: "Correct each key named; device/profile/README.md shows all there are, examples/ whole files.",
    details: { file, faults },
    ...(cause === undefined ? {} : { cause }),
  });
}
