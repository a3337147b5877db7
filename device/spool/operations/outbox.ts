import type { Analysis } from "../../scan.ts";
import type { Database, SqlRow } from "../database.ts";
import type { OutboxRow, ScanState, UnsealedData } from "../port.ts";
import { eventIdOfHit, type SealedEvent, sealAlert, sealHit } from "../seal.ts";
import { numberOrNull, type OperationContext, textOrNull } from "./context.ts";
import { keepScore } from "./outcomes.ts";
import { unknownScan } from "./scans.ts";

/** The columns of an {@link OutboxRow}. */
export const ROW = "sequence, id, kind, lane, scan_id, revision, event, published, created_at";

export interface CommitHitArguments {
  readonly scanId: string;
  readonly lane: string;
  readonly revision: number;
  readonly data: UnsealedData;
  readonly state: ScanState;
  readonly analysis?: Analysis;
  readonly now: number;
}

export interface CommitAlertArguments {
  readonly data: UnsealedData;
  readonly lane: string | null;
  readonly scanId: string | null;
  readonly now: number;
}

/** Seals and stores a hit and moves its scan on. The same scan and revision again: the first stands. */
export function commitHit(context: OperationContext, options: CommitHitArguments): OutboxRow {
  const { database } = context;
  const { scanId, revision, data } = options;
  const id = eventIdOfHit(scanId, revision);
  const known = database.get(`SELECT ${ROW} FROM outbox WHERE id = ?`, id);
  if (known !== null) return outboxRow(known);
  if (database.get("SELECT 1 FROM scans WHERE scan_id = ?", scanId) === null) throw unknownScan(scanId);
  const sealed = sealHit({ ...context, ...head(context), ...options });
  insert(context, { ...options, kind: "hit", code: null, sealed });
  keepScore(context, options);
  const score = scoreOf(data);
  database.run(
    `UPDATE scans SET state = ?, revision = ?, last_hit_id = ?, band = ?, floor = ?, analysis = coalesce(?, analysis)
     WHERE scan_id = ? AND revision < ?`,
    options.state,
    revision,
    id,
    textOrNull(score["band"]),
    JSON.stringify(score["floor"] ?? []),
    options.analysis === undefined ? null : JSON.stringify(options.analysis),
    scanId,
    revision,
  );
  return outboxRow(database.get(`SELECT ${ROW} FROM outbox WHERE id = ?`, id) ?? {});
}

export function commitAlert(context: OperationContext, options: CommitAlertArguments): OutboxRow {
  const sealed = sealAlert({ ...context, ...head(context), ...options });
  const code = textOrNull(options.data["code"]);
  insert(context, { ...options, kind: "alert", revision: null, code, sealed });
  return outboxRow(context.database.get(`SELECT ${ROW} FROM outbox WHERE id = ?`, sealed.id) ?? {});
}

/** Sequence and hash of the journal's last row; erased rows keep both. */
function head({ database }: OperationContext): { sequence: number; previous: string | null } {
  const row = database.get(
    "SELECT sequence, hash FROM outbox WHERE sequence > 0 ORDER BY sequence DESC LIMIT 1",
  );
  return row === null
    ? { sequence: 1, previous: null }
    : { sequence: Number(row["sequence"]) + 1, previous: String(row["hash"]) };
}

function insert(
  { database }: OperationContext,
  row: {
    kind: "hit" | "alert";
    code: string | null;
    lane: string | null;
    scanId: string | null;
    revision: number | null;
    now: number;
    sealed: SealedEvent;
  },
): void {
  const { sealed } = row;
  database.run(
    `INSERT INTO outbox (sequence, id, kind, code, lane, scan_id, revision, event, previous, hash, signature, key_id, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    sealed.sequence,
    sealed.id,
    row.kind,
    row.code,
    row.lane,
    row.scanId,
    row.revision,
    sealed.event,
    sealed.integrity.previous,
    sealed.integrity.hash,
    sealed.integrity.signature,
    sealed.integrity.keyId,
    row.now,
  );
}

/** Hits with a higher sequence, oldest first: what somebody who keeps a place of his own has not seen. */
export function hitsAfter(
  { database }: OperationContext,
  { sequence, limit }: { sequence: number; limit: number },
): OutboxRow[] {
  const rows = database.all(
    `SELECT ${ROW} FROM outbox WHERE kind = 'hit' AND sequence > ? AND event IS NOT NULL ORDER BY sequence LIMIT ?`,
    sequence,
    limit,
  );
  return rows.map(outboxRow);
}

/** The hit that stands for a scan; null where it has none, or what it said was erased. */
export function lastHit({ database }: OperationContext, { scanId }: { scanId: string }): OutboxRow | null {
  return lastHitIn(database, scanId);
}

export function lastHitIn(database: Database, scanId: string): OutboxRow | null {
  const row = database.get(
    `SELECT ${ROW} FROM outbox WHERE id = (SELECT last_hit_id FROM scans WHERE scan_id = ?) AND event IS NOT NULL`,
    scanId,
  );
  return row === null ? null : outboxRow(row);
}

function scoreOf(data: UnsealedData): Readonly<Record<string, unknown>> {
  const score = data["score"];
  return typeof score === "object" && score !== null ? (score as Record<string, unknown>) : {};
}

export function outboxRow(row: SqlRow): OutboxRow {
  return {
    sequence: Number(row["sequence"]),
    id: String(row["id"]),
    kind: row["kind"] === "alert" ? "alert" : "hit",
    lane: textOrNull(row["lane"]),
    scanId: textOrNull(row["scan_id"]),
    revision: numberOrNull(row["revision"]),
    event: textOrNull(row["event"]) ?? "",
    published: Number(row["published"]),
    createdAt: Number(row["created_at"]),
  };
}
