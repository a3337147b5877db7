import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureSystemPackages } from "./system-packages.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const only = process.argv.slice(2);

/** One step of the run; prints what it does and how long it took. */
function step(name: string, command: string, args: readonly string[]): boolean {
  const began = performance.now();
  process.stderr.write(`lynceus: ${name} …\n`);
  const run = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  process.stderr.write(
    `lynceus: ${name}: ${run.status === 0 ? "ok" : "FAILED"} (${((performance.now() - began) / 1000).toFixed(1)} s)\n`,
  );
  return run.status === 0;
}

const bin = (name: string) => join(root, "node_modules", ".bin", name);
const say = (text: string) => process.stderr.write(`lynceus: ${text}\n`);

function main(): boolean {
  if (!ensureSystemPackages(say)) return false;
  const checked =
    only.length > 0 ||
    (step("type check", bin("tsc"), ["--noEmit", "-p", "."]) &&
      step("format and lint", bin("biome"), ["check", "--error-on-warnings", "."]) &&
      step("promise rules", bin("oxlint"), ["--type-aware", "--deny-warnings"]));
  // The tests run all the same when a check fails, so that one run shows everything; the exit code tells.
  const tested = step("tests", process.execPath, [bin("vitest"), "run", ...only]);
  return checked && tested;
}

process.exitCode = main() ? 0 : 1;
