import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { LynceusError } from "../../../protocols/errors.ts";
import { IMAGE_LIMITS } from "../../image/limits.ts";
import { groupImages, type ImageInput, inputOf } from "../../image/naming.ts";

/**
 * The scans that the arguments name, in their order: files, `low,high` pairs, and folders with their images sorted by name.
 * A pair named by both of its halves is one scan.
 * @throws LYN_PATH_MISSING for the first path that does not exist, LYN_USAGE for a folder without images.
 */
export async function expandInputs(args: readonly string[]): Promise<readonly ImageInput[]> {
  const scans = new Map<string, ImageInput>();
  for (const argument of args) {
    for (const input of await expand(argument)) scans.set(input.files.join(), input);
  }
  return [...scans.values()];
}

async function expand(argument: string): Promise<readonly ImageInput[]> {
  const info = await stat(argument).catch(() => null);
  if (info?.isDirectory()) return inFolder(argument);
  const input = info ? inputOf(argument, existsSync) : inputOf(argument, () => false);
  for (const file of input.files) {
    if (file === null || existsSync(file)) continue;
    throw new LynceusError("LYN_PATH_MISSING", `${file} does not exist`, {
      remedy: "Check the path; a dual-energy pair is given as low.tif,high.tif without spaces.",
      details: { file },
    });
  }
  return [input];
}

async function inFolder(folder: string): Promise<readonly ImageInput[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  const inputs = groupImages(folder, names.slice(0, IMAGE_LIMITS.maxFolderEntries));
  if (inputs.length > 0) return inputs;
  throw new LynceusError("LYN_USAGE", `${folder} holds no images`, {
    remedy:
      "Give a folder with .png, .tif, .jpg, .dcm or .dcs images in it (its subfolders are not searched).",
  });
}
