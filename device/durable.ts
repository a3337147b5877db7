import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes the entries of a folder durable. */
export async function syncEntries(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the content of a file that was written durable. */
export async function syncFile(file: string): Promise<void> {
  await using handle = await open(file, "r+");
  await handle.datasync();
}

/**
 * Puts a file there whole or not at all: after a power cut it is the old one or the new one. Durable when this resolves.
 * `part`: where it is written first, in the same folder.
 */
export async function replaceDurably(
  path: string,
  content: string | Uint8Array,
  part = `${path}.part`,
): Promise<void> {
  {
    await using handle = await open(part, "w", 0o640);
    await handle.writeFile(content);
    await handle.datasync();
  }
  await rename(part, path);
  await syncEntries(dirname(path));
}
