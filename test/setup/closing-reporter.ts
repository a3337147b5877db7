import type { Reporter, TestModule } from "vitest/node";

const SLOWEST = 10;
/** Files that take longer are in the table of `seconds.ts`. */
const TABLED_SECONDS = 7;

/** Closes a run with its ten slowest files and one plain line of figures. `LYNCEUS_SECONDS=1`: the rows of `seconds.ts`, too. */
export class ClosingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const files = modules
      .map((module) => ({ file: module.relativeModuleId, seconds: module.diagnostic().duration / 1000 }))
      .sort((a, b) => b.seconds - a.seconds);
    if (process.env["LYNCEUS_SECONDS"] === "1") process.stdout.write(tableOf(files));
    const rows = files
      .slice(0, SLOWEST)
      .map(({ file, seconds }) => `  ${seconds.toFixed(1).padStart(7)} s  ${file}`);
    const { passed, failed, skipped } = countTests(modules);
    const wrong = failed + countBroken(modules) + unhandled.length;
    const tail = skipped > 0 ? `, ${skipped} skipped` : "";
    process.stdout.write(
      `\nSlowest files:\n${rows.join("\n")}\n\n${passed} passed, ${wrong} failed${tail}\n`,
    );
  }
}

function tableOf(files: readonly { file: string; seconds: number }[]): string {
  return files
    .filter(({ seconds }) => seconds >= TABLED_SECONDS)
    .map(({ file, seconds }) => `  "${file.slice(5, -8)}": ${Math.round(seconds)},\n`)
    .join("");
}

function countTests(modules: readonly TestModule[]): { passed: number; failed: number; skipped: number } {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const state = test.result().state;
      if (state === "passed" || state === "failed" || state === "skipped") counts[state]++;
    }
  }
  return counts;
}

/** Files and suites that failed as a whole, in their set-up: their tests count as skipped, and the run must not look whole. */
function countBroken(modules: readonly TestModule[]): number {
  return modules.reduce((sum, module) => {
    const suites = [...module.children.allSuites()].filter((suite) => suite.errors().length > 0);
    return sum + suites.length + (module.errors().length > 0 ? 1 : 0);
  }, 0);
}
