import { Worker } from "node:worker_threads";
import type { Alerts } from "../alerts.ts";
import { openSpoolReader } from "../spool/reader.ts";
import type { OutcomeFigures, StatisticsRequest } from "./statistics-figures.ts";

const WORKER = new URL(
  `./statistics-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`,
  import.meta.url,
);
/** A season of scores is ranked by then, ms. */
const COUNT_MS = 120_000;

export interface OutcomeStatisticsOptions {
  /** The spool's folder; it is read beside the gateway. */
  readonly path: string;
  readonly alerts: Pick<Alerts, "raise">;
  /** Outcomes for unknown scans that were counted before: only later ones are told. */
  readonly unknownBefore: number;
}

/** Outcomes for unknown scans that an open journal has counted so far. */
export function unknownOutcomesOf(path: string): number {
  const reader = openSpoolReader(path);
  try {
    return reader.unknownOutcomes();
  } finally {
    reader.close();
  }
}

/** Counts outcomes for the `statistics` topic in a thread of its own, and says when scores are not worth what they claim. */
export class OutcomeStatistics {
  readonly #options: OutcomeStatisticsOptions;
  #unknown: number;
  #told = "";

  constructor(options: OutcomeStatisticsOptions) {
    this.#options = options;
    this.#unknown = options.unknownBefore;
  }

  /** Outcomes received between two times (ms, `to` excluded), and the performance up to then. Rejects where they cannot be counted. */
  async of(from: number, to: number): Promise<OutcomeFigures> {
    const { outcomes, performance } = await count({ path: this.#options.path, from, to });
    const unknownScan = outcomes.unknownScan - this.#unknown;
    this.#unknown = outcomes.unknownScan;
    await this.#sayDrift(performance.flatMap(({ drift }) => drift.findings));
    return { outcomes: { ...outcomes, unknownScan }, performance };
  }

  /** Once for each finding: what it is about, not the number in it, makes it another. */
  async #sayDrift(findings: readonly string[]): Promise<void> {
    const about = findings.map((text) => text.replaceAll(/[\d.]+/g, "#")).join("; ");
    if (about === this.#told) return;
    this.#told = about;
    if (findings.length === 0) return;
    await this.#options.alerts.raise({
      code: "CALIBRATION_DRIFT",
      severity: "warning",
      message: `Scores and outcomes have moved apart: ${findings.join("; ")}`,
      remedy: "See `lynceus report`; a recalibration that it proposes is applied by the next signed profile.",
      details: { findings: findings.join("; ") },
    });
  }
}

async function count(request: StatisticsRequest): Promise<OutcomeFigures> {
  const worker = new Worker(WORKER, { workerData: request });
  const { promise, resolve, reject } = Promise.withResolvers<OutcomeFigures>();
  const timer = setTimeout(
    () => reject(new Error(`outcomes were not counted within ${COUNT_MS} ms`)),
    COUNT_MS,
  );
  timer.unref();
  worker.unref();
  worker
    .once("message", resolve)
    .once("error", reject)
    .once("exit", () => reject(new Error("outcomes could not be counted")));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
