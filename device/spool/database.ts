import { existsSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LynceusError } from "../../protocols/errors.ts";
import { Database } from "../sqlite.ts";
import { backUp } from "./backup.ts";
import { syncDirectory } from "./directories.ts";
import { errorNumber } from "./disk-errors.ts";
import { META, UPGRADED_NOW, writeMeta } from "./operations/context.ts";
import { JOURNAL_VERSION, migrate, mustBeKnown, versionOf } from "./schema.ts";
import { CHECKED_BYTES, clearSuspect, isSuspect } from "./suspect.ts";

export { Database, type SqlRow } from "../sqlite.ts";
export { makeDirectory, syncDirectory } from "./directories.ts";

/** File names within the spool's folder. */
export const JOURNAL_FILE = "journal.db";
export const LOCK_FILE = "lock.db";

/** SQLITE_BUSY, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB. */
export const BUSY = 5;
const IOERR = 10;
const DAMAGED = 11;
const CORRUPT: ReadonlySet<number> = new Set([DAMAGED, 26]);
/** Looks at a journal that seems to be damaged. */
const LOOKS = 3;

/** Longest wait for another writer, ms: `lynceus outbox retry` has one short transaction. */
const BUSY_MS = 2000;

/** What {@link openJournal} found. `corrupt`: where a damaged journal was moved to. */
export interface OpenedJournal {
  readonly database: Database;
  readonly corrupt: string | null;
}

/**
 * Opens, checks and migrates the journal in `path` (WAL, `synchronous=FULL`: a commit is one fsync of the log). A
 * journal of an earlier version is copied before it is migrated. A damaged one is moved aside as `journal.db.corrupt-<now>`
 * and an empty one takes its place: nothing is deleted. One larger than `checkedBytes` is read from end to end only when it
 * showed damage before (`scrub.ts` reads it beside the work).
 */
export function openJournal(path: string, now: number, checkedBytes = CHECKED_BYTES): OpenedJournal {
  const file = join(path, JOURNAL_FILE);
  // Damage is what each look finds the same, as a bad sector is. What differs from look to look is a disk that errs now and then:
  // that is no reason to set a whole journal aside.
  const found = new Set<string>();
  for (let look = 0; look < LOOKS; look += 1) {
    try {
      return { database: openChecked(file, checkedBytes), corrupt: null };
    } catch (error) {
      if (!CORRUPT.has(errorNumber(error) & 0xff)) throw error;
      found.add(String(error));
    }
  }
  if (found.size > 1) throw Object.assign(new Error([...found].join("; ")), { errcode: IOERR });
  const corrupt = `${file}.corrupt-${now}`;
  for (const suffix of ["", "-wal"]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, corrupt + suffix);
  }
  clearSuspect(file);
  syncDirectory(path);
  return { database: openChecked(file, checkedBytes), corrupt };
}

function openChecked(file: string, checkedBytes: number): Database {
  const db = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    // First: a journal that a later version wrote is left as it is.
    mustBeKnown(db);
    // Checkpoints run after a batch was answered (`worker.ts`), so that no hit waits for one.
    db.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864",
    );
    if (isSuspect(file) || statSync(file).size <= checkedBytes) {
      mustBeSound(db);
      clearSuspect(file);
    }
    const database = new Database(db);
    const version = versionOf(db);
    if (version > 0 && version < JOURNAL_VERSION) {
      backUp(db, file, version);
      writeMeta(database, META.upgraded, UPGRADED_NOW);
    }
    migrate(db);
    return database;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Reads the whole journal. */
function mustBeSound(db: DatabaseSync): void {
  const verdict = String(db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]);
  if (verdict !== "ok") throw Object.assign(new Error(verdict), { errcode: DAMAGED });
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
