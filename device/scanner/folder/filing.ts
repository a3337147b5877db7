import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";

/** Where files go inside the watched folder once they are dealt with. */
export const FILED = { done: "done", failed: "failed" } as const;

/**
 * Moves files into a folder beside them, never over another file. Returns false where the place may not be written (a
 * read-only share): the files then stay and are remembered.
 */
export async function fileAway(paths: readonly string[], into: keyof typeof FILED): Promise<boolean> {
  try {
    for (const path of paths) {
      const folder = join(dirname(path), FILED[into]);
      await mkdir(folder, { recursive: true });
      await rename(path, await freeName(folder, basename(path))).catch(ignoreMissing);
    }
    return true;
  } catch {
    return false;
  }
}

/** Leaves the reason beside a file that could not be read. Best effort: the event says it too. */
export async function leaveReason(path: string, text: string): Promise<void> {
  const target = join(dirname(path), FILED.failed, `${basename(path)}.reason.txt`);
  await writeFile(target, `${text}\n`).catch(() => {});
}

/** `NAME.EXT`, or `NAME-2.EXT` and so on where a file of that name was filed before. */
async function freeName(folder: string, name: string): Promise<string> {
  const extension = extname(name);
  const stem = basename(name, extension);
  for (let copy = 1; ; copy++) {
    const path = join(folder, copy === 1 ? name : `${stem}-${copy}${extension}`);
    if (!(await exists(path))) return path;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A sidecar that is not there, or a file that somebody took away meanwhile. */
function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
