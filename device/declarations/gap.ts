import type { Database } from "../sqlite.ts";

/** Name within `meta`. */
const GAP = "gap";

/** From when on declarations may be missing in the store, ms since the epoch; null where none is known to be. */
export function readGap(database: Database): number | null {
  const row = database.get("SELECT value FROM meta WHERE key = ?", GAP);
  return row === null ? null : Number(row["value"]);
}

/** `since`: ms since the epoch; of two gaps the longer stands. */
export function widenGap(database: Database, since: number): void {
  const known = readGap(database);
  const value = known === null ? since : Math.min(known, since);
  database.run("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", GAP, String(value));
}

/** Central was asked to fill it. */
export function closeGap(database: Database): void {
  database.run("DELETE FROM meta WHERE key = ?", GAP);
}
