import { createHash } from "node:crypto";
import { type SimulatedScan, simulateScan } from "../scan.ts";
import { tierOf } from "../tiers.ts";
import { Workspace } from "../workspace.ts";
import { digestsOf } from "./digest.ts";
import { type FrozenScan, parseEntry, readBenchmark } from "./list.ts";
import type { BenchmarkSet } from "./sets.ts";

export interface BenchmarkScan {
  readonly entry: FrozenScan;
  readonly scan: SimulatedScan;
  /** Whether pixels and truth are those that were frozen. */
  readonly same: { readonly planes: boolean; readonly truth: boolean };
}

/** Scans in a frozen set. */
export function benchmarkSize(set: BenchmarkSet): number {
  return readBenchmark().sets[set].scans.length;
}

/**
 * The scans of a frozen set, generated one after another, in order; `from` (0) up to `to` (exclusive; all). What the simulator
 * gives today is compared with what was frozen: figures count as the benchmark's only where all of it is the same.
 */
export function* benchmarkScans(
  set: BenchmarkSet,
  { from = 0, to = Number.POSITIVE_INFINITY }: { readonly from?: number; readonly to?: number } = {},
): Generator<BenchmarkScan> {
  const { seed, physics, scans } = readBenchmark().sets[set];
  const workspace = new Workspace();
  for (const line of scans.slice(from, to)) {
    const entry = parseEntry(line);
    const { index, scenario, mix } = entry;
    const scan = simulateScan({ seed, index, scenario, mix, physics, workspace });
    const digests = digestsOf(scan);
    const same = { planes: digests.planes === entry.planes, truth: digests.truth === entry.truth };
    yield { entry, scan, same };
  }
}

/** Digest of what `tierOf` says over a grid of contrast and occlusion: the definition of the tiers, frozen with the scans. */
export function tiersDigest(): string {
  const hash = createHash("sha256");
  for (let contrast = 0; contrast <= 12; contrast += 0.25) {
    for (let occluded = 0; occluded <= 1; occluded += 0.025) {
      hash.update(`${contrast} ${occluded.toFixed(3)} ${tierOf({ contrast, occluded })}\n`);
    }
  }
  return hash.digest("base64url");
}
