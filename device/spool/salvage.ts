import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Database } from "./database.ts";
import { META, writeMeta } from "./operations/context.ts";
import { SALVAGED_TABLES } from "./schema.ts";

type Values = Record<string, SQLInputValue>;

/**
 * Copies every readable row of a damaged journal into a new one; rows are read from both ends, so that one bad page does
 * not hide what lies behind it. Outbox rows keep their bytes and get negative sequences: the new journal counts its own.
 * Returns the rows saved by table. `now`: ms since the epoch. The damaged file is only read.
 */
export function salvage(from: string, to: Database, now: number): Record<string, number> {
  writeMeta(to, META.salvagedAt, String(now));
  const saved: Record<string, number> = {};
  let damaged: DatabaseSync;
  try {
    damaged = new DatabaseSync(from, { readOnly: true });
  } catch {
    return saved;
  }
  try {
    const meta = new Map<string, string>();
    readTable(damaged, "meta", (row) => meta.set(String(row["key"]), String(row["value"])));
    to.exec("BEGIN IMMEDIATE");
    if (meta.get(META.receipts) === "true") writeMeta(to, META.receipts, "true");
    for (const table of SALVAGED_TABLES) {
      saved[table] = 0;
      readTable(damaged, table, (row) => {
        saved[table] = (saved[table] ?? 0) + insert(to, table, row);
      });
    }
    let next = -1;
    saved["outbox"] = 0;
    readTable(damaged, "outbox", (row) => {
      const own = Number(row["sequence"]) > 0;
      const changed = insert(to, "outbox", {
        ...row,
        sequence: next,
        salvaged_journal: own ? (meta.get(META.journal) ?? "") : row["salvaged_journal"]!,
        salvaged_sequence: own ? row["sequence"]! : row["salvaged_sequence"]!,
      });
      if (changed > 0) next -= 1;
      saved["outbox"] = (saved["outbox"] ?? 0) + changed;
    });
    to.exec("COMMIT");
    return saved;
  } finally {
    damaged.close();
  }
}

function readTable(damaged: DatabaseSync, table: string, take: (row: Values) => void): void {
  for (const order of ["", " ORDER BY rowid DESC"]) {
    try {
      for (const row of damaged.prepare(`SELECT * FROM ${table}${order}`).iterate()) take(row as Values);
      return;
    } catch {
      // As far as this end can be read; a table without rowid has only one end.
    }
  }
}

/** Returns 1, or 0 when the row is there already or makes no sense any more. */
function insert(to: Database, table: string, row: Values): number {
  const columns = Object.keys(row);
  try {
    return to.run(
      `INSERT OR IGNORE INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
      ...Object.values(row),
    );
  } catch {
    return 0;
  }
}
