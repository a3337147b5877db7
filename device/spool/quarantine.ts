import { existsSync } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncEntries } from "../durable.ts";
import type { Scan } from "../scan.ts";
import { makeDirectory } from "./directories.ts";

/** Folder of scans whose planes are damaged, within the spool: nothing in it is ever removed by the gateway. */
const QUARANTINE = "quarantine";

/** Plane files of a scan that are gone or shorter than they were. `directory`: absolute. */
export async function damagedPlanes(directory: string, planes: Scan["planes"]): Promise<readonly string[]> {
  const damaged: string[] = [];
  for (const { file, bytes } of planes) {
    const size = await stat(join(directory, file)).then(
      (found) => found.size,
      () => -1,
    );
    if (size < bytes) damaged.push(file);
  }
  return damaged;
}

/**
 * Moves a scan's folder to where nothing is removed, durably; what is whole in it can still be read. Returns where it is now,
 * relative to the spool, or null where there is no folder any more.
 */
export async function quarantine(path: string, directory: string, scanId: string): Promise<string | null> {
  if (!existsSync(join(path, directory))) return null;
  makeDirectory(join(path, QUARANTINE));
  const to = join(QUARANTINE, scanId);
  await rename(join(path, directory), join(path, to));
  await syncEntries(join(path, QUARANTINE));
  return to;
}
