import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LynceusError } from "../../protocols/errors.ts";
import { Database, JOURNAL_FILE } from "./database.ts";
import { retryRows } from "./operations/delivery.ts";
import { JOURNAL_VERSION, versionOf } from "./schema.ts";

/** Longest wait for a transaction of the gateway, ms. */
const BUSY_MS = 5000;

/**
 * Gives dead letters of the outbox another try, those of some event ids or all (null), beside a running gateway, which sends
 * them within a second, or without one. Throws LYN_SPOOL_MISSING, or LYN_JOURNAL_VERSION when this program does not know the
 * journal's version.
 */
export function retryDeadLetters(
  path: string,
  ids: readonly string[] | null,
): { readonly retried: number; readonly unknown: readonly string[] } {
  const file = join(path, JOURNAL_FILE);
  if (!existsSync(file)) {
    throw new LynceusError("LYN_SPOOL_MISSING", `there is no spool in ${path}`, {
      remedy: "Name the folder of spool.path; a gateway creates it when it first runs.",
      details: { path },
    });
  }
  const database = new Database(new DatabaseSync(file, { timeout: BUSY_MS }));
  try {
    database.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
    const version = versionOf(database.db);
    if (version !== JOURNAL_VERSION) throw foreignVersion(version);
    const dead = "SELECT id FROM outbox WHERE dead_at IS NOT NULL AND event IS NOT NULL AND id = ?";
    const unknown = (ids ?? []).filter((id) => database.get(dead, id) === null);
    const retried = retryRows({ database }, { ids });
    database.exec("COMMIT");
    return { retried, unknown };
  } finally {
    database.close();
  }
}

function foreignVersion(version: number): LynceusError {
  return new LynceusError(
    "LYN_JOURNAL_VERSION",
    `the journal has version ${version}, not ${JOURNAL_VERSION}`,
    {
      remedy: "Use the version of the program that the gateway runs.",
      details: { version, known: JOURNAL_VERSION },
    },
  );
}
