import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { syncDirectory } from "./directories.ts";

/** Said of a journal of any size; a larger one is read from end to end beside the work, not before it. */
export const CHECKED_BYTES = 256 << 20;

const SUFFIX = ".suspect";

/** Notes durably that a journal showed damage: the next start reads all of it before anything else. */
export function markSuspect(file: string): void {
  closeSync(openSync(file + SUFFIX, "w", 0o640));
  syncDirectory(dirname(file));
}

export function isSuspect(file: string): boolean {
  return existsSync(file + SUFFIX);
}

/** It was read from end to end. */
export function clearSuspect(file: string): void {
  rmSync(file + SUFFIX, { force: true });
}
