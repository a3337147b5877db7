import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/**
 * Measures again what the shipped image models make of the frozen benchmark, and writes `image-figures.ts`: after new packages
 * the seasons are drawn from other figures, and fusion is to be fitted again. `node simulator/season/remeasure.ts [--scans 800]`.
 */
const { values } = parseArgs({ options: { scans: { type: "string", default: "800" } } });
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const work = mkdtempSync(join(tmpdir(), "lynceus-remeasure-"));

/** Runs one step, its stdout to a file where one is named. */
function step(args: readonly string[], into: string | null = null): void {
  const out = into === null ? null : openSync(into, "w");
  const { status } = spawnSync(process.execPath, args, { stdio: ["ignore", out ?? "inherit", "inherit"] });
  if (out !== null) closeSync(out);
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}`);
}

try {
  const [truth, hits] = [join(work, "truth.ndjson"), join(work, "hits.ndjson")];
  step([here("./export-benchmark.ts"), work, "0", values.scans]);
  step([here("../../device/bin/lynceus.js"), "scan", join(work, "images"), "--json"], hits);
  step([here("./measure.ts"), truth, hits, here("../../models/packages")]);
} finally {
  rmSync(work, { recursive: true, force: true });
}
