import type { Statistics } from "../../protocols/mqtt/statistics.ts";
import { QUALITY_METRICS, type QualityMetric } from "../../protocols/vocabulary.ts";
import type { HitData } from "../fusion/hit.ts";
import { percentile } from "./declared.ts";
import { LinkRate } from "./links.ts";

/** Durations kept of each model for percentiles. */
const MAX_DURATIONS = 2000;
/** Models counted. */
const MAX_MODELS = 64;

type LaneFigures = Statistics["lanes"][number];

interface ModelTally {
  readonly name: string;
  readonly version: string;
  runs: number;
  failures: number;
  readonly durations: number[];
}

/**
 * What the first hits of a period say: whether the declaration was there at scan time (T2), whether the pieces agree (A5),
 * decisions and bands. Synthetic scans are counted apart.
 */
export class ScannedStatistics {
  readonly #lanes = new Map<string, LaneFigures>();
  readonly #models = new Map<string, ModelTally>();
  readonly #links = new LinkRate();

  /** A committed hit; only a scan's first one is counted. */
  add(hit: HitData): void {
    if (hit.revision !== 1) return;
    const synthetic = hit.scan.origin !== "MACHINE" || hit.scan.purpose !== "OPERATIONAL";
    const key = `${hit.lane} ${synthetic}`;
    const figures = this.#lanes.get(key) ?? emptyLane(hit.lane, synthetic);
    figures.scans += 1;
    if (hit.scan.acquisition.includes("INCOMPLETE")) figures.incomplete += 1;
    figures.decisions[hit.decision] = (figures.decisions[hit.decision] ?? 0) + 1;
    figures.bands[hit.score.band] = (figures.bands[hit.score.band] ?? 0) + 1;
    if (hit.declarations.length > 0) figures.withDeclaration += 1;
    if (!synthetic) this.#links.add(hit);
    this.#quality(figures, hit);
    this.#lanes.set(key, figures);
    this.#ran(hit);
  }

  /** The members of `statistics` that this knows. */
  figures(): Pick<Statistics, "lanes" | "models" | "linkRate"> {
    return {
      linkRate: this.#links.figures(),
      lanes: [...this.#lanes.values()].slice(0, 64).map((lane) => structuredClone(lane)),
      models: [...this.#models.values()].map(({ name, version, runs, failures, durations }) => ({
        name,
        version,
        runs,
        failures,
        p50Ms: percentile(durations, 0.5),
        p95Ms: percentile(durations, 0.95),
      })),
    };
  }

  /** T2 of every scan, A5 of those whose pieces are known, the other metrics of the best declaration. */
  #quality({ dataQuality }: LaneFigures, { declarations, reasons }: HitData): void {
    const count = (metric: QualityMetric, failed: boolean) => {
      const counts = dataQuality[metric] ?? { checked: 0, failed: 0 };
      dataQuality[metric] = { checked: counts.checked + 1, failed: counts.failed + Number(failed) };
    };
    const [best] = declarations;
    count("T2", best === undefined);
    if (best === undefined) return;
    if (best.pieces.seen !== null && best.pieces.declared !== null)
      count(
        "A5",
        reasons.some(({ code }) => code === "PIECES_MISMATCH"),
      );
    const failing = new Set(best.quality.findings.map(({ metric }) => metric as QualityMetric));
    for (const metric of OF_DECLARATIONS) count(metric, failing.has(metric));
  }

  /** A model that ran before and is not among those of a scan with a fault has failed on it. */
  #ran({ models, reasons }: HitData): void {
    const ran = new Set<string>();
    for (const { name, version, milliseconds } of models) {
      const key = `${name}@${version}`;
      ran.add(key);
      if (!this.#models.has(key) && this.#models.size >= MAX_MODELS) continue;
      const tally = this.#models.get(key) ?? { name, version, runs: 0, failures: 0, durations: [] };
      tally.runs += 1;
      if (tally.durations.length >= MAX_DURATIONS) tally.durations[tally.runs % MAX_DURATIONS] = milliseconds;
      else tally.durations.push(milliseconds);
      this.#models.set(key, tally);
    }
    if (!reasons.some(({ code }) => code === "MODEL_FAULT")) return;
    for (const [key, tally] of this.#models) if (!ran.has(key)) tally.failures += 1;
  }
}

/** Metrics of scans: whether they had their declaration, and their pieces. All others are of a declaration by itself. */
const OF_SCANS: ReadonlySet<string> = new Set<QualityMetric>(["T2", "A5"]);
/** `dataQualityBy` says of how many each was asked. */
const OF_DECLARATIONS = (Object.keys(QUALITY_METRICS) as QualityMetric[]).filter(
  (metric) => !OF_SCANS.has(metric),
);

function emptyLane(lane: string, synthetic: boolean): LaneFigures {
  return {
    lane,
    synthetic,
    scans: 0,
    incomplete: 0,
    decisions: {},
    bands: {},
    withDeclaration: 0,
    dataQuality: {},
  };
}
