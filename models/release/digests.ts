/** Digests of the packages that come with the project: by them they are trusted (contract `model-package.md`). */
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGES = fileURLToPath(new URL("../packages", import.meta.url));

/** `NAME-VERSION` → SHA-256 of its `model.json`, hex, of every package in a folder. */
export async function digestsOf(folder = PACKAGES): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const entries = names.map(async ({ name }) => {
    const manifest = await readFile(join(folder, name, "model.json"));
    return [basename(name), createHash("sha256").update(manifest).digest("hex")] as const;
  });
  return Object.fromEntries((await Promise.all(entries)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Writes `DIGESTS.json` beside the packages; returns its path. */
export async function writeDigests(folder = PACKAGES): Promise<string> {
  const path = join(folder, "DIGESTS.json");
  await writeFile(path, `${JSON.stringify(await digestsOf(folder), null, 2)}\n`);
  return path;
}
