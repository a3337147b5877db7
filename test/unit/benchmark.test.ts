import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { benchmarkScans, benchmarkSize, tiersDigest } from "../../simulator/benchmark/benchmark.ts";
import { Chooser, type SeenTarget, stepAt } from "../../simulator/benchmark/choose.ts";
import { CURRENT_BENCHMARK, parseEntry, readBenchmark } from "../../simulator/benchmark/list.ts";
import { BENCHMARK_SETS, FIRST_BENCHMARK_SEED } from "../../simulator/benchmark/sets.ts";
import { TARGET_CLASSES } from "../../simulator/goods/item.ts";
import { Random } from "../../simulator/random.ts";
import { projectText, ROOT } from "../fixtures/project.ts";

const FILE = `simulator/benchmark/${CURRENT_BENCHMARK}.json`;
const SAMPLE = { main: 14, shifted: 6 } as const;

describe("the frozen benchmark", () => {
  it.each(BENCHMARK_SETS)("set %s holds what it promises", (set) => {
    const { counts, scans, seed } = readBenchmark().sets[set];
    const entries = scans.map(parseEntry);
    expect(entries.length).toBe(counts.scans);
    expect(counts.scans).toBeGreaterThanOrEqual(set === "main" ? 600 : 300);
    expect(counts.withTargets * 2).toBe(counts.scans);
    const { clear, partial, hidden } = counts.tiers;
    expect(clear + partial + hidden).toBe(counts.targets);
    expect(clear / counts.targets).toBeGreaterThanOrEqual(0.4);
    expect(partial / counts.targets).toBeGreaterThanOrEqual(0.3);
    expect(hidden / counts.targets).toBeGreaterThanOrEqual(0.2);
    for (const name of TARGET_CLASSES)
      expect(counts.classes[name]).toBeGreaterThanOrEqual(set === "main" ? 40 : 20);
    expect(new Set(entries.map(({ scenario }) => scenario))).toEqual(new Set(["parcels", "mail", "baggage"]));
    expect(entries.every(({ planes, truth }) => planes.length === 43 && truth.length === 43)).toBe(true);
    expect(seed).toBeGreaterThan(FIRST_BENCHMARK_SEED);
  });

  it("is a small file", () => {
    expect(statSync(join(ROOT, FILE)).size).toBeLessThan(200_000);
  });

  it("is the same scans again, pixels and truth, in a sample of twenty", () => {
    const changed: string[] = [];
    const tiers = new Set<string>();
    for (const set of BENCHMARK_SETS) {
      for (let n = 0; n < SAMPLE[set]; n++) {
        const from = Math.floor(((n + 0.5) / SAMPLE[set]) * benchmarkSize(set));
        for (const { entry, scan, same } of benchmarkScans(set, { from, to: from + 1 })) {
          if (!same.planes) changed.push(`${set} ${entry.index}: pixels`);
          if (!same.truth) changed.push(`${set} ${entry.index}: truth`);
          for (const target of scan.truth.targets) tiers.add(target.tier);
        }
      }
    }
    expect(changed, "The simulator has changed: see simulator/benchmark/README.md").toEqual([]);
    expect(tiers).toEqual(new Set(["clear", "partial", "hidden"]));
  });

  it("keeps the definition of the tiers", () => {
    expect(tiersDigest()).toBe(readBenchmark().tiers);
  });

  it("uses seeds that training does not", () => {
    const config = projectText("models/training/config.json");
    const seeds = [...config.matchAll(/"seed": (\d+)/g)].map((match) => Number(match[1]));
    expect(seeds.length).toBeGreaterThan(0);
    for (const seed of seeds) expect(seed).toBeLessThan(FIRST_BENCHMARK_SEED);
  });

  it("is never overwritten", () => {
    const again = spawnSync(process.execPath, ["simulator/benchmark/freeze.ts"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(again.status).toBe(1);
    expect(again.stderr).toMatch(/makes a new benchmark/);
  });

  it("says what is missing", () => {
    expect(() => readBenchmark("parcels-0")).toThrow(/no benchmark parcels-0/);
  });
});

describe("the rule that chooses scans", () => {
  it("fills tiers and classes, half of the scans free, whatever comes", () => {
    const random = new Random(5);
    const chooser = new Chooser({
      tiers: { clear: 60, partial: 54, hidden: 37 },
      eachClass: 9,
      withTargets: 60,
    });
    for (let step = 0; step < 20_000 && !chooser.done; step++) {
      const count = random.chance(0.4) ? random.int(1, 2) : 0;
      const targets = Array.from(
        { length: count },
        (): SeenTarget => ({
          class: random.pick(TARGET_CLASSES),
          tier: random.weighted([
            ["clear", 70],
            ["partial", 20],
            ["hidden", 10],
          ]),
        }),
      );
      chooser.take(targets);
    }
    const { counts } = chooser;
    expect(chooser.done).toBe(true);
    expect(counts.scans).toBe(2 * counts.withTargets);
    expect(counts.tiers.clear / counts.targets).toBeGreaterThanOrEqual(0.4);
    expect(counts.tiers.partial / counts.targets).toBeGreaterThanOrEqual(0.3);
    expect(counts.tiers.hidden / counts.targets).toBeGreaterThanOrEqual(0.2);
    expect(chooser.take([])).toBe(false);
    expect(chooser.take([{ class: "blade", tier: "hidden" }])).toBe(false);
  });

  it("walks all scenarios in both mixes", () => {
    const seen = new Set(Array.from({ length: 25 }, (_, n) => `${stepAt(n).scenario} ${stepAt(n).mix}`));
    expect(seen.size).toBe(6);
  });
});
