import { LynceusError } from "../../../protocols/errors.ts";
import type { Analysis, Scan, ScanKey } from "../../scan.ts";
import type { Database, SqlRow } from "../database.ts";
import type { Accepted, KnownScan, ScanState, StoredScan } from "../port.ts";
import { META, type OperationContext, readMeta, textOrNull } from "./context.ts";

/** Scans that one declaration can have rescored. */
const MAX_MATCHED_SCANS = 1000;

/** Of `scans.evicted`: 0 the planes are kept, 1 they made room, and this: they are kept apart as damaged. */
export const DAMAGED = 2;

const STORED = "scan, state, revision, analysis, last_hit_id, directory";

/** A scan to make durable; `directory` is relative to the spool. */
export interface AcceptArguments {
  readonly scan: Scan;
  readonly directory: string;
  readonly bytes: number;
}

/** `freed`: the folder that is no longer needed, relative to the spool. */
export interface AcceptResult extends Accepted {
  readonly freed: string | null;
  /** Change of the bytes that the spool's planes take. */
  readonly grown: number;
}

interface FloorEntry {
  readonly class: string;
  readonly score: number;
  readonly threshold: number;
}

export function findScan(
  { database }: OperationContext,
  { lane, key }: { lane: string; key: ScanKey },
): KnownScan | null {
  const same = database.get(
    "SELECT scan_id, complete FROM scans WHERE lane = ? AND serial = ? AND scan_ref = ? AND started_at = ?",
    lane,
    key.serial,
    key.scanRef,
    key.startedAt,
  );
  const row = same ?? otherStart(database, lane, key);
  if (row === null) return null;
  return { scanId: String(row["scan_id"]), complete: row["complete"] === 1, otherStart: same === null };
}

function otherStart(database: Database, lane: string, key: ScanKey): SqlRow | null {
  return database.get(
    "SELECT scan_id, complete FROM scans WHERE lane = ? AND serial = ? AND scan_ref = ? ORDER BY received_at DESC LIMIT 1",
    lane,
    key.serial,
    key.scanRef,
  );
}

export function acceptScan(
  context: OperationContext,
  { scan, directory, bytes }: AcceptArguments,
): AcceptResult {
  const { database } = context;
  const complete = !scan.acquisition.includes("INCOMPLETE");
  const { serial, scanRef, startedAt } = scan.key;
  const known = database.get(
    `SELECT scan_id, complete, bytes, evicted, ${STORED} FROM scans WHERE lane = ? AND serial = ? AND scan_ref = ? AND started_at = ?`,
    scan.lane,
    serial,
    scanRef,
    startedAt,
  );
  if (known === null) {
    database.run(
      `INSERT INTO scans (scan_id, lane, serial, scan_ref, started_at, complete, state, received_at, directory, bytes, scan)
       VALUES (?, ?, ?, ?, ?, ?, 'received', ?, ?, ?, ?)`,
      scan.scanId,
      scan.lane,
      serial,
      scanRef,
      startedAt,
      complete ? 1 : 0,
      scan.receivedAt,
      directory,
      bytes,
      storedJson(scan),
    );
    indexIdentifiers(database, scan);
    return { scan, outcome: "new", freed: null, grown: bytes };
  }
  if (known["directory"] === directory) {
    return { scan: storedScan(known).scan, outcome: "duplicate", freed: null, grown: 0 };
  }
  if (known["complete"] === 1 || !complete) {
    return { scan: storedScan(known).scan, outcome: "duplicate", freed: directory, grown: 0 };
  }
  const before = storedScan(known).scan;
  const whole: Scan = { ...scan, ...sameItem(before, scan), scanId: before.scanId, replaces: true };
  database.run(
    `UPDATE scans SET complete = 1, state = 'received', analysis = NULL, received_at = ?, directory = ?, bytes = ?, evicted = 0, scan = ?
     WHERE scan_id = ?`,
    whole.receivedAt,
    directory,
    bytes,
    storedJson(whole),
    whole.scanId,
  );
  indexIdentifiers(database, whole);
  const had = known["evicted"] === 0 ? Number(known["bytes"]) : 0;
  // Planes that were kept apart as damaged stay there.
  const freed = known["evicted"] === DAMAGED ? null : String(known["directory"]);
  return { scan: whole, outcome: "replaced", freed, grown: bytes - had };
}

/**
 * What is known of an item whose scan was sent again: its label and mass were read when it passed, and are not read again
 * with the lines. What came with the lines is added.
 */
function sameItem(before: Scan, again: Scan): Pick<Scan, "identifiers" | "measured" | "trackingAmbiguous"> {
  const { identifiers, measured, trackingAmbiguous } = before;
  const nothing = identifiers.length === 0 && measured.massKg === null && measured.radiation === null;
  if (trackingAmbiguous || nothing) {
    return {
      identifiers: again.identifiers,
      measured: again.measured,
      trackingAmbiguous: again.trackingAmbiguous,
    };
  }
  const schemes = new Set(identifiers.map(({ scheme }) => scheme));
  const added = again.identifiers.filter(({ scheme }) => !schemes.has(scheme));
  return { identifiers: [...identifiers, ...added], measured, trackingAmbiguous };
}

/** Replaces what is known of the item; the acquisition stays as stored, for a whole one may have come meanwhile. */
export function updateScan({ database }: OperationContext, { scan }: { scan: Scan }): void {
  const row = database.get(`SELECT ${STORED} FROM scans WHERE scan_id = ?`, scan.scanId);
  if (row === null) throw unknownScan(scan.scanId);
  const { identifiers, measured, trackingAmbiguous } = scan;
  const updated: Scan = { ...storedScan(row).scan, identifiers, measured, trackingAmbiguous };
  database.run("UPDATE scans SET scan = ? WHERE scan_id = ?", storedJson(updated), scan.scanId);
  indexIdentifiers(database, updated);
}

export function unfinishedScans({ database }: OperationContext): StoredScan[] {
  return database
    .all(`SELECT ${STORED} FROM scans WHERE state <> 'analysed' ORDER BY received_at, scan_id`)
    .map(storedScan);
}

export function readScan({ database }: OperationContext, { scanId }: { scanId: string }): StoredScan | null {
  return scanIn(database, scanId);
}

/** Its folder is relative to the spool. */
export function scanIn(database: Database, scanId: string): StoredScan | null {
  const row = database.get(`SELECT ${STORED} FROM scans WHERE scan_id = ?`, scanId);
  return row === null ? null : storedScan(row);
}

export function findScansByIdentifiers(
  { database }: OperationContext,
  { identifiers, since }: { identifiers: readonly { scheme: string; value: string }[]; since: number },
): StoredScan[] {
  return database
    .all(
      `SELECT ${STORED} FROM scans WHERE scan_id IN (
         SELECT k.scan_id FROM json_each(?) AS wanted
         JOIN scan_keys AS k ON k.scheme = wanted.value ->> 'scheme' AND k.value = wanted.value ->> 'value'
         WHERE k.received_at >= ?
       ) ORDER BY received_at LIMIT ${MAX_MATCHED_SCANS}`,
      JSON.stringify(identifiers),
      since,
    )
    .map(storedScan);
}

/**
 * Of some folders (relative to the spool) those to keep: of scans whose planes are kept, and any from before a damage of
 * the journal, since the row that owned it may be what was lost.
 */
export function keptDirectories(
  { database }: OperationContext,
  { directories }: { directories: readonly string[] },
): string[] {
  const owned = database.all(
    "SELECT directory FROM scans WHERE evicted = 0 AND directory IN (SELECT value FROM json_each(?))",
    JSON.stringify(directories),
  );
  const salvagedAt = Number(readMeta(database, META.salvagedAt) ?? 0);
  return [
    ...owned.map((row) => String(row["directory"])),
    ...directories.filter((directory) => mintedAt(directory) < salvagedAt),
  ];
}

/** When a scan's folder was named, ms since the epoch: the first 48 bits of a UUIDv7. */
function mintedAt(directory: string): number {
  return Number.parseInt(directory.slice(-36).replace("-", "").slice(0, 12), 16);
}

export function planeBytes({ database }: OperationContext): number {
  return Number(
    database.get("SELECT coalesce(sum(bytes), 0) AS sum FROM scans WHERE evicted = 0")?.["sum"] ?? 0,
  );
}

/** `score.floor` of the scan's last hit. */
export function heldFloor({ database }: OperationContext, { scanId }: { scanId: string }): FloorEntry[] {
  const floor = textOrNull(database.get("SELECT floor FROM scans WHERE scan_id = ?", scanId)?.["floor"]);
  return floor === null ? [] : (JSON.parse(floor) as FloorEntry[]);
}

export function unknownScan(scanId: string): LynceusError {
  return new LynceusError("LYN_SCAN_UNKNOWN", `scan ${scanId} is not in the spool`, {
    remedy: "Accept the scan first, or look it up with `lynceus outbox`.",
    details: { scanId },
  });
}

/** The folder stands in its own column, relative to the spool, so that a spool can be moved. */
function storedJson(scan: Scan): string {
  return JSON.stringify({ ...scan, directory: "" });
}

/** `scan.directory` is relative to the spool here; the spool makes it absolute. */
/** Scans received between two times (ms, `to` excluded), the newest `limit` of them, oldest first; read one by one. */
export function* scansBetween(
  database: Database,
  { from, to, limit }: { from: number; to: number; limit: number },
): Generator<StoredScan> {
  const ids = database.all(
    "SELECT scan_id FROM scans WHERE received_at >= ? AND received_at < ? ORDER BY received_at DESC, scan_id DESC LIMIT ?",
    from,
    to,
    limit,
  );
  for (const { scan_id: scanId } of ids.reverse()) {
    const stored = scanIn(database, String(scanId));
    if (stored !== null) yield stored;
  }
}

function storedScan(row: SqlRow): StoredScan {
  const analysis = textOrNull(row["analysis"]);
  const scan = JSON.parse(String(row["scan"])) as Scan;
  return {
    scan: { ...scan, directory: String(row["directory"]) },
    state: String(row["state"]) as ScanState,
    revision: Number(row["revision"]),
    analysis: analysis === null ? null : (JSON.parse(analysis) as Analysis),
    lastHitId: textOrNull(row["last_hit_id"]),
  };
}

function indexIdentifiers(database: Database, scan: Scan): void {
  database.run("DELETE FROM scan_keys WHERE scan_id = ?", scan.scanId);
  for (const { scheme, value } of scan.identifiers) {
    database.run(
      "INSERT OR IGNORE INTO scan_keys (scheme, value, scan_id, received_at) VALUES (?, ?, ?, ?)",
      scheme,
      value,
      scan.scanId,
      scan.receivedAt,
    );
  }
}
