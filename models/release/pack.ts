/** A package's folder → its signed archive `NAME-VERSION.tar.gz` (contract `model-package.md`). */
import { type KeyObject, sign } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { create } from "tar";
import { keyIdOf } from "../../protocols/chain.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { checkGraph } from "../onnx/limits.ts";
import { loadPackage, readPackageFile, TABULAR_TASK } from "../package.ts";
import { SIGNATURE_FILE } from "../signature.ts";
import { loadTabularPackage } from "../tabular-package.ts";
import { rawPublicKey } from "./keys.ts";

/** What was packed. */
export interface Packed {
  readonly file: string;
  readonly name: string;
  readonly version: string;
  readonly keyId: string;
}

/**
 * Checks a package, signs its manifest (`keyId` in it is set to the key's) and packs it. The same folder and key give the same
 * bytes.
 * @throws LynceusError LYN_MODEL_* where the package is not whole or its graph is not allowed, LYN_MODEL_RELEASE
 */
export async function packPackage(folder: string, key: KeyObject, out: string): Promise<Packed> {
  const keyId = keyIdOf(rawPublicKey(key));
  await signManifest(folder, key, keyId);
  const { task } = JSON.parse(await readFile(join(folder, "model.json"), "utf8")) as { task?: unknown };
  const found = task === TABULAR_TASK ? await loadTabularPackage(folder) : await loadPackage(folder);
  const { name, version, files } = found.manifest;
  checkGraph(await readPackageFile(found, "model.onnx"), `${name} ${version}`);
  if (basename(folder) !== `${name}-${version}`)
    throw new LynceusError("LYN_MODEL_RELEASE", `${folder} holds ${name} ${version}`, {
      remedy: `Name the folder ${name}-${version}: the archive is named like it.`,
    });
  await mkdir(out, { recursive: true });
  const file = join(out, `${name}-${version}.tar.gz`);
  const listed = ["model.json", SIGNATURE_FILE, ...Object.keys(files)].sort();
  const tar = create(
    { cwd: dirname(folder), portable: true, noMtime: true, noDirRecurse: true },
    listed.map((path) => `${basename(folder)}/${path}`),
  );
  // zlib writes no time into the header of what it compresses itself.
  await pipeline(tar, createGzip({ level: 9 }), createWriteStream(file));
  return { file, name, version, keyId };
}

/** The manifest's bytes are what is signed: `keyId` is written into them first. */
async function signManifest(folder: string, key: KeyObject, keyId: string): Promise<void> {
  const path = join(folder, "model.json");
  let text = await readFile(path, "utf8");
  const manifest = JSON.parse(text) as { keyId?: unknown };
  if (manifest.keyId !== keyId) {
    text = `${JSON.stringify({ ...manifest, keyId }, null, 2)}\n`;
    await writeFile(path, text);
  }
  await writeFile(join(folder, SIGNATURE_FILE), sign(null, Buffer.from(text), key));
}
