import type { Database, SqlRow } from "../database.ts";
import type { OutboxRow } from "../port.ts";
import { META, numberOrNull, type OperationContext, readMeta, textOrNull, writeMeta } from "./context.ts";
import { commitAlert, ROW } from "./outbox.ts";

export interface ReceiptArguments {
  readonly journal: string;
  readonly ids: readonly string[] | null;
  readonly upToSequence: number | null;
  readonly now: number;
  /** How long the gateway has run, ms. */
  readonly life: number;
}

/** What stands in `dead_reason` of a row that was a dead letter and is tried again. Central was told to go past its number. */
const RETRIED = "tried again";

/** Whether a PUBACK alone is delivery: central sends no receipts, and the broker says when it refuses (MQTT 5). */
export function pubackDelivers(database: Database): boolean {
  return readMeta(database, META.receipts) !== "true" && readMeta(database, META.onlyReceipts) !== "true";
}

/** Frees rows that central has. Journals saved from damage count as ours; any other is ignored. */
export function receiptRows(context: OperationContext, receipt: ReceiptArguments): number {
  const { database, journal } = context;
  const own = receipt.journal === journal;
  if (!own && !isSalvaged(database, receipt.journal)) return 0;
  // A receipt may overtake its PUBACK: the row counts as published then.
  const set =
    "UPDATE outbox SET receipted_at = ?1, published = max(published, 1), published_at = coalesce(published_at, ?1), delivered_life = coalesce(delivered_life, ?2), open = 0, wanted = 0 WHERE receipted_at IS NULL";
  const saved = own ? null : receipt.journal;
  const { now, life, ids, upToSequence } = receipt;
  let freed = 0;
  if (ids !== null) {
    const sql = `${set} AND salvaged_journal IS ?3 AND id IN (SELECT value FROM json_each(?4))`;
    freed += database.run(sql, now, life, saved, JSON.stringify(ids));
  }
  if (upToSequence === null) return freed;
  // Of a row that is tried again central's numbers say nothing: they went past it. Its own id does.
  const counted = `${set} AND (dead_at IS NOT NULL OR dead_reason IS NULL)`;
  if (!own) {
    const sql = `${counted} AND salvaged_journal = ?3 AND salvaged_sequence <= ?4`;
    return freed + database.run(sql, now, life, saved, upToSequence);
  }
  // What was receipted before is not looked at again: receipts come by the thousand, and each names the first row, too.
  const from = receiptedUpTo(database);
  const last = Math.min(upToSequence, lastSequence(database));
  if (last <= from) return freed;
  freed += database.run(`${counted} AND sequence BETWEEN ?3 AND ?4`, now, life, from + 1, last);
  writeMeta(database, META.receiptedUpTo, String(last));
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
    `SELECT ${ROW}, code, salvaged_sequence FROM outbox WHERE sequence = ? AND (open = 1 OR wanted = 1)`,
    sequence,
  );
  if (row === null) return null;
  database.run(
    "UPDATE outbox SET dead_at = ?, dead_reason = ?, open = 0, wanted = 0 WHERE sequence = ?",
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

/**
 * Rows of a journal, ours or one saved from damage, are sent again, whatever became of them; dead letters too. Null: the
 * journal is neither. `gone`: rows of which only number and hashes remain. Both ends included.
 */
export function resendRows(
  context: OperationContext,
  { journal, from, to }: { journal: string; from: number; to: number },
): { queued: number; gone: number } | null {
  const { database } = context;
  const own = journal === context.journal;
  if (!own && !isSalvaged(database, journal)) return null;
  const range = own
    ? "?3 IS NOT NULL AND sequence BETWEEN max(1, ?1) AND ?2"
    : "salvaged_journal = ?3 AND salvaged_sequence BETWEEN ?1 AND ?2";
  const values = [from, to, journal] as const;
  const gone = database.get(`SELECT count(*) AS n FROM outbox WHERE ${range} AND event IS NULL`, ...values);
  revive(database, `${range} AND event IS NOT NULL`, ...values);
  const queued = database.run(
    // One that was never published is queued already.
    `UPDATE outbox SET wanted = (published > 0) WHERE ${range} AND event IS NOT NULL`,
    ...values,
  );
  return { queued, gone: Number(gone?.["n"] ?? 0) };
}

/** Gives dead letters another try, those of some event ids or all; returns how many. */
export function retryRows(
  { database }: Pick<OperationContext, "database">,
  { ids }: { ids: readonly string[] | null },
): number {
  if (ids === null) return revive(database, "event IS NOT NULL AND ?1 IS NULL", null);
  return revive(
    database,
    "event IS NOT NULL AND id IN (SELECT value FROM json_each(?1))",
    JSON.stringify(ids),
  );
}

/** Dead letters are rows to be delivered again, and want a receipt of their own. */
function revive(database: Database, where: string, ...values: (number | string | null)[]): number {
  const dead = `dead_at IS NOT NULL AND ${where}`;
  const first = database.get(
    `SELECT min(sequence) AS n FROM outbox INDEXED BY outbox_dead WHERE ${dead} AND sequence > 0`,
    ...values,
  );
  const lowest = numberOrNull(first?.["n"]);
  if (lowest !== null && lowest <= receiptedUpTo(database))
    writeMeta(database, META.receiptedUpTo, String(lowest - 1));
  return database.run(
    `UPDATE outbox INDEXED BY outbox_dead SET dead_at = NULL, dead_reason = '${RETRIED}', receipted_at = NULL, delivered_life = NULL, open = 1,
       resend_at = 0, wanted = (published > 0) WHERE ${dead}`,
    ...values,
  );
}

export function receiptsExpected({ database }: OperationContext): boolean {
  return readMeta(database, META.receipts) === "true";
}

/** Central announces receipts, or takes them back. */
export function setReceiptsExpected(
  { database }: OperationContext,
  { expected, life }: { expected: boolean; life: number },
): void {
  change(database, life, () => writeMeta(database, META.receipts, String(expected)));
}

/** Over MQTT 3.1.1 a PUBACK proves nothing: a broker that refuses a message acknowledges it, too. */
export function setOnlyReceipts(
  { database }: OperationContext,
  { only, life }: { only: boolean; life: number },
): void {
  change(database, life, () => writeMeta(database, META.onlyReceipts, String(only)));
}

/** What counts as delivered changes: so do the rows that were sent and not receipted. */
function change(database: Database, life: number, apply: () => void): void {
  const before = pubackDelivers(database);
  apply();
  const after = pubackDelivers(database);
  if (before === after) return;
  database.run(
    "UPDATE outbox SET delivered_life = ? WHERE open = 1 AND published > 0 AND event IS NOT NULL",
    after ? life : null,
  );
}

function isSalvaged(database: Database, journal: string): boolean {
  return database.get("SELECT 1 FROM outbox WHERE salvaged_journal = ? LIMIT 1", journal) !== null;
}

/** Every row of the journal up to this sequence has a receipt. */
function receiptedUpTo(database: Database): number {
  return Number(readMeta(database, META.receiptedUpTo) ?? 0);
}

function lastSequence(database: Database): number {
  const row: SqlRow | null = database.get("SELECT max(sequence) AS n FROM outbox");
  return Number(row?.["n"] ?? 0);
}
