import type { ReceivedHit } from "../../protocols/mqtt/index.ts";

/** What simulated customs tells as it runs; with `--json` one a line. */
export type CustomsReport =
  | { readonly event: "connected"; readonly broker: string }
  | { readonly event: "disconnected"; readonly reason: string }
  | { readonly event: "profile"; readonly version: number }
  | {
      readonly event: "declared";
      readonly at: string;
      readonly scanRef: string;
      readonly aedId: string;
      readonly revision: number;
      readonly delivery: string;
    }
  | ({ readonly event: "hit" } & HitReport)
  | {
      readonly event: "alert";
      readonly at: string;
      readonly id: string;
      readonly gateway: string;
      readonly code: string;
      readonly severity: string;
      readonly message: string;
    }
  | { readonly event: "duplicate"; readonly id: string; readonly source: string; readonly resent: boolean }
  | {
      readonly event: "receipt";
      readonly gateway: string;
      readonly journal: string;
      readonly ids: readonly string[];
      readonly upToSequence: number | null;
    }
  | {
      readonly event: "outcome";
      readonly scanId: string;
      readonly result: string;
      readonly examination: string;
    }
  | { readonly event: "malformed"; readonly topic: string; readonly message: string }
  | { readonly event: "not-stored"; readonly id: string; readonly message: string }
  | { readonly event: "witnessed"; readonly gateway: string; readonly size: number; readonly note: string }
  | {
      readonly event: "not-witnessed";
      readonly gateway: string;
      readonly size: number | null;
      readonly why: string;
    }
  | ({ readonly event: "summary" } & CustomsCounts);

/** A hit that is on central's disk. */
export interface HitReport {
  /** RFC 3339: when it was on disk. */
  readonly at: string;
  readonly id: string;
  readonly source: string;
  readonly resent: boolean;
  readonly scanId: string;
  readonly revision: number;
  readonly sequence: number;
  readonly cause: string;
  readonly capturedAt: string;
  readonly decidedAt: string;
  /** First identifier whose check is not wrong; null where the parcel is unidentified. */
  readonly identifier: string | null;
  readonly decision: string;
  readonly recommendation: string;
  readonly probability: number;
  readonly band: string;
  readonly reasons: readonly { readonly code: string; readonly text: string }[];
  readonly detections: readonly { readonly class: string; readonly score: number; readonly alarm: boolean }[];
  /** Whether a parcel of the truth file carries one of its identifiers. */
  readonly matched: boolean;
}

/** Counts of a run. */
export interface CustomsCounts {
  readonly hits: number;
  readonly alerts: number;
  readonly duplicates: number;
  readonly malformed: number;
  /** Hits of the first revision that no announced parcel could be tied to. */
  readonly unmatched: number;
  readonly declarations: number;
  readonly outcomes: number;
  readonly receipts: number;
}

const MAX_REASONS = 20;

/** A hit as it is reported. */
export function hitReport(
  hit: ReceivedHit,
  about: { at: string; id: string; source: string; resent: boolean; matched: boolean },
): HitReport {
  const readable = hit.identifiers.find((identifier) => identifier.checkOk !== false);
  return {
    ...about,
    scanId: hit.scanId,
    revision: hit.revision,
    sequence: hit.sequence,
    cause: hit.cause,
    capturedAt: hit.capturedAt,
    decidedAt: hit.decidedAt,
    identifier: readable?.value ?? null,
    decision: hit.decision,
    recommendation: hit.recommendation,
    probability: hit.score.probability,
    band: hit.score.band,
    reasons: hit.reasons.slice(0, MAX_REASONS).map(({ code, text }) => ({ code, text })),
    detections: hit.detections.map(({ class: name, score, alarm }) => ({ class: name, score, alarm })),
  };
}

/** A report as a line for people; null where it is not worth one. */
export function describeReport(report: CustomsReport): string | null {
  switch (report.event) {
    case "connected":
      return `connected to ${report.broker}`;
    case "disconnected":
      return `broker lost: ${report.reason}`;
    case "profile":
      return `risk profile version ${report.version} published`;
    case "declared":
      return `declaration ${report.aedId} revision ${report.revision} published (${report.delivery})`;
    case "hit":
      return [
        report.at,
        (report.identifier ?? "unidentified").padEnd(20),
        `${report.decision} ${(100 * report.probability).toFixed(1)} %`.padEnd(14),
        report.recommendation.padEnd(12),
        report.reasons
          .slice(0, 3)
          .map(({ code }) => code)
          .join(" "),
      ].join("  ");
    case "alert":
      return `${report.at}  alert ${report.code} (${report.severity}): ${report.message}`;
    case "outcome":
      return `outcome of ${report.scanId}: ${report.result} (${report.examination})`;
    case "malformed":
      return `malformed message on ${report.topic}: ${report.message}`;
    case "witnessed":
      return `checkpoint of ${report.size} rows of ${report.gateway} co-signed`;
    case "not-witnessed":
      return `checkpoint of ${report.gateway} not co-signed: ${report.why}`;
    case "not-stored":
      return `event ${report.id} not stored: ${report.message}`;
    case "summary":
      return `${report.hits} hits, ${report.alerts} alerts, ${report.duplicates} repeats, ${report.malformed} malformed, ${report.unmatched} unmatched; ${report.declarations} declarations, ${report.outcomes} outcomes, ${report.receipts} receipts sent`;
    case "duplicate":
    case "receipt":
      return null;
  }
}
