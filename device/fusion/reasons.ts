import { cutText } from "../../protocols/mqtt/cut-hit.ts";
import { MAX_LOG_ODDS, type Score } from "../../protocols/mqtt/hit-score.ts";
import { bandOf } from "../../protocols/mqtt/score-check.ts";
import { type ReasonCode, reasonForThreat, type ThreatClass } from "../../protocols/vocabulary.ts";
import type { Case } from "./case.ts";
import { radiationAlarms } from "./evidence/radiation.ts";
import { type EvidenceRow, percent, score } from "./evidence/row.ts";
import { logistic } from "./odds.ts";
import { isSpoilt } from "./recommend.ts";

/** Why the score is what it is (`mqtt.md`, Hit `reasons`). */
export interface Reason {
  readonly code: ReasonCode;
  /**
   * |log-odds| that it adds to or takes from the score; 13.8, the most that log-odds can be, where it decides by itself
   * (a floor, a radiation alarm, no analysis); 0 where it explains without counting.
   */
  readonly weight: number;
  /** Plain English with numbers and units, ≤ 200 characters. */
  readonly text: string;
}

/** Reasons of a case, most important first, one for each code. */
export function explain(
  subject: Case,
  rows: readonly EvidenceRow[],
  score: Pick<Score, "logOdds" | "band" | "bands" | "floor">,
): readonly Reason[] {
  const all = [
    ...floorReasons(subject),
    ...rows.flatMap((row) => ofRow(row, radiationAlarms(subject), score) ?? []),
    ...referralReasons(subject),
    ...analysisReasons(subject),
    ...declarationReasons(subject),
    ...trackingReasons(subject),
  ];
  const first = new Map<ReasonCode, Reason>();
  for (const reason of all) {
    const known = first.get(reason.code);
    if (known === undefined || known.weight < reason.weight) first.set(reason.code, reason);
  }
  return [...first.values()].sort((one, other) => other.weight - one.weight);
}

function reason(code: ReasonCode, weight: number, text: string): Reason {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return { code, weight, text: cutText(sentence) };
}

function floorReasons({ floor }: Case): readonly Reason[] {
  return floor.map((entry) => {
    const text = `the image shows what looks like: ${entry.class} (score ${score(entry.score)}, floor ${score(entry.threshold)}): alarm whatever else is known`;
    return reason(reasonForThreat(entry.class as ThreatClass), MAX_LOG_ODDS, text);
  });
}

/** Sources whose word may be told though it lowers the score. */
const TOLD: ReadonlySet<string> = new Set(["central", "risk", "trader"]);

function ofRow(row: EvidenceRow, radiation: boolean, score: Outcome): Reason | null {
  // A code names a suspicion: what speaks against it (nothing of a class found) is evidence, but no reason.
  if (row.code === "CLAMP" || (row.logOdds < 0 && !TOLD.has(row.source))) return null;
  const decides = radiation && row.source === "radiation" && row.logOdds > 0;
  const weight = decides ? MAX_LOG_ODDS : Math.abs(row.logOdds);
  return reason(row.code, weight, `${row.detail}${decides ? "" : otherwise(row, score)}`);
}

type Outcome = Pick<Score, "logOdds" | "band" | "bands" | "floor">;

/** What the score would be without this row, where that is another band: what would have changed the outcome. */
function otherwise({ logOdds }: EvidenceRow, score: Outcome): string {
  if (logOdds === 0 || score.floor.length > 0) return "";
  const without = logistic(score.logOdds - logOdds);
  const band = bandOf(without, score.bands);
  return band === score.band ? "" : `; without this: ${percent(without)}, band ${band}`;
}

/** The authority asked for something that this scan alone does not settle. */
function referralReasons({ matches }: Case): readonly Reason[] {
  const placi = matches[0]?.stored.declaration.placi;
  const asked: Partial<Record<string, string>> = {
    RFS: "the authority asked for screening (RFS): an X-ray scan alone does not answer it, a second method is due",
    RFI: "the authority asked for information (RFI) that is not answered yet",
    DNL: "the authority said: do not load (DNL)",
  };
  const text = asked[placi?.status ?? ""];
  return text === undefined ? [] : [reason("CENTRAL_RISK", 0, text)];
}

/** What kept the image from being judged, wholly (it decides) or in part. */
function analysisReasons({ input, analysed, faultyDetections }: Case): readonly Reason[] {
  const weight = analysed ? 0 : MAX_LOG_ODDS;
  const reasons = (input.analysis?.problems ?? []).map((problem) =>
    reason(problem.code, weight, problem.text),
  );
  if (input.analysis === null)
    reasons.push(reason("MODEL_FAULT", weight, "the image was not analysed in time; a revision follows"));
  else if (!analysed && reasons.length === 0)
    reasons.push(reason("MODEL_FAULT", weight, "no model looked at the image"));
  if (faultyDetections > 0) {
    reasons.push(
      reason("MODEL_FAULT", 0, `${faultyDetections} detections of a model were unusable and left out`),
    );
  }
  if (analysed && input.analysis?.airEstimated) {
    reasons.push(
      reason("IMAGE_QUALITY", 0, "no calibration came with the image: its air level is estimated from it"),
    );
  }
  if (isSpoilt(input)) {
    reasons.push(
      reason(
        "IMAGE_QUALITY",
        0,
        `the scanner says the acquisition was: ${input.scan.acquisition.join(", ")}`,
      ),
    );
  }
  return reasons;
}

/** A declaration that is missing or late explains; it is never evidence: networks are late, not only traders. */
function declarationReasons({ input, matches }: Case): readonly Reason[] {
  const [best] = matches;
  if (best === undefined) {
    const read = input.scan.identifiers.filter((identifier) => identifier.checkOk !== false).length;
    const why =
      read === 0
        ? "no usable identifier was read from the item"
        : `none matches the ${read} identifier(s) read`;
    return [reason("DECLARATION_MISSING", 0, `no declaration: ${why}`)];
  }
  const lateSeconds = (best.stored.storedAt - input.scan.capturedAt) / 1000;
  if (lateSeconds <= 0) return [];
  return [
    reason(
      "DECLARATION_LATE",
      0,
      `the declaration reached this gateway ${duration(lateSeconds)} after the scan`,
    ),
  ];
}

function trackingReasons({ input }: Case): readonly Reason[] {
  if (!input.scan.trackingAmbiguous) return [];
  return [
    reason(
      "TRACKING_AMBIGUOUS",
      0,
      "a reading near this item could not be tied to it alone; its mass is not compared",
    ),
  ];
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
