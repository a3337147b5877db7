import { readFile } from "node:fs/promises";
import { LynceusError } from "../../../protocols/errors.ts";

/** A file's bytes. Throws LYN_PATH_MISSING where there is none. */
export async function readPath(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new LynceusError("LYN_PATH_MISSING", `${path} cannot be read`, {
      remedy: "Name a file that is there and that this user may read.",
      details: { path },
      cause,
    });
  }
}
