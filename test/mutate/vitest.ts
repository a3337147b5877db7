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

/** What is run of a test file. */
export interface Asked extends Pick<Break, "test" | "env"> {
  readonly ids: readonly string[];
}

/** Runs the tests of promises in a tree: those of a file whose titles begin with the ids. How each went is asked for by id. */
export async function runPromises(
  tree: string,
  { ids, test, env = {} }: Asked,
): Promise<(id: string) => PromiseRun> {
  const output = join(tree, "promise.json");
  rmSync(output, { force: true });
  const vitest = join(tree, "node_modules", "vitest", "vitest.mjs");
  const titles = `(${ids.join("|")}) `;
  const args = [vitest, "run", test, "-t", titles, "--reporter=json", `--outputFile=${output}`];
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
  const report = existsSync(output)
    ? (JSON.parse(readFileSync(output, "utf8")) as Report)
    : { testResults: [] };
  return (id) => count(report, id);
}

function count({ testResults }: Report, id: string): PromiseRun {
  const own = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ title }) => title.startsWith(`${id} `));
  const of = (status: string) => own.filter((one) => one.status === status).length;
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
}
