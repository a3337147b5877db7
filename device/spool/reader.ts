import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LynceusError } from "../../protocols/errors.ts";
import { PlaneVault } from "../keys/plane-vault.ts";
import { freeBytes } from "./ballast.ts";
import { Database, JOURNAL_FILE } from "./database.ts";
import {
  auditRowsIn,
  auditRowsOfIn,
  keptScanIdsIn,
  MAX_AUDIT_ROWS,
  rowHashesIn,
  salvagedRowsIn,
} from "./operations/audit.ts";
import { META, readMeta } from "./operations/context.ts";
import { lastHitIn } from "./operations/outbox.ts";
import {
  confirmedIn,
  outcomeCounts,
  outcomesOfIn,
  readScores,
  type ScoredHit,
  unknownOutcomes,
} from "./operations/outcomes.ts";
import { scanIn, scansBetween } from "./operations/scans.ts";
import {
  type ListedRow,
  listDeadLetters,
  listRows,
  type RowFilter,
  readFigures,
} from "./operations/upkeep.ts";
import type { AuditRow, DeadLetter, OutboxRow, SpoolFigures, StoredScan } from "./port.ts";
import { JOURNAL_VERSION, versionOf } from "./schema.ts";

/** A look into a spool that a gateway may have open. */
export interface SpoolReader {
  figures(): SpoolFigures;
  /** Rows of the outbox, newest first. */
  list(limit: number, filter?: RowFilter): readonly ListedRow[];
  deadLetters(limit: number): readonly DeadLetter[];
  /** Hits scored between two times (ms, `to` excluded) with the outcomes that stand, oldest first; at most `limit`, the newest. */
  scores(period: { from: number; to: number; limit: number }): readonly ScoredHit[];
  /** Outcomes received between two times (ms, `to` excluded), by result. */
  outcomeCounts(period: {
    from: number;
    to: number;
  }): Readonly<Record<"confirmed" | "refuted" | "partial", number>>;
  /** Outcomes for scans that the gateway does not know, since the journal began. */
  unknownOutcomes(): number;
  /** Which of these scans an examination found something in. */
  confirmedAmong(scanIds: readonly string[]): readonly string[];
  /** Scans with their analyses, received between two times (ms), oldest first. */
  scans(period: { from: number; to: number; limit: number }): Iterable<StoredScan>;
  /** One of them; null where there is none. */
  scan(scanId: string): StoredScan | null;
  /** The hit that stands for a scan; null where it has none, or what it said was erased. */
  lastHit(scanId: string): OutboxRow | null;
  /** Name of the journal. */
  journal(): string;
  /** Its rows in order, as they stand; those after a sequence where one is given. */
  auditRows(after?: number): Iterable<AuditRow>;
  /** Those that say something of a scan. */
  auditRowsOf(scanId: string): readonly AuditRow[];
  /** What examinations found in a scan: the outcomes as received. */
  outcomesOf(scanId: string): readonly string[];
  /** One of them. */
  auditRow(sequence: number): AuditRow | null;
  /** Their hashes alone. */
  rowHashes(): Iterable<{ readonly sequence: number; readonly hash: string }>;
  /** Ids of analysed scans whose planes were not evicted, oldest first. */
  keptScanIds(): readonly string[];
  /** Rows saved from damaged journals, by journal and number. */
  salvagedRows(): readonly { readonly journal: string; readonly row: AuditRow }[];
  close(): void;
}

/**
 * Opens a spool for reading, beside a running gateway or without one; nothing is written or repaired. Throws
 * LYN_SPOOL_MISSING, or LYN_JOURNAL_VERSION when this program does not know the journal's version.
 */
export function openSpoolReader(path: string, vault: PlaneVault = new PlaneVault([])): SpoolReader {
  const file = join(path, JOURNAL_FILE);
  if (!existsSync(file)) {
    throw new LynceusError("LYN_SPOOL_MISSING", `there is no spool in ${path}`, {
      remedy: "Name the folder of spool.path; a gateway creates it when it first runs.",
      details: { path },
    });
  }
  const database = new Database(new DatabaseSync(file, { readOnly: true, timeout: 5000 }));
  const version = versionOf(database.db);
  if (version !== JOURNAL_VERSION) {
    database.close();
    throw new LynceusError(
      "LYN_JOURNAL_VERSION",
      `the journal has version ${version}, not ${JOURNAL_VERSION}`,
      {
        remedy: "Use the version of the program that the gateway runs.",
        details: { version, known: JOURNAL_VERSION },
      },
    );
  }
  return {
    figures: () => ({ ...readFigures(database), freeBytes: freeBytes(path), usedBytes: usedBytes(database) }),
    list: (limit, filter) => listRows(database, limit, filter),
    deadLetters: (limit) => listDeadLetters(database, limit),
    scores: (period) => readScores(database, period),
    confirmedAmong: (scanIds) => confirmedIn(database, scanIds),
    outcomeCounts: (period) => outcomeCounts(database, period),
    unknownOutcomes: () => unknownOutcomes(database),
    *scans(period) {
      for (const stored of scansBetween(database, period)) yield located(path, stored, vault);
    },
    scan: (scanId) => {
      const stored = scanIn(database, scanId);
      return stored === null ? null : located(path, stored, vault);
    },
    lastHit: (scanId) => lastHitIn(database, scanId),
    journal: () => readMeta(database, META.journal) ?? "",
    auditRows: (first = 0) =>
      paged((after) => auditRowsIn(database, { after, limit: MAX_AUDIT_ROWS }), first),
    auditRowsOf: (scanId) => auditRowsOfIn(database, scanId),
    outcomesOf: (scanId) => outcomesOfIn(database, scanId),
    auditRow: (sequence) => {
      const row = auditRowsIn(database, { after: sequence - 1, limit: 1 })[0];
      return row?.sequence === sequence ? row : null;
    },
    rowHashes: () => paged((after) => rowHashesIn(database, { after, limit: MAX_AUDIT_ROWS })),
    keptScanIds: () => keptScanIdsIn(database),
    salvagedRows: () => salvagedRowsIn(database),
    close: () => database.close(),
  };
}

/** Rows page by page: a journal may hold a million. */
function* paged<Row extends { readonly sequence: number }>(
  page: (after: number) => readonly Row[],
  first = 0,
): Generator<Row> {
  for (let after = first; ; ) {
    const rows = page(after);
    yield* rows;
    if (rows.length < MAX_AUDIT_ROWS) return;
    after = rows.at(-1)?.sequence ?? after;
  }
}

/** With its folder where it is now. */
function located(path: string, stored: StoredScan, vault: PlaneVault): StoredScan {
  return { ...stored, scan: vault.unseal({ ...stored.scan, directory: join(path, stored.scan.directory) }) };
}

function usedBytes(database: Database): number {
  return Number(database.get("SELECT coalesce(sum(bytes), 0) AS n FROM scans WHERE evicted = 0")?.["n"] ?? 0);
}
