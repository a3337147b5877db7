import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { simulateScan } from "../scan.ts";
import { tiersDigest } from "./benchmark.ts";
import { Chooser, stepAt } from "./choose.ts";
import { digestsOf } from "./digest.ts";
import { type BenchmarkFile, CURRENT_BENCHMARK, entryText, type FrozenSet } from "./list.ts";
import { BENCHMARK_SETS, type BenchmarkSet, SET_RULES } from "./sets.ts";

/** Steps of the walk before the rule counts as one that cannot be met. */
const MAX_STEPS = 100_000;

/**
 * Walks the indices of a set's seed and takes scans while quotas are open. Depends on nothing but the simulator and the rule.
 * @throws RangeError where the quotas cannot be met within {@link MAX_STEPS}.
 */
export function freezeSet(set: BenchmarkSet, onStep: (text: string) => void): FrozenSet {
  const { seed, physics, quotas } = SET_RULES[set];
  const chooser = new Chooser(quotas);
  const scans: string[] = [];
  for (let index = 0; !chooser.done; index++) {
    if (index === MAX_STEPS) throw new RangeError(`set ${set}: the quotas are not met after ${index} scans`);
    const { scenario, mix } = stepAt(index);
    // Everyday traffic is there for its free scans: once there are enough of these, its steps are passed over.
    if (mix === "traffic" && !chooser.wantsFree) continue;
    const scan = simulateScan({ seed, index, scenario, mix, physics });
    if (chooser.take(scan.truth.targets)) scans.push(entryText({ index, scenario, mix, ...digestsOf(scan) }));
    if (index % 200 === 199) onStep(`${set}: ${index + 1} walked, ${JSON.stringify(chooser.counts)}`);
  }
  return { seed, physics, counts: chooser.counts, scans };
}

function main(): void {
  const path = fileURLToPath(new URL(`./${CURRENT_BENCHMARK}.json`, import.meta.url));
  if (existsSync(path)) {
    process.stderr.write(
      `${path} is frozen. A change that alters its scans makes a new benchmark: name it in list.ts (CURRENT_BENCHMARK).\n`,
    );
    process.exitCode = 1;
    return;
  }
  const note = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  const sets = Object.fromEntries(BENCHMARK_SETS.map((set) => [set, freezeSet(set, note)]));
  const file: BenchmarkFile = {
    schema: "lynceus-benchmark/1",
    name: CURRENT_BENCHMARK,
    tiers: tiersDigest(),
    sets: sets as BenchmarkFile["sets"],
  };
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`);
  process.stdout.write(`${path}\n`);
}

if (import.meta.main) main();
