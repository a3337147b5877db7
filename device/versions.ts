import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The version of package.json, in a checkout and in an installed package (`dist/` lies one folder deeper). */
export function packageVersion(): string {
  const manifest = import.meta.url.endsWith(".ts") ? "../package.json" : "../../package.json";
  const text = readFileSync(fileURLToPath(new URL(manifest, import.meta.url)), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Software by name, for `status`. */
export function versions(): Readonly<Record<string, string>> {
  return { lynceus: packageVersion(), node: process.versions.node, contract: "1.0" };
}
