import type { CentralFile } from "./central-file.ts";
import type { HitReport, Truth } from "./reports.ts";
import { type Figures, percentile } from "./tally.ts";

/** What a closing summary says beside the figures. */
export interface About {
  readonly seconds: number;
  /** Scans the gateway acknowledged that central has no hit of. */
  readonly lost: number;
  /** null: the demo was not told how many. */
  readonly scans: number | null;
}

/** A hit as central received it, with what is really in the parcel: one JSON object. */
export function hitJson(hit: HitReport, truth: Truth | null): string {
  return JSON.stringify({
    ...hit,
    truth:
      truth === null
        ? null
        : { irregularities: truth.irregularities, targets: truth.targets, delivery: truth.delivery },
  });
}

/** The closing summary as one JSON object; latencies in ms, null of no scan. */
export function summaryJson(figures: Figures, central: CentralFile, { seconds, lost, scans }: About): string {
  const { latenciesMs, acknowledged, endToEnd, hits, revisions, alarms, repeats } = figures;
  const { recall, threats, falseAlarms, falseChecks } = figures;
  return JSON.stringify({
    event: "summary",
    scans,
    acknowledged,
    endToEnd,
    lost,
    hits,
    revisions,
    alarms,
    duplicated: central.duplicated,
    repeats,
    latencyMs: { p50: percentile(latenciesMs, 0.5), p95: percentile(latenciesMs, 0.95) },
    recall,
    threats,
    falseAlarms,
    falseChecks,
    seconds: Math.round(seconds * 10) / 10,
  });
}
