import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { listPackages } from "../../../models/package.ts";
import { isLynceusError, LynceusError } from "../../../protocols/errors.ts";
import type { Config } from "../../config/schema.ts";
import { SILENT_LOG } from "../../log.ts";
import { inspectPackage } from "../../models/inspect.ts";
import type { ModelParts } from "../../models/of-config.ts";
import { tryPackage } from "../../models/trial.ts";
import { modelTrustOf } from "../../models/trust-of-config.ts";

/** What was found of one package. */
export interface VerifyFinding {
  readonly what: string;
  readonly ok: boolean;
  readonly name: string | null;
  readonly version: string | null;
  readonly trustedBy: string | null;
  readonly found: string;
  readonly code: string | null;
  readonly remedy: string | null;
}

/** Verifies each package that is named, or all that are there. */
export async function* findingsOf(
  packages: readonly string[],
  parts: ModelParts,
  config: Config,
): AsyncGenerator<VerifyFinding> {
  const places = packages.length === 0 ? await everywhere(parts) : packages;
  for (const place of places) yield await findingOf(place, parts, config);
}

async function findingOf(place: string, parts: ModelParts, config: Config): Promise<VerifyFinding> {
  const path = await pathOf(place, parts);
  try {
    const { name, version, trustedBy } = await judged(path, parts, config);
    const found = `${name} ${version}, trusted by ${trustedBy}, gives its known answers`;
    return { what: place, ok: true, name, version, trustedBy, found, code: null, remedy: null };
  } catch (error) {
    if (!isLynceusError(error)) throw error;
    const { code, message, remedy } = error;
    const found = `${code}: ${message}`;
    return { what: place, ok: false, name: null, version: null, trustedBy: null, found, code, remedy };
  }
}

async function judged(path: string, { installer, store }: ModelParts, config: Config) {
  if (!statSync(path).isDirectory()) {
    try {
      return await installer.judge(path);
    } finally {
      await store.sweep();
    }
  }
  const trust = await modelTrustOf(config, process.env, SILENT_LOG);
  const found = await inspectPackage(path, trust);
  await tryPackage(found, trust);
  return found;
}

/** A path, or the folder of an installed NAME or NAME@VERSION. */
async function pathOf(place: string, parts: ModelParts): Promise<string> {
  if (existsSync(place)) return place;
  const [name = "", version] = place.split("@");
  const managed = (await parts.store.read()).models[name];
  const wanted = version ?? managed?.active;
  const installed = wanted == null ? null : parts.store.directoryOf(name, wanted);
  if (installed !== null && existsSync(installed)) return installed;
  const all = await everywhere(parts);
  const folder = all.find((path) => {
    const last = path.split("/").at(-1) ?? "";
    return version === undefined
      ? last.replace(/-\d+\.\d+\.\d+.*$/, "") === name
      : last === `${name}-${version}`;
  });
  if (folder !== undefined) return folder;
  throw new LynceusError("LYN_PATH_MISSING", `There is no package ${place}`, {
    remedy: "Name an archive, a folder, NAME or NAME@VERSION; `lynceus models list` shows what there is.",
  });
}

async function everywhere({ store, folders }: ModelParts): Promise<readonly string[]> {
  const found = (await store.folders()).map((name) => join(store.folder, "installed", name));
  for (const folder of folders)
    found.push(...(await listPackages(folder)), ...(await listPackages(folder, "tabular")));
  return found;
}
