import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Break } from "./break.ts";

/** A run is given up after this, ms. */
const LIMIT_MS = 25 * 60_000;

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** How the tests of one promise went; all 0 where none was found, or its file could not even be loaded. */
export interface PromiseRun {
  readonly passed: number;
  readonly failed: number;
  /** Found and not run: what it needs could not be set up. */
  readonly skipped: number;
}

/** Runs the tests of a promise in a tree: those of its file whose title begins with the id. */
export async function runPromise(tree: string, { id, test, env = {} }: Break): Promise<PromiseRun> {
  const output = join(tree, "promise.json");
  rmSync(output, { force: true });
  const vitest = join(tree, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", test, "-t", `${id} `, "--reporter=json", `--outputFile=${output}`];
  // A group of its own, so that nothing that a broken gateway started stays behind.
  const child = spawn(process.execPath, args, {
    cwd: tree,
    env: { ...process.env, ...env },
    stdio: "ignore",
    detached: true,
  });
  const end = () => {
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    } catch {
      // all of it has ended
    }
  };
  const timer = setTimeout(end, LIMIT_MS);
  process.once("exit", end);
  await once(child, "exit");
  process.removeListener("exit", end);
  clearTimeout(timer);
  end();
  return existsSync(output)
    ? count(JSON.parse(readFileSync(output, "utf8")) as Report, id)
    : { passed: 0, failed: 0, skipped: 0 };
}

function count({ testResults }: Report, id: string): PromiseRun {
  const own = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ title }) => title.startsWith(`${id} `));
  const of = (status: string) => own.filter((one) => one.status === status).length;
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
}
