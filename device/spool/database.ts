import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LynceusError } from "../../protocols/errors.ts";
import { Database } from "../sqlite.ts";
import { errorNumber } from "./disk-errors.ts";
import { migrate } from "./schema.ts";

export { Database, type SqlRow } from "../sqlite.ts";

/** File names within the spool's folder. */
export const JOURNAL_FILE = "journal.db";
const LOCK_FILE = "lock.db";

/** SQLITE_BUSY, SQLITE_CORRUPT, SQLITE_NOTADB. */
const BUSY = 5;
const CORRUPT: ReadonlySet<number> = new Set([11, 26]);

/** What {@link openJournal} found. `corrupt`: where a damaged journal was moved to. */
export interface OpenedJournal {
  readonly database: Database;
  readonly corrupt: string | null;
}

/**
 * Opens, checks and migrates the journal in `path` (WAL, `synchronous=FULL`: a commit is one fsync of the log). A
 * damaged journal is moved aside as `journal.db.corrupt-<now>` and an empty one takes its place: nothing is deleted.
 */
export function openJournal(path: string, now: number): OpenedJournal {
  const file = join(path, JOURNAL_FILE);
  try {
    return { database: openChecked(file), corrupt: null };
  } catch (error) {
    if (!CORRUPT.has(errorNumber(error) & 0xff)) throw error;
    const corrupt = `${file}.corrupt-${now}`;
    for (const suffix of ["", "-wal"]) {
      if (existsSync(file + suffix)) renameSync(file + suffix, corrupt + suffix);
    }
    syncDirectory(path);
    return { database: openChecked(file), corrupt };
  }
}

function openChecked(file: string): Database {
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    // Checkpoints run after a batch was answered (`worker.ts`), so that no hit waits for one.
    db.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864",
    );
    const verdict = db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
    if (verdict !== "ok") throw Object.assign(new Error(String(verdict)), { errcode: 11 });
    migrate(db);
    return new Database(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Takes the spool for this process until it ends, however it ends: a second gateway on one journal would fork its chain.
 * Throws LYN_SPOOL_LOCKED.
 */
export function lockSpool(path: string): DatabaseSync {
  const lock = new DatabaseSync(join(path, LOCK_FILE), { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if ((errorNumber(error) & 0xff) !== BUSY) throw error;
    throw new LynceusError("LYN_SPOOL_LOCKED", `another process has the spool ${path} open`, {
      remedy: "Stop the other gateway, or give this one its own spool.path.",
      details: { path },
      cause: error,
    });
  }
}

/** Creates a folder and every missing parent, each entry durable. */
export function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  mkdirSync(path, { recursive: true, mode: 0o750 });
  syncDirectory(parent);
}

/** Makes the entries of a folder durable. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
