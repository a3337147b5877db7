import { readFileSync } from "node:fs";
import { LynceusError } from "../../protocols/errors.ts";
import type { Mix, Physics, Scenario } from "../scan.ts";
import type { Counts } from "./choose.ts";
import type { BenchmarkSet } from "./sets.ts";

/** The benchmark in force. An older one keeps its file; figures always name the file they were measured on. */
export const CURRENT_BENCHMARK = "parcels-1";

export interface BenchmarkFile {
  readonly schema: "lynceus-benchmark/1";
  readonly name: string;
  /** Digest of what `tierOf` says over a grid of contrast and occlusion. */
  readonly tiers: string;
  readonly sets: Readonly<Record<BenchmarkSet, FrozenSet>>;
}

export interface FrozenSet {
  readonly seed: number;
  readonly physics: Physics;
  readonly counts: Counts;
  /** `index scenario mix planes truth` of each scan, the digests as {@link ScanDigests}. */
  readonly scans: readonly string[];
}

export interface FrozenScan {
  readonly index: number;
  readonly scenario: Scenario;
  readonly mix: Mix;
  readonly planes: string;
  readonly truth: string;
}

/**
 * Reads a frozen benchmark.
 * @throws LynceusError `LYN_PATH_MISSING` where it is not beside this file: a published package carries none.
 */
export function readBenchmark(name: string = CURRENT_BENCHMARK): BenchmarkFile {
  try {
    return JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), "utf8")) as BenchmarkFile;
  } catch (cause) {
    throw new LynceusError("LYN_PATH_MISSING", `There is no benchmark ${name}`, {
      remedy: "Run from a checkout of the project and name a file of simulator/benchmark",
      cause,
    });
  }
}

export function parseEntry(line: string): FrozenScan {
  const [index, scenario, mix, planes, truth] = line.split(" ") as [string, Scenario, Mix, string, string];
  return { index: Number(index), scenario, mix, planes, truth };
}

export function entryText({ index, scenario, mix, planes, truth }: FrozenScan): string {
  return `${index} ${scenario} ${mix} ${planes} ${truth}`;
}
