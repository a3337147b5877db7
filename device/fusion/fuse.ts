import { MAX_LOG_ODDS, type Score, type Selection } from "../../protocols/mqtt/hit-score.ts";
import type { Decision, Recommendation } from "../../protocols/vocabulary.ts";
import { type Case, openCase } from "./case.ts";
import { centralRisk, centralRiskEvidence } from "./evidence/central-risk.ts";
import { contentsEvidence } from "./evidence/contents.ts";
import { declarationRiskEvidence } from "./evidence/declaration-risk.ts";
import { hazardEvidence } from "./evidence/hazards.ts";
import { loadEvidence } from "./evidence/load.ts";
import { massEvidence } from "./evidence/mass.ts";
import { traderEvidence, watchListEvidence } from "./evidence/parties.ts";
import { piecesEvidence } from "./evidence/pieces.ts";
import { qualityEvidence } from "./evidence/quality.ts";
import { radiationAlarms, radiationEvidence } from "./evidence/radiation.ts";
import type { EvidenceRow } from "./evidence/row.ts";
import { similarEvidence } from "./evidence/similar.ts";
import { splittingEvidence } from "./evidence/splitting.ts";
import { valueEvidence } from "./evidence/value.ts";
import type { FusionInput } from "./input.ts";
import { logistic, logit } from "./odds.ts";
import { explain, type Reason } from "./reasons.ts";
import { isDecidable, recommend } from "./recommend.ts";

import { isDrawn, select } from "./selection.ts";

/** What is made of one scan: the fused score, the decision and why. */
export interface FusionResult {
  readonly score: Score;
  readonly decision: Decision;
  readonly recommendation: Recommendation;
  /** Why the item is proposed for examination. */
  readonly selection: Selection;
  /** Most important first. */
  readonly reasons: readonly Reason[];
  /** What the score was made of, for the rest of the hit. */
  readonly subject: Case;
}

/**
 * Joins what is known of a scan into one explained score (`mqtt.md`, Score). Pure: the same input, in whatever order its
 * lists come, gives the same result. A source that is missing adds nothing; the floor is decided by the image alone.
 */
export function fuse(input: FusionInput): FusionResult {
  const subject = openCase(input);
  const hazards = hazardEvidence(subject);
  const rows = [
    ...hazards.rows,
    ...radiationEvidence(subject),
    ...contentsEvidence(subject),
    ...loadEvidence(subject),
    ...massEvidence(subject),
    ...piecesEvidence(subject),
    ...centralRiskEvidence(subject),
    ...declarationRiskEvidence(subject),
    ...qualityEvidence(subject),
    ...valueEvidence(subject),
    ...splittingEvidence(subject),
    ...similarEvidence(subject),
    ...watchListEvidence(subject),
    ...traderEvidence(subject),
  ].sort((one, other) => Math.abs(other.logOdds) - Math.abs(one.logOdds));
  const score = scoreOf(subject, rows, hazards.image);
  const decision = decide(subject, score);
  const selection = select(subject, decision, isDecidable(subject.input));
  return {
    score,
    decision,
    recommendation: recommend(subject, { decision, band: score.band, rows, drawn: isDrawn(selection) }),
    selection,
    reasons: explain(subject, rows, score),
    subject,
  };
}

function scoreOf(subject: Case, rows: readonly EvidenceRow[], image: number): Score {
  const { settings, analysis } = subject.input;
  const { prior, bands, profile } = settings;
  const evidence = clamp(logit(prior), rows);
  const logOdds = within(evidence.reduce((sum, row) => sum + row.logOdds, logit(prior)));
  const probability = logistic(logOdds);
  return {
    target: "any_irregularity",
    probability,
    logOdds,
    band: subject.floor.length > 0 ? "high" : bandOf(probability, bands),
    bands: { ...bands },
    profile,
    prior,
    image: analysis !== null && subject.analysed ? logistic(within(logit(prior) + image)) : null,
    declared: centralRisk(subject),
    evidence: evidence.map((row) => ({ ...row })),
    floor: subject.floor.map((entry) => ({ ...entry })) as Score["floor"],
  };
}

/** Adds the row that brings the sum back to ±13.8, where it leaves that range. */
function clamp(base: number, rows: readonly EvidenceRow[]): readonly EvidenceRow[] {
  const sum = rows.reduce((total, row) => total + row.logOdds, base);
  const held = within(sum);
  if (held === sum) return rows;
  const detail = `log-odds ${sum.toFixed(2)} held at ${held}: no source is surer than one in a million`;
  return [...rows, { source: "clamp", code: "CLAMP", logOdds: held - sum, detail }];
}

function within(logOdds: number): number {
  return Math.min(MAX_LOG_ODDS, Math.max(-MAX_LOG_ODDS, logOdds));
}

function bandOf(probability: number, bands: { medium: number; high: number }): Score["band"] {
  if (probability >= bands.high) return "high";
  return probability >= bands.medium ? "medium" : "low";
}

/** Data may raise an alarm, never silence one; what nobody looked at is unknown, never clear. */
function decide(subject: Case, score: Score): Decision {
  if (!isDecidable(subject.input)) return "UNKNOWN";
  if (subject.floor.length > 0 || score.band === "high" || radiationAlarms(subject)) return "ALARM";
  return subject.analysed ? "CLEAR" : "UNKNOWN";
}
