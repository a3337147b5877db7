import type { Analysis } from "../../scan.ts";
import type { Database, SqlRow } from "../database.ts";
import type { OutboxRow, ScanState, UnsealedData } from "../port.ts";
import { eventIdOfHit, type SealedEvent, sealAlert, sealHit } from "../seal.ts";
import { META, numberOrNull, type OperationContext, readMeta, textOrNull, writeMeta } from "./context.ts";
import { keepScore } from "./outcomes.ts";
import { unknownScan } from "./scans.ts";

/** A row counts as fresh for so long, ms: new scores overtake a backlog of any length. */
const FRESH_MS = 10_000;
/** Wait for a receipt after the first PUBACK, doubled with each further one up to the second figure, ms. */
const FIRST_RESEND_MS = 2000;
const LAST_RESEND_MS = 60_000;

const ROW = "sequence, id, kind, lane, scan_id, revision, event, published, created_at";

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

export function dueRows(
  { database }: OperationContext,
  options: {
    limit: number;
    receipts: boolean;
    now: number;
    inFlight: readonly number[];
    since: number | null;
  },
): OutboxRow[] {
  const chosen: SqlRow[] = [];
  const taken = [...options.inFlight];
  const take = (where: string, order: string, ...values: number[]) => {
    const left = options.limit - chosen.length;
    if (left <= 0) return;
    const rows = database.all(
      `SELECT ${ROW} FROM outbox WHERE open = 1 AND ${where} AND sequence NOT IN (SELECT value FROM json_each(?)) ORDER BY ${order} LIMIT ?`,
      ...values,
      JSON.stringify(taken),
      left,
    );
    for (const row of rows) {
      chosen.push(row);
      taken.push(Number(row["sequence"]));
    }
  };
  take("published = 0 AND created_at >= ?", "kind DESC, sequence", options.now - FRESH_MS);
  take("published = 0", "kind DESC, sequence");
  if (options.receipts) {
    take("published > 0 AND resend_at <= ?", "resend_at", options.now);
    // Sent by a clock that was ahead and has been set right since.
    take("published > 0 AND published_at > ?", "published_at", options.now);
    if (options.since !== null) take("published > 0 AND published_at < ?", "published_at", options.since);
  }
  return chosen.map(outboxRow);
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

export function markPublished(
  { database }: OperationContext,
  { sequences, at }: { sequences: readonly number[]; at: number },
): void {
  for (const sequence of sequences) {
    database.run(
      `UPDATE outbox SET published = published + 1, published_at = ?,
         resend_at = ? + min(${FIRST_RESEND_MS} << min(published, 10), ${LAST_RESEND_MS})
       WHERE sequence = ?`,
      at,
      at,
      sequence,
    );
  }
}

/** Frees rows that central has. Journals saved from damage count as ours; any other is ignored. */
export function receiptRows(
  { database, journal }: OperationContext,
  receipt: { journal: string; ids: readonly string[] | null; upToSequence: number | null; now: number },
): number {
  const own = receipt.journal === journal;
  if (
    !own &&
    database.get("SELECT 1 FROM outbox WHERE salvaged_journal = ? LIMIT 1", receipt.journal) === null
  )
    return 0;
  // A receipt may overtake its PUBACK: the row counts as published then.
  const set =
    "UPDATE outbox SET receipted_at = ?1, published_at = coalesce(published_at, ?1), open = 0 WHERE receipted_at IS NULL";
  const saved = own ? null : receipt.journal;
  let freed = 0;
  if (receipt.ids !== null) {
    freed += database.run(
      `${set} AND salvaged_journal IS ?2 AND id IN (SELECT value FROM json_each(?3))`,
      receipt.now,
      saved,
      JSON.stringify(receipt.ids),
    );
  }
  if (receipt.upToSequence !== null) {
    freed += own
      ? database.run(`${set} AND sequence BETWEEN 1 AND ?2`, receipt.now, receipt.upToSequence)
      : database.run(
          `${set} AND salvaged_journal = ?2 AND salvaged_sequence <= ?3`,
          receipt.now,
          saved,
          receipt.upToSequence,
        );
  }
  return freed;
}

/**
 * Gives a row up and says so with an UNDELIVERABLE alert in the same transaction. An UNDELIVERABLE alert that is itself
 * refused raises no other: a broker that takes none would have the journal grow for ever.
 */
export function deadLetterRow(
  context: OperationContext,
  { sequence, reason, now }: { sequence: number; reason: string; now: number },
): OutboxRow | null {
  const { database } = context;
  const row = database.get(
    `SELECT ${ROW}, code, salvaged_sequence FROM outbox WHERE sequence = ? AND open = 1`,
    sequence,
  );
  if (row === null) return null;
  database.run(
    "UPDATE outbox SET dead_at = ?, dead_reason = ?, open = 0 WHERE sequence = ?",
    now,
    reason.slice(0, 200),
    sequence,
  );
  if (row["code"] === "UNDELIVERABLE") return null;
  const scanId = textOrNull(row["scan_id"]);
  const number = numberOrNull(row["salvaged_sequence"]) ?? sequence;
  return commitAlert(context, {
    lane: textOrNull(row["lane"]),
    scanId,
    now,
    data: {
      code: "UNDELIVERABLE",
      severity: "critical",
      message: `The ${String(row["kind"])} with sequence ${number} cannot be delivered`,
      remedy:
        "It is kept on the gateway: see `lynceus outbox`, then raise the limit or right that the reason names.",
      ...(row["lane"] === null ? {} : { lane: String(row["lane"]) }),
      ...(scanId === null ? {} : { scanId }),
      details: { sequence: number, id: String(row["id"]), scanId, reason: reason.slice(0, 200) },
    },
  });
}

export function receiptsExpected({ database }: OperationContext): boolean {
  return readMeta(database, META.receipts) === "true";
}

export function setReceiptsExpected(
  { database }: OperationContext,
  { expected }: { expected: boolean },
): void {
  writeMeta(database, META.receipts, String(expected));
}

function scoreOf(data: UnsealedData): Readonly<Record<string, unknown>> {
  const score = data["score"];
  return typeof score === "object" && score !== null ? (score as Record<string, unknown>) : {};
}

function outboxRow(row: SqlRow): OutboxRow {
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
