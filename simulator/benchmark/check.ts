import { benchmarkScans, benchmarkSize, tiersDigest } from "./benchmark.ts";
import { CURRENT_BENCHMARK, readBenchmark } from "./list.ts";
import { BENCHMARK_SETS } from "./sets.ts";

/** Generates every scan of the benchmark and compares it with what was frozen; exit 1 where anything differs. */
function main(): void {
  let wrong = 0;
  if (tiersDigest() !== readBenchmark().tiers) {
    wrong++;
    process.stdout.write("tiers: their definition is not the frozen one\n");
  }
  for (const set of BENCHMARK_SETS) {
    const size = benchmarkSize(set);
    let done = 0;
    for (const { entry, same } of benchmarkScans(set)) {
      done++;
      if (process.stderr.isTTY)
        process.stderr.write(`\r${set}: ${done} of ${size}${done === size ? "\n" : ""}`);
      if (same.planes && same.truth) continue;
      wrong++;
      const what = [same.planes ? "" : "pixels", same.truth ? "" : "truth"].filter(Boolean).join(" and ");
      process.stdout.write(`${set} ${entry.index} ${entry.scenario} ${entry.mix}: ${what} differ\n`);
    }
  }
  process.stdout.write(
    wrong === 0
      ? `${CURRENT_BENCHMARK}: as frozen\n`
      : `${CURRENT_BENCHMARK}: ${wrong} differences. The simulator has changed: see simulator/benchmark/README.md\n`,
  );
  process.exitCode = wrong === 0 ? 0 : 1;
}

if (import.meta.main) main();
