import { expire, SHRED_STEP } from "../../declarations/store.ts";
import type { Database, SqlRow } from "../database.ts";
import type { DeadLetter, ScanState, SpoolFigures } from "../port.ts";
import {
  META,
  numberOrNull,
  type OperationContext,
  readMeta,
  textOrNull,
  UPGRADED_NOW,
  writeMeta,
} from "./context.ts";
import { forgetScores } from "./outcomes.ts";

/** Dead letters of others kept at most, and the bytes of one that are. */
const MAX_LETTERS = 10_000;
export const MAX_LETTER_BYTES = 64 * 1024;
/** Rows erased in one transaction. */
const ERASE_STEP = 1000;

export interface LetterArguments {
  readonly letter: Omit<DeadLetter, "id" | "at">;
  readonly body: Uint8Array;
  readonly at: number;
}

/** Figures without those of the disk. */
export type JournalFigures = Omit<SpoolFigures, "freeBytes" | "usedBytes" | "care">;

/** States of a row of the outbox, as {@link stateOf} tells them, in SQL. */
const ROWS_IN = {
  unpublished: "dead_at IS NULL AND event IS NOT NULL AND receipted_at IS NULL AND published = 0",
  published: "dead_at IS NULL AND event IS NOT NULL AND receipted_at IS NULL AND published > 0",
  receipted: "dead_at IS NULL AND event IS NOT NULL AND receipted_at IS NOT NULL",
  dead: "dead_at IS NOT NULL",
  erased: "dead_at IS NULL AND event IS NULL",
} as const;
export type RowState = keyof typeof ROWS_IN;

/** Which rows of the outbox are meant; absent: whichever. */
export interface RowFilter {
  /** Rows before this sequence: the next page. */
  readonly before?: number | undefined;
  readonly lane?: string | undefined;
  readonly state?: RowState | undefined;
}

export interface ListedRow {
  readonly sequence: number;
  readonly id: string;
  readonly kind: string;
  readonly state: RowState;
  /** Null: of the gateway. */
  readonly lane: string | null;
  readonly scanId: string | null;
  readonly createdAt: number;
  readonly reason: string | null;
}

export function putDeadLetter({ database }: OperationContext, { letter, body, at }: LetterArguments): void {
  database.run(
    "INSERT INTO letters (source, reason, pointer, bytes, at, body) VALUES (?, ?, ?, ?, ?, ?)",
    letter.source,
    letter.reason.slice(0, 500),
    letter.pointer,
    letter.bytes,
    at,
    body.subarray(0, MAX_LETTER_BYTES),
  );
  database.run("DELETE FROM letters WHERE id <= (SELECT max(id) FROM letters) - ?", MAX_LETTERS);
}

/** Dead letters of both kinds, newest first: rows that cannot go out, messages that cannot be read. */
export function listDeadLetters(database: Database, limit: number): DeadLetter[] {
  return database
    .all(
      `SELECT CAST(id AS TEXT) AS id, source, reason, pointer, bytes, at FROM letters
       UNION ALL
       SELECT id, 'outbox', dead_reason, NULL, coalesce(length(event), 0), dead_at FROM outbox WHERE dead_at IS NOT NULL
       ORDER BY at DESC LIMIT ?`,
      limit,
    )
    .map((row) => ({
      id: String(row["id"]),
      source: String(row["source"]) as DeadLetter["source"],
      reason: String(row["reason"]),
      pointer: textOrNull(row["pointer"]),
      bytes: Number(row["bytes"]),
      at: Number(row["at"]),
    }));
}

export function readFigures(database: Database): JournalFigures {
  const number = (sql: string) => numberOrNull(Object.values(database.get(sql) ?? {})[0]) ?? 0;
  const scans: Record<ScanState, number> = { received: 0, decided: 0, analysed: 0 };
  for (const row of database.all("SELECT state, count(*) AS n FROM scans GROUP BY state")) {
    scans[String(row["state"]) as ScanState] = Number(row["n"]);
  }
  const first = (of: string) =>
    numberOrNull(database.get(`SELECT min(received_at) AS at FROM scans WHERE ${of}`)?.["at"] ?? null);
  // Each answered by a partial index, so that a long history or backlog does not slow `health` down.
  const unpublished = number("SELECT count(*) FROM outbox WHERE open = 1 AND published = 0");
  const oldest = ["hit", "alert"].flatMap((kind) => {
    const row = database.get(
      "SELECT created_at AS at FROM outbox WHERE open = 1 AND published = 0 AND kind = ? ORDER BY sequence LIMIT 1",
      kind,
    );
    return row === null ? [] : [Number(row["at"])];
  });
  return {
    journal: readMeta(database, META.journal) ?? "",
    sequence: number("SELECT max(sequence) FROM outbox WHERE sequence > 0"),
    scans,
    oldestScanAt: {
      undecided: scans.received === 0 ? null : first("state <> 'analysed' AND state = 'received'"),
      unanalysed: scans.received + scans.decided === 0 ? null : first("state <> 'analysed'"),
    },
    unpublished,
    unreceipted: unpublished + number("SELECT count(*) FROM outbox WHERE open = 1 AND published > 0"),
    oldestUnpublishedAt: oldest.length === 0 ? null : Math.min(...oldest),
    deadLetters:
      number("SELECT count(*) FROM letters") +
      number("SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL"),
  };
}

/** Rows of the outbox, newest first. */
export function listRows(database: Database, limit: number, filter: RowFilter = {}): ListedRow[] {
  const { before = Number.MAX_SAFE_INTEGER, lane = null, state } = filter;
  return database
    .all(
      `SELECT sequence, id, kind, lane, scan_id, created_at, dead_reason, published, receipted_at, dead_at, event IS NULL AS erased
       FROM outbox WHERE sequence < ?1 AND (?2 IS NULL OR lane = ?2) AND (${state === undefined ? "TRUE" : ROWS_IN[state]})
       ORDER BY sequence DESC LIMIT ?3`,
      before,
      lane,
      limit,
    )
    .map((row) => ({
      sequence: Number(row["sequence"]),
      id: String(row["id"]),
      kind: String(row["kind"]),
      state: stateOf(row),
      lane: textOrNull(row["lane"]),
      scanId: textOrNull(row["scan_id"]),
      createdAt: Number(row["created_at"]),
      reason: textOrNull(row["dead_reason"]),
    }));
}

function stateOf(row: SqlRow): RowState {
  if (row["dead_at"] !== null) return "dead";
  if (row["erased"] === 1) return "erased";
  if (row["receipted_at"] !== null) return "receipted";
  return Number(row["published"]) > 0 ? "published" : "unpublished";
}

/**
 * What time takes away: the data of rows delivered `keepPublishedMs` of running time ago (number and hashes stay),
 * declarations past their `retainUntil`, scores beyond their number. Returns the rows changed; a full step means there is more.
 * `now`: no later than the true time, ms since the epoch; `life`: how long the gateway has run, ms; `holdFirst`: false where
 * the worker, which lays the ballast afterwards, leaves the first one be.
 */
export function upkeep(
  context: OperationContext,
  { now, life, keepPublishedMs }: { now: number; life: number; keepPublishedMs: number; holdFirst?: boolean },
): { erased: number; more: boolean; backupsOver: boolean } {
  const { database, declarations } = context;
  const kept = "event IS NOT NULL AND delivered_life IS NOT NULL";
  // Running time that was lost with its file begins anew: what counts from later counts from now.
  database.run(`UPDATE outbox SET delivered_life = ?1 WHERE ${kept} AND delivered_life > ?1`, life);
  const erased = database.run(
    `UPDATE outbox SET event = NULL, wanted = 0 WHERE sequence IN (
       SELECT sequence FROM outbox WHERE ${kept} AND delivered_life < ? AND published_at IS NOT NULL LIMIT ${ERASE_STEP})`,
    life - keepPublishedMs,
  );
  const expired = declarations.write((store) => expire(store, now));
  if (expired > 0) declarations.shredded();
  declarations.shredAside(now);
  const forgotten = forgetScores(context);
  return {
    erased: erased + expired + forgotten,
    more: erased === ERASE_STEP || expired === SHRED_STEP || forgotten > 0,
    backupsOver: backupsOver(database, life, keepPublishedMs),
  };
}

/** The copy of an earlier version holds what is erased here: it goes when rows of its day have gone. */
function backupsOver(database: Database, life: number, keepPublishedMs: number): boolean {
  const upgraded = readMeta(database, META.upgraded);
  if (upgraded === null) return false;
  if (upgraded === UPGRADED_NOW || Number(upgraded) > life) {
    writeMeta(database, META.upgraded, String(life));
    return false;
  }
  if (life - Number(upgraded) < keepPublishedMs) return false;
  database.run("DELETE FROM meta WHERE key = ?", META.upgraded);
  return true;
}
