import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LynceusError } from "../../protocols/errors.ts";
import { Database } from "../sqlite.ts";

/** File name within the spool's folder. */
export const DECLARATIONS_FILE = "declarations.db";
/** Pages that SQLite keeps in memory, KiB; everything else of the store is on the disk. */
const CACHE_KIB = 16 * 1024;
/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);

/** One migration an entry; `PRAGMA user_version` counts those applied. A released entry is never edited. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  -- Rows are numbered as they come: a higher row was stored later.
  CREATE TABLE records (
    row INTEGER PRIMARY KEY, revision INTEGER NOT NULL, live INTEGER NOT NULL,
    stored_at INTEGER NOT NULL, retain_until INTEGER NOT NULL, body BLOB NOT NULL
  );
  CREATE INDEX records_retained ON records (retain_until);
  CREATE TABLE names (hash INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (hash, row)) WITHOUT ROWID;
  `,
  `
  CREATE TABLE risk_models (id INTEGER PRIMARY KEY, name TEXT NOT NULL, prevalence REAL NOT NULL, UNIQUE (name, prevalence));
  -- What a model said of the record's risk, asked for when it was stored; null until it has answered.
  ALTER TABLE records ADD COLUMN risk REAL;
  ALTER TABLE records ADD COLUMN risk_model INTEGER;
  `,
];

/** Whether an error says that the file is damaged. */
export function isDamage(error: unknown): boolean {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" && DAMAGED.has(code & 0xff);
}

/**
 * Opens the store of declarations in a spool's folder. It is not checked from end to end, which would take minutes of a
 * full one; damage shows when it is met. What is deleted is overwritten (`secure_delete`), so that a declaration past its
 * time is gone from the file and not only from its index.
 */
export function openDeclarations(path: string): Database {
  const db = new DatabaseSync(join(path, DECLARATIONS_FILE), { timeout: 0 });
  try {
    db.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON;
       PRAGMA cache_size = -${CACHE_KIB}; PRAGMA journal_size_limit = 67108864`,
    );
    migrate(db);
    return new Database(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: DatabaseSync): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (version > MIGRATIONS.length) {
    throw new LynceusError(
      "LYN_JOURNAL_VERSION",
      `the store of declarations has version ${version}, this program knows ${MIGRATIONS.length}`,
      {
        remedy: "Install the version that wrote the spool, or a newer one, or configure another spool.path.",
        details: { version, known: MIGRATIONS.length },
      },
    );
  }
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < version) continue;
    db.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
