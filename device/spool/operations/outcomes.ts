import type { Database, SqlRow } from "../database.ts";
import { MAX_OUTCOMES, type OutcomeTaken, type UnsealedData } from "../port.ts";
import { META, numberOrNull, type OperationContext, readMeta, textOrNull, writeMeta } from "./context.ts";

/** Score rows kept: about 500 bytes each; the oldest go. */
export const MAX_SCORES = 500_000;
/** Score rows deleted in one transaction. */
const FORGET_STEP = 1000;
/** Scans that are looked up at once. */
const MAX_LOOKED_UP = 1000;

/** What an outcome is measured against: a hit without identifiers, boxes and texts. Names are short: there are many rows. */
export interface ScoreRow {
  readonly logOdds: number;
  readonly prior: number;
  readonly band: string;
  readonly profile: string | null;
  readonly recommendation: string;
  readonly selection: { readonly mode: string; readonly probability: number };
  /** Whether a declaration was there, and its flow. */
  readonly declared: boolean;
  readonly flow: string | null;
  readonly reasons: readonly string[];
  /** Source and log-odds of each row of evidence. */
  readonly evidence: readonly (readonly [string, number])[];
  /** `name@version` */
  readonly models: readonly string[];
}

/** A hit as it was scored, with the outcome that stands for its scan. */
export interface ScoredHit extends ScoreRow {
  readonly scanId: string;
  readonly revision: number;
  /** When the score was made, ms since the epoch. */
  readonly at: number;
  readonly lane: string;
  /** False: synthetic or not operational, kept apart. */
  readonly real: boolean;
  readonly decision: string;
  readonly probability: number;
  /** The outcome's JSON as received; null: none. */
  readonly outcome: string | null;
}

/** Keeps what a hit said for as long as outcomes may come, which is longer than the hit itself. */
export function keepScore(
  { database }: OperationContext,
  {
    scanId,
    lane,
    revision,
    data,
    now,
  }: { scanId: string; lane: string; revision: number; data: UnsealedData; now: number },
): void {
  const score = record(data["score"]);
  const scan = record(data["scan"]);
  const probability = score["probability"];
  if (typeof probability !== "number") return;
  database.run(
    "INSERT OR IGNORE INTO scores (scan_id, revision, at, lane, real, decision, probability, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    scanId,
    revision,
    now,
    lane,
    scan["purpose"] === "OPERATIONAL" && scan["origin"] === "MACHINE" ? 1 : 0,
    textOrNull(data["decision"]) ?? "UNKNOWN",
    probability,
    JSON.stringify(rowOf(data, score)),
  );
}

function rowOf(data: UnsealedData, score: Readonly<Record<string, unknown>>): ScoreRow {
  const selection = record(data["selection"]);
  const [declaration] = records(data["declarations"]);
  return {
    logOdds: rounded(score["logOdds"]),
    prior: rounded(score["prior"]),
    band: textOrNull(score["band"]) ?? "low",
    profile: textOrNull(score["profile"]),
    recommendation: textOrNull(data["recommendation"]) ?? "NO_DECISION",
    selection: {
      mode: textOrNull(selection["mode"]) ?? "risk",
      probability: numberOrNull(selection["probability"]) ?? 0,
    },
    declared: declaration !== undefined,
    flow: textOrNull(declaration?.["flow"]),
    reasons: records(data["reasons"]).map((reason) => String(reason["code"])),
    evidence: records(score["evidence"]).map((row) => [String(row["source"]), rounded(row["logOdds"])]),
    models: records(data["models"]).map((model) => `${String(model["name"])}@${String(model["version"])}`),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function records(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function rounded(value: unknown): number {
  return Number(Number(value ?? 0).toFixed(4));
}

/** Of the same outcomeId the latest `at` stands; an outcome of an unknown scan is counted, not kept. */
export function putOutcome(
  { database }: OperationContext,
  outcome: { outcomeId: string; scanId: string; at: string; body: string; now: number },
): OutcomeTaken {
  if (database.get("SELECT 1 FROM scans WHERE scan_id = ?", outcome.scanId) === null) {
    writeMeta(database, META.unknownOutcomes, String(unknownOutcomes(database) + 1));
    return "unknown-scan";
  }
  const known = database.get("SELECT at FROM outcomes WHERE outcome_id = ?", outcome.outcomeId);
  if (known !== null && Date.parse(String(known["at"])) >= Date.parse(outcome.at)) return "same";
  if (known === null && outcomesIn(database, outcome.scanId) >= MAX_OUTCOMES) return "too-many";
  database.run(
    "INSERT OR REPLACE INTO outcomes (outcome_id, scan_id, at, body, stored_at) VALUES (?, ?, ?, ?, ?)",
    outcome.outcomeId,
    outcome.scanId,
    outcome.at,
    outcome.body,
    outcome.now,
  );
  return "stored";
}

function outcomesIn(database: Database, scanId: string): number {
  return Number(database.get("SELECT count(*) AS n FROM outcomes WHERE scan_id = ?", scanId)?.["n"] ?? 0);
}

/** What examinations found in a scan, as it was received, in the order of its time. */
export function outcomesOfIn(database: Database, scanId: string): string[] {
  return database
    .all("SELECT body FROM outcomes WHERE scan_id = ? ORDER BY at LIMIT 1000", scanId)
    .map((row) => String(row["body"]));
}

/** Outcomes for scans that this gateway does not know, since the journal began. */
export function unknownOutcomes(database: Database): number {
  return Number(readMeta(database, META.unknownOutcomes) ?? 0);
}

/** Outcomes received between two times (ms, `to` excluded), by result. */
export function outcomeCounts(
  database: Database,
  { from, to }: { from: number; to: number },
): Record<"confirmed" | "refuted" | "partial", number> {
  const counts = { confirmed: 0, refuted: 0, partial: 0 };
  const rows = database.all(
    "SELECT body ->> '$.result' AS result, count(*) AS n FROM outcomes WHERE stored_at >= ? AND stored_at < ? GROUP BY 1",
    from,
    to,
  );
  for (const { result, n } of rows) {
    const name = String(result);
    if (name === "confirmed" || name === "refuted" || name === "partial") counts[name] = Number(n);
  }
  return counts;
}

/** Which of these scans an examination found something in. */
export function confirmedAmong(
  { database }: OperationContext,
  { scanIds }: { scanIds: readonly string[] },
): string[] {
  return confirmedIn(database, scanIds);
}

export function confirmedIn(database: Database, scanIds: readonly string[]): string[] {
  return database
    .all(
      `SELECT DISTINCT scan_id FROM outcomes
       WHERE scan_id IN (SELECT value FROM json_each(?)) AND body ->> '$.result' = 'confirmed'`,
      JSON.stringify(scanIds.slice(0, MAX_LOOKED_UP)),
    )
    .map((row) => String(row["scan_id"]));
}

/**
 * The hits scored between two times (ms, `to` excluded), oldest first, one a scan: the revision that was acted on where an
 * outcome names one that is kept, else the last. At most `limit`, the newest.
 */
export function readScores(
  database: Database,
  { from, to, limit }: { from: number; to: number; limit: number },
): ScoredHit[] {
  const outcomes = new Map<string, Standing>();
  const named = `SELECT o.scan_id, o.at, o.body FROM outcomes AS o WHERE o.scan_id IN
    (SELECT scan_id FROM scores WHERE at >= ? AND at < ?)`;
  for (const row of database.all(named, from, to)) {
    const standing = standingOf(row);
    const known = outcomes.get(standing.scanId);
    if (known === undefined || outranks(standing, known)) outcomes.set(standing.scanId, standing);
  }
  const hits = new Map<string, ScoredHit>();
  const rows = database.all(
    `SELECT scan_id, revision, at, lane, real, decision, probability, body FROM scores
     WHERE at >= ? AND at < ? ORDER BY at DESC, revision DESC LIMIT ?`,
    from,
    to,
    limit,
  );
  for (const row of rows) {
    const scanId = String(row["scan_id"]);
    const outcome = outcomes.get(scanId);
    if (hits.has(scanId) && Number(row["revision"]) !== outcome?.revision) continue;
    hits.set(scanId, scoredHit(row, outcome?.body ?? null));
  }
  return [...hits.values()].reverse();
}

interface Standing {
  readonly scanId: string;
  readonly at: number;
  readonly full: boolean;
  readonly revision: number | null;
  readonly body: string;
}

function standingOf(row: SqlRow): Standing {
  const body = String(row["body"]);
  const { examination, revision } = JSON.parse(body) as { examination?: unknown; revision?: unknown };
  return {
    scanId: String(row["scan_id"]),
    at: Date.parse(String(row["at"])),
    full: examination === "full",
    revision: numberOrNull(revision),
    body,
  };
}

/** Of several outcomes of one scan a full examination stands before a partial one, then the later. */
function outranks(one: Standing, other: Standing): boolean {
  return one.full === other.full ? one.at > other.at : one.full;
}

function scoredHit(row: SqlRow, outcome: string | null): ScoredHit {
  return {
    ...(JSON.parse(String(row["body"])) as ScoreRow),
    scanId: String(row["scan_id"]),
    revision: Number(row["revision"]),
    at: Number(row["at"]),
    lane: String(row["lane"]),
    real: row["real"] === 1,
    decision: String(row["decision"]),
    probability: Number(row["probability"]),
    outcome,
  };
}

/** Forgets the oldest scores beyond the bound; returns how many. */
export function forgetScores({ database }: OperationContext, most: number = MAX_SCORES): number {
  return database.run(
    `DELETE FROM scores WHERE id IN
       (SELECT id FROM scores WHERE id <= (SELECT max(id) FROM scores) - ? ORDER BY id LIMIT ${FORGET_STEP})`,
    most,
  );
}
