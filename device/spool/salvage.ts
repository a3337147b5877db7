import { createHash } from "node:crypto";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { linkHash } from "../../protocols/chain.ts";
import type { Database } from "./database.ts";
import { META, writeMeta } from "./operations/context.ts";
import { SALVAGED_OLD_TABLES, SALVAGED_TABLES } from "./schema.ts";

/** Rows passed over in one leap when those before them cannot be read. */
const MAX_SKIP = 1 << 20;

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
        if (!isSound(table, row)) return;
        saved[table] = (saved[table] ?? 0) + insert(to, table, row);
      });
    }
    for (const [table, now] of Object.entries(SALVAGED_OLD_TABLES)) {
      readTable(damaged, table, (row) => {
        if (isSound(table, row)) saved[table] = (saved[table] ?? 0) + insert(to, now, row);
      });
    }
    let next = -1;
    saved["outbox"] = 0;
    readTable(damaged, "outbox", (row) => {
      const own = Number(row["sequence"]) > 0;
      const changed = insert(to, "outbox", {
        ...(holds(row) ? row : { ...row, ...dead(now) }),
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

/** A page of a long text may be gone while the row can still be read: what can be checked is. */
function isSound(table: string, row: Values): boolean {
  switch (table) {
    case "scans":
      return isJson(row["scan"]) && (row["analysis"] === null || isJson(row["analysis"]));
    case "declarations":
      return row["content"] === createHash("sha256").update(String(row["body"])).digest("hex");
    default:
      return true;
  }
}

/** Whether an outbox row's bytes are those that its hash was made of. */
function holds(row: Values): boolean {
  if (row["event"] === null) return true;
  try {
    const { data } = JSON.parse(String(row["event"])) as { data: Record<string, unknown> };
    return linkHash(String(row["previous"]), data) === row["hash"];
  } catch {
    return false;
  }
}

/** A row whose bytes are damaged is kept with its number and hash, and never sent. */
function dead(now: number): Values {
  return { event: null, open: 0, dead_at: now, dead_reason: "its bytes were damaged on the disk" };
}

function isJson(text: SQLInputValue | undefined): boolean {
  try {
    JSON.parse(String(text));
    return !String(text).includes("\ufffd");
  } catch {
    return false;
  }
}

/** Reads forwards, past what cannot be read, and then backwards from the end: `take` may see a row twice. */
function readTable(damaged: DatabaseSync, table: string, take: (row: Values) => void): void {
  const read = (sql: string, ...values: number[]): boolean => {
    try {
      for (const row of damaged.prepare(sql).iterate(...values)) take(row as Values);
      return true;
    } catch {
      return false;
    }
  };
  if (read(`SELECT * FROM ${table}`)) return;
  readPastDamage(damaged, table, take);
  read(`SELECT * FROM ${table} ORDER BY 1 DESC`);
}

/** Behind a row or page that cannot be read the next is looked for ever further on. */
function readPastDamage(damaged: DatabaseSync, table: string, take: (row: Values) => void): void {
  let last = Number.MIN_SAFE_INTEGER;
  for (let skip = 0; skip < MAX_SKIP; skip = skip === 0 ? 1 : skip * 2) {
    try {
      const rows = damaged.prepare(
        `SELECT rowid AS salvaged_row, * FROM ${table} WHERE rowid > ? ORDER BY rowid`,
      );
      for (const { salvaged_row: number, ...row } of rows.iterate(last + skip)) {
        take(row as Values);
        last = Number(number);
        skip = 0;
      }
      return;
    } catch {
      // A table without rowid, or damage: go on behind it.
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
