import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../fixtures/project.ts";

/** An entry of `package-lock.json`. */
export interface LockedPackage {
  /** `node_modules/…` */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** SPDX; null where the lock file does not say. */
  readonly licence: string | null;
  readonly integrity: string | null;
  readonly resolved: string | null;
  /** Needed for tests and tools only. */
  readonly dev: boolean;
  readonly optional: boolean;
  /** Asked for by somebody as a peer, or by tools and as an option: npm may leave it out. */
  readonly loose: boolean;
  readonly hasInstallScript: boolean;
}

/** The packages that the lock file pins. */
export function lockedPackages(
  text = readFileSync(join(ROOT, "package-lock.json"), "utf8"),
): LockedPackage[] {
  const { packages } = JSON.parse(text) as { packages: Record<string, Record<string, unknown>> };
  return Object.entries(packages)
    .filter(([path]) => path !== "")
    .map(([path, entry]) => ({
      path,
      name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
      version: String(entry["version"]),
      licence: textOrNull(entry["license"]),
      integrity: textOrNull(entry["integrity"]),
      resolved: textOrNull(entry["resolved"]),
      dev: entry["dev"] === true,
      optional: entry["optional"] === true,
      loose: entry["peer"] === true || entry["devOptional"] === true,
      hasInstallScript: entry["hasInstallScript"] === true,
    }));
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
