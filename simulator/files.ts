import { type FileHandle, open } from "node:fs/promises";
import { LynceusError } from "../protocols/errors.ts";

/**
 * Opens a file that an option names, to append to it; it is made where it does not exist.
 * @throws LynceusError `LYN_PATH_MISSING` where its folder does not exist or it cannot be written.
 */
export async function openToAppend(path: string, option: string): Promise<FileHandle> {
  try {
    return await open(path, "a");
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new LynceusError("LYN_PATH_MISSING", `${option} ${path} cannot be opened: ${why}`, {
      remedy: `Name a file in a folder that exists and can be written with ${option}`,
      cause,
    });
  }
}
