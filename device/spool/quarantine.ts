import { existsSync } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { syncEntries } from "../durable.ts";
import type { Scan } from "../scan.ts";
import { makeDirectory } from "./directories.ts";
import type { UnsealedData } from "./port.ts";

/** Folder of scans whose planes are damaged, within the spool: nothing in it is ever removed by the gateway. */
export const QUARANTINE = "quarantine";

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
 * relative to the spool, or null where there is no folder any more. The folder keeps its name, which keys of its planes are bound to.
 */
export async function quarantine(path: string, directory: string): Promise<string | null> {
  const to = join(QUARANTINE, basename(directory));
  // A crash may have come between the move and the journal's word of it.
  if (existsSync(join(path, to))) return to;
  if (!existsSync(join(path, directory))) return null;
  makeDirectory(join(path, QUARANTINE));
  await rename(join(path, directory), join(path, to));
  await syncEntries(join(path, QUARANTINE));
  return to;
}

/** What is said of it; `folder`: where it is now, relative to the spool. */
export function planesDamaged(scan: {
  readonly scanId: string;
  readonly lane: string;
  readonly files: readonly string[];
  readonly folder: string | null;
}): UnsealedData {
  const { scanId, lane, files, folder } = scan;
  return {
    code: "PLANE_DAMAGED",
    severity: "critical",
    message: "Image planes of a scan are gone, cut off or changed; what is left of them is kept apart",
    remedy: "Check the disk (dmesg, smartctl); the folder lies under quarantine in the spool.",
    lane,
    scanId,
    details: { files: files.join(" "), folder: folder ?? "" },
  };
}
