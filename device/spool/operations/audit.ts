import type { SqlRow } from "../../sqlite.ts";
import type { Database } from "../database.ts";
import type { AuditRow } from "../port.ts";
import { META, numberOrNull, type OperationContext, textOrNull, writeMeta } from "./context.ts";

/** Rows in one answer, at most. */
export const MAX_AUDIT_ROWS = 1000;

const COLUMNS =
  "sequence, id, kind, lane, scan_id, revision, created_at, previous, hash, signature, key_id, event";

/** Hashes of the journal's own rows after a sequence, oldest first: what its Merkle tree is made of. */
export function rowHashes(
  { database }: OperationContext,
  page: { after: number; limit: number },
): { sequence: number; hash: string }[] {
  return rowHashesIn(database, { ...page, limit: Math.min(page.limit, MAX_AUDIT_ROWS) });
}

export function rowHashesIn(
  database: Database,
  { after, limit }: { after: number; limit: number },
): { sequence: number; hash: string }[] {
  return database
    .all(
      "SELECT sequence, hash FROM outbox WHERE sequence > ? AND sequence > 0 ORDER BY sequence LIMIT ?",
      after,
      limit,
    )
    .map((row) => ({ sequence: Number(row["sequence"]), hash: String(row["hash"]) }));
}

/** Rows as they stand, of the journal's own (after 0 or later) or saved from damaged ones (`salvaged`). */
export function auditRowsIn(
  database: Database,
  { after, limit }: { after: number; limit: number },
): AuditRow[] {
  return database
    .all(
      `SELECT ${COLUMNS} FROM outbox WHERE sequence > ? AND sequence > 0 ORDER BY sequence LIMIT ?`,
      after,
      limit,
    )
    .map(auditRow);
}

/** Rows of the journal's own that say something of a scan, in order. */
export function auditRowsOfIn(database: Database, scanId: string): AuditRow[] {
  return database
    .all(
      `SELECT ${COLUMNS} FROM outbox WHERE scan_id = ? AND sequence > 0 ORDER BY sequence LIMIT ?`,
      scanId,
      MAX_AUDIT_ROWS,
    )
    .map(auditRow);
}

/** Rows saved from damaged journals, by journal and their number there. */
export function salvagedRowsIn(database: Database): { journal: string; row: AuditRow }[] {
  return database
    .all(
      `SELECT ${COLUMNS}, salvaged_journal, salvaged_sequence FROM outbox
       WHERE sequence < 0 ORDER BY salvaged_journal, salvaged_sequence`,
    )
    .map((row) => ({
      journal: String(row["salvaged_journal"]),
      row: { ...auditRow(row), sequence: Number(row["salvaged_sequence"]) },
    }));
}

function auditRow(row: SqlRow): AuditRow {
  return {
    sequence: Number(row["sequence"]),
    id: String(row["id"]),
    kind: row["kind"] === "alert" ? "alert" : "hit",
    lane: textOrNull(row["lane"]),
    scanId: textOrNull(row["scan_id"]),
    revision: numberOrNull(row["revision"]),
    createdAt: Number(row["created_at"]),
    previous: String(row["previous"]),
    hash: String(row["hash"]),
    signature: textOrNull(row["signature"]),
    keyId: textOrNull(row["key_id"]),
    event: textOrNull(row["event"]),
  };
}

/** Ids of analysed scans whose planes should be there. */
export function keptScanIdsIn(database: Database): string[] {
  return database
    .all("SELECT scan_id FROM scans WHERE evicted = 0 AND state = 'analysed' ORDER BY received_at, scan_id")
    .map((row) => String(row["scan_id"]));
}

/** The journal's signer; null where none is configured. */
export function signerOf({ signer }: OperationContext): { keyId: string; publicKey: string } | null {
  return signer === null ? null : { keyId: signer.keyId, publicKey: signer.publicKey };
}

/** Ed25519 over a text by the journal's key; null where none is configured. */
export function signText({ signer }: OperationContext, { text }: { text: string }): Uint8Array | null {
  return signer?.signText(text) ?? null;
}

/** A commit like any other: whoever watches the gateway learns that rows still reach the disk. */
export function heartbeat({ database }: OperationContext, { now }: { now: number }): void {
  writeMeta(database, META.heartbeat, String(now));
}
