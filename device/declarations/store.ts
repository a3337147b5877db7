import type { Declaration } from "../../protocols/declaration.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import type { Database, SqlRow } from "../sqlite.ts";
import { type DeclarationRecord, packRecord, type StoredFinding, unpackRecord } from "./codec.ts";
import { widenGap } from "./gap.ts";
import type { KeptRisk } from "./kept-risk.ts";
import { canonicalKey, consigneeName, idName, type Key, keyNames, nameHash } from "./keys.ts";
import { type Retention, retainUntil, USUAL_RETENTION } from "./retention.ts";

/** Declarations that one item can match. */
export const MAX_MATCHED = 100;
/** Rows that may stand under one name and are looked at: the newest of a master waybill's thousand houses. */
const MAX_UNDER_NAME = 100;
/** Consignments of one consignee that are counted. */
export const MAX_COUNTED = 100;
/** Expired records shredded in one transaction. */
export const SHRED_STEP = 500;

/** A declaration as the gateway keeps it. */
export interface KeptDeclaration {
  readonly declaration: Declaration;
  readonly findings: readonly StoredFinding[];
  /** When this gateway stored it, ms since the epoch. */
  readonly storedAt: number;
  /** Absent: no model has said anything of its risk, or nobody asked for it here. */
  readonly risk?: KeptRisk;
}

export type PutOutcome = "stored" | "same" | "conflict" | "stale";

interface Found {
  readonly row: number;
  readonly revision: number;
  readonly live: boolean;
  readonly storedAt: number;
  readonly retainUntil: number;
  readonly record: DeclarationRecord;
}

const COLUMNS = "row, revision, live, stored_at, retain_until, body";

/** Durable upsert: the newest revision of an aedId stands, and the first content of a revision. `at`: ms since the epoch. */
export function put(
  database: Database,
  declaration: Declaration,
  findings: readonly StoredFinding[],
  at: number,
  retention: Retention = USUAL_RETENTION,
): PutOutcome {
  const known = byId(database, declaration.aedId);
  if (known !== null && declaration.revision < known.revision) return "stale";
  const cancels = declaration.function === "cancel";
  // A cancellation keeps the keys of what it cancels: their scans are to be scored again.
  const held = cancels && declaration.identifiers === undefined ? keysOf(known?.record) : undefined;
  if (known !== null && declaration.revision === known.revision)
    return sameContent(known.record, declaration) ? "same" : "conflict";
  if (known !== null) remove(database, known.row, known.record);
  insert(database, { declaration, findings, ...(held === undefined ? {} : { held }) }, at, retention);
  return "stored";
}

/** Adds a record whose aedId is not there. */
export function insert(
  database: Database,
  record: DeclarationRecord,
  at: number,
  retention: Retention = USUAL_RETENTION,
): void {
  const { declaration } = record;
  const { row } = database.get(
    "INSERT INTO records (revision, live, stored_at, retain_until, body) VALUES (?, ?, ?, ?, ?) RETURNING row",
    declaration.revision,
    declaration.function === "cancel" ? 0 : 1,
    at,
    retainUntil(declaration, at, retention),
    packRecord(record),
  ) as { row: number };
  for (const name of namesOf(record))
    database.run("INSERT OR IGNORE INTO names (hash, row) VALUES (?, ?)", nameHash(name), row);
}

/** Whether a declaration, of whatever revision, is there. */
export function holds(database: Database, aedId: string): boolean {
  return byId(database, aedId) !== null;
}

/** The record of this very revision of an aedId; null where another one stands, or none. */
export function rowOf(database: Database, aedId: string, revision: number): number | null {
  const known = byId(database, aedId);
  return known?.revision === revision ? known.row : null;
}

/**
 * Live declarations that carry any of the identifiers, the newest first. `now`: ms since the epoch; `riskOf`: what is kept of
 * a record's risk.
 */
export function find(
  database: Database,
  identifiers: readonly Key[],
  now: number,
  riskOf?: (database: Database, row: number) => KeptRisk | null,
): KeptDeclaration[] {
  const found = new Map<number, KeptDeclaration>();
  for (const name of keyNames(identifiers)) {
    for (const one of byName(database, name)) {
      if (found.size >= MAX_MATCHED) break;
      if (!one.live || one.retainUntil <= now) continue;
      const risk = riskOf?.(database, one.row) ?? null;
      const { declaration, findings } = one.record;
      const kept = { declaration, findings, storedAt: one.storedAt };
      found.set(one.row, risk === null ? kept : { ...kept, risk });
    }
  }
  return [...found.values()].sort(
    (one, other) =>
      other.storedAt - one.storedAt || (one.declaration.aedId < other.declaration.aedId ? -1 : 1),
  );
}

/** The identifiers, canonical, that the stored revision of an aedId carries. */
export function keysOfId(database: Database, aedId: string): Key[] {
  return keysOf(byId(database, aedId)?.record);
}

/** Whether anything of these identifiers was stored after `after`, ms since the epoch, and whether it still stands. */
export function storedAfter(
  database: Database,
  identifiers: readonly Key[],
  after: number,
): { readonly storedAt: number; readonly live: boolean } | null {
  let newest: { storedAt: number; live: boolean } | null = null;
  for (const name of keyNames(identifiers)) {
    const rows = database.all(
      `SELECT r.row, stored_at, live FROM names AS n CROSS JOIN records AS r ON r.row = n.row
       WHERE n.hash = ? AND stored_at > ? ORDER BY n.row DESC LIMIT ${MAX_UNDER_NAME}`,
      nameHash(name),
      after,
    );
    for (const row of rows) {
      const storedAt = Number(row["stored_at"]);
      if (newest !== null && newest.storedAt >= storedAt) continue;
      newest = { storedAt, live: row["live"] === 1 };
    }
  }
  return newest;
}

/**
 * How many live declarations name this consignee token and were stored between the two times, ms since the epoch, both
 * included; it counts no further than {@link MAX_COUNTED}. The index alone is read, not the declarations.
 */
export function countByConsignee(database: Database, token: string, from: number, to: number): number {
  const row = database.get(
    `SELECT count(*) AS n FROM (
       SELECT 1 FROM names AS n CROSS JOIN records AS r ON r.row = n.row
       WHERE n.hash = ? AND r.live = 1 AND r.stored_at BETWEEN ? AND ? LIMIT ${MAX_COUNTED})`,
    nameHash(consigneeName(token)),
    from,
    to,
  );
  return Number(row?.["n"] ?? 0);
}

/** Shreds what is past its time; returns how many, {@link SHRED_STEP} at most. `now`: ms since the epoch. */
export function expire(database: Database, now: number): number {
  const rows = database.all(
    `SELECT ${COLUMNS} FROM records WHERE retain_until <= ? ORDER BY retain_until LIMIT ${SHRED_STEP}`,
    now,
  );
  for (const row of rows) {
    const found = foundOf(database, row);
    if (found !== null) remove(database, found.row, found.record);
  }
  return rows.length;
}

/** Makes room: the oldest records go, whatever they say of their time; returns how many. */
export function dropOldest(database: Database, most: number): number {
  const rows = database.all(`SELECT ${COLUMNS} FROM records ORDER BY row LIMIT ?`, most);
  for (const row of rows) {
    const found = foundOf(database, row);
    if (found !== null) remove(database, found.row, found.record);
  }
  return rows.length;
}

/** When the newest declaration was stored, ms since the epoch; null where there is none. */
export function newestAt(database: Database): number | null {
  const row = database.get("SELECT stored_at AS at FROM records ORDER BY row DESC LIMIT 1");
  return row === null ? null : Number(row["at"]);
}

function byId(database: Database, aedId: string): Found | null {
  const wanted = aedId.toLowerCase();
  const rows = underName(database, idName(aedId));
  return rows.find(({ record }) => record.declaration.aedId.toLowerCase() === wanted) ?? null;
}

function byName(database: Database, name: string): readonly Found[] {
  return underName(database, name).filter(({ record }) => keyNames(keysOf(record)).includes(name));
}

function underName(database: Database, name: string): readonly Found[] {
  return database
    .all(
      `SELECT ${COLUMNS} FROM records WHERE row IN
         (SELECT row FROM names WHERE hash = ? ORDER BY row DESC LIMIT ${MAX_UNDER_NAME}) ORDER BY row DESC`,
      nameHash(name),
    )
    .flatMap((row) => foundOf(database, row) ?? []);
}

/** Null for a record that cannot be unpacked: it is dropped, and central will be asked for it. */
function foundOf(database: Database, row: SqlRow): Found | null {
  const storedAt = Number(row["stored_at"]);
  try {
    return {
      row: Number(row["row"]),
      revision: Number(row["revision"]),
      live: row["live"] === 1,
      storedAt,
      retainUntil: Number(row["retain_until"]),
      record: unpackRecord(row["body"] as Uint8Array),
    };
  } catch (error) {
    if (!isLynceusError(error, "LYN_DECLARATION_RECORD")) throw error;
    database.run("DELETE FROM records WHERE row = ?", Number(row["row"]));
    widenGap(database, storedAt);
    return null;
  }
}

function remove(database: Database, row: number, record: DeclarationRecord): void {
  for (const name of namesOf(record))
    database.run("DELETE FROM names WHERE hash = ? AND row = ?", nameHash(name), row);
  database.run("DELETE FROM records WHERE row = ?", row);
}

function namesOf(record: DeclarationRecord): readonly string[] {
  const token = record.declaration.parties?.consignee?.token;
  return [
    idName(record.declaration.aedId),
    ...keyNames(keysOf(record)),
    ...(token === undefined ? [] : [consigneeName(token)]),
  ];
}

function keysOf(record: DeclarationRecord | undefined): Key[] {
  const own = record?.declaration.identifiers ?? record?.held ?? [];
  return own
    .map(canonicalKey)
    .sort((one, other) => compare(one.scheme, other.scheme) || compare(one.value, other.value));
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function sameContent(record: DeclarationRecord, declaration: Declaration): boolean {
  // Both packed without findings and held keys: the content that central sent decides.
  const plain = (given: Declaration) => packRecord({ declaration: given, findings: [] });
  return Buffer.compare(plain(record.declaration), plain(declaration)) === 0;
}
