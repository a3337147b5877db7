import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { checkGraph } from "../../models/onnx/limits.ts";
import {
  loadPackage,
  MAX_MANIFEST_BYTES,
  type ModelManifest,
  readPackageFile,
  TABULAR_TASK,
  type VerifiedPackage,
} from "../../models/package.ts";
import { SIGNATURE_FILE } from "../../models/signature.ts";
import { loadTabularPackage, type TabularManifest } from "../../models/tabular-package.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { compareVersions } from "../inference/models.ts";
import { packageVersion } from "../versions.ts";
import { type ModelTrust, trustedBy } from "./trust.ts";

/** A package that was found whole, trusted and within bounds; its golden inputs were not run yet. */
export interface InspectedPackage {
  readonly name: string;
  readonly version: string;
  readonly task: string;
  readonly directory: string;
  /** Hex SHA-256 of `model.json`. */
  readonly sha256: string;
  /** Key id, or `release`. */
  readonly trustedBy: string;
}

/**
 * Everything that can be said of a package without running it: manifest, digest of every file, no file beside those, signature,
 * runtime, bounds of the graph.
 * @throws LynceusError LYN_MODEL_UNREADABLE, LYN_MODEL_MANIFEST_INVALID, LYN_MODEL_DIGEST_MISMATCH, LYN_MODEL_SIGNATURE,
 *   LYN_MODEL_GRAPH
 */
export async function inspectPackage(directory: string, trust: ModelTrust): Promise<InspectedPackage> {
  const found: VerifiedPackage<ModelManifest | TabularManifest> =
    (await taskOf(directory)) === TABULAR_TASK
      ? await loadTabularPackage(directory)
      : await loadPackage(directory);
  const { manifest, sha256 } = found;
  const signer = await trustedBy(found, trust);
  await checkNothingElse(directory, Object.keys(manifest.files));
  const { name, version, task, minimumRuntime } = manifest;
  if (compareVersions(minimumRuntime, packageVersion()) > 0) {
    const message = `${name} ${version} needs version ${minimumRuntime} of this program, which is ${packageVersion()}`;
    throw wrong("LYN_MODEL_MANIFEST_INVALID", message, "Update the program first.");
  }
  checkGraph(await readPackageFile(found, "model.onnx"), `${name} ${version}`);
  return { name, version, task, directory, sha256, trustedBy: signer };
}

async function taskOf(directory: string): Promise<unknown> {
  try {
    const path = join(directory, "model.json");
    if ((await stat(path)).size > MAX_MANIFEST_BYTES) return undefined;
    return (JSON.parse(await readFile(path, "utf8")) as { task?: unknown }).task;
  } catch {
    return undefined; // the reader of packages says what is wrong
  }
}

/** What no digest covers has no place in a package. */
async function checkNothingElse(directory: string, listed: readonly string[]): Promise<void> {
  const known = new Set([...listed, "model.json", SIGNATURE_FILE]);
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    const path = relative(directory, join(entry.parentPath, entry.name));
    if (entry.isDirectory()) continue;
    if (!entry.isFile()) throw wrong("LYN_MODEL_DIGEST_MISMATCH", `${directory}: ${path} is no plain file`);
    if (!known.has(path))
      throw wrong("LYN_MODEL_DIGEST_MISMATCH", `${directory}: ${path} is not listed in the manifest`);
  }
}

function wrong(
  code: "LYN_MODEL_DIGEST_MISMATCH" | "LYN_MODEL_MANIFEST_INVALID",
  message: string,
  remedy = "Install the package again from where it came from; do not add to its folder.",
): LynceusError {
  return new LynceusError(code, message, { remedy });
}
