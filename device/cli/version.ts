import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The version of package.json, in a checkout and in an installed package (`dist/` lies one folder deeper). */
export function packageVersion(): string {
  const depth = import.meta.url.endsWith(".ts") ? "../../package.json" : "../../../package.json";
  const manifest = JSON.parse(readFileSync(fileURLToPath(new URL(depth, import.meta.url)), "utf8")) as {
    version: string;
  };
  return manifest.version;
}
