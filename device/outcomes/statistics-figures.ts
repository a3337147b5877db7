import { cutText } from "../../protocols/mqtt/cut-hit.ts";
import type { PerformanceStatistics } from "../../protocols/mqtt/performance.ts";
import type { Statistics } from "../../protocols/mqtt/statistics.ts";
import type { SpoolReader } from "../spool/reader.ts";
import { type Claim, type JudgedHit, judge } from "./judged.ts";
import { claimFindings, type PartFigures, type Performance, performanceOf } from "./performance.ts";

/** Scores that one statistic is made of, the newest: 150 MB of memory for a second. */
const MAX_SCORES = 30_000;
/** Outcomes come late: performance is of this time before the statistics' end, ms. */
export const PERFORMANCE_MS = 90 * 24 * 3.6e6;
/** Reasons and models sent. */
const MAX_SENT = 24;

export interface StatisticsRequest {
  /** The spool's folder. */
  readonly path: string;
  /** Outcomes received between two times are counted, ms since the epoch, `to` excluded. */
  readonly from: number;
  readonly to: number;
}

/** What the thread answers; `unknownScan` since the journal began. */
export interface OutcomeFigures {
  readonly outcomes: Statistics["outcomes"];
  readonly performance: PerformanceStatistics[];
}

/** Outcomes of a period, and what those of the last 90 days say of the scores. */
export function outcomeFigures(reader: SpoolReader, { from, to }: StatisticsRequest): OutcomeFigures {
  const unknownScan = reader.unknownOutcomes();
  const since = to - PERFORMANCE_MS;
  const hits = judge(reader.scores({ from: since, to, limit: MAX_SCORES }));
  const performance = [false, true].flatMap((synthetic) => {
    const own = hits.filter(({ real }) => real !== synthetic);
    if (!own.some(({ finding }) => finding !== null)) return [];
    return [statisticsOf(performanceOf(own, { from: since, to, unknownScan, rounds: 0 }), own, synthetic)];
  });
  return { outcomes: { ...reader.outcomeCounts({ from, to }), unknownScan }, performance };
}

function statisticsOf(
  { from, to, calibration, ranking, reasons, models, drift }: Performance,
  hits: readonly JudgedHit[],
  synthetic: boolean,
): PerformanceStatistics {
  const time = (at: number) => new Date(at).toISOString();
  const { auc, brier, ece } = calibration;
  const whole = claimFindings(calibration.claim).map((text) => `over the whole period the score ${text}`);
  return {
    synthetic,
    from: time(from),
    to: time(to),
    ...claimed(hits.length, calibration.claim),
    auc,
    brier,
    ece,
    at: ranking.at.map(({ share, items, claim, recall }) => ({ share, ...claimed(items, claim), recall })),
    alarms: {
      ...claimed(ranking.alarms.items, ranking.alarms.claim),
      recall: ranking.alarms.recall,
      falseAlarms: ranking.alarms.falseAlarms,
    },
    reasons: reasons.slice(0, MAX_SENT).map(partOf),
    models: models.slice(0, MAX_SENT).map((model) => ({ ...partOf(model), auc: model.auc })),
    drift: {
      stability: drift.psi,
      findings: [...drift.findings, ...whole].map((text) => cutText(text)),
    },
  };
}

function partOf({ name, items, claim, recall, ece, drift }: PartFigures) {
  return { name, ...claimed(items, claim), recall, ece, stability: drift.psi };
}

function claimed(items: number, { examined, irregular, expected }: Claim) {
  return { items, examined, irregular, expected };
}
