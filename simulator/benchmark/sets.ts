import type { Physics } from "../scan.ts";
import type { Quotas } from "./choose.ts";

export type BenchmarkSet = "main" | "shifted";
export const BENCHMARK_SETS: readonly BenchmarkSet[] = ["main", "shifted"];

/** Benchmark seeds begin here: training and everything else uses smaller ones, so that no scan is met twice. */
export const FIRST_BENCHMARK_SEED = 7 * 2 ** 32;

/** How each set is walked. `shifted` draws its physics from outside of what training sees. */
export const SET_RULES: Readonly<
  Record<BenchmarkSet, { readonly seed: number; readonly physics: Physics; readonly quotas: Quotas }>
> = {
  main: {
    seed: FIRST_BENCHMARK_SEED + 1,
    physics: "standard",
    quotas: { tiers: { clear: 210, partial: 174, hidden: 118 }, eachClass: 41, withTargets: 305 },
  },
  shifted: {
    seed: FIRST_BENCHMARK_SEED + 2,
    physics: "shifted",
    quotas: { tiers: { clear: 105, partial: 89, hidden: 61 }, eachClass: 20, withTargets: 155 },
  },
};
