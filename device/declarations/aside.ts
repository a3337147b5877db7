import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Database } from "../sqlite.ts";
import { unpackRecord } from "./codec.ts";
import { DECLARATIONS_FILE } from "./open.ts";
import { DEFAULT_RETENTION_MS, type Retention } from "./retention.ts";
import { holds, insert } from "./store.ts";

/** Records saved from a damaged store, the newest: a scan waits for no more of them, and central is asked for all. */
const MAX_SAVED = 20_000;
const ASIDE = new RegExp(`^${DECLARATIONS_FILE.replace(".", "\\.")}\\.damaged-(\\d+)(-wal|-shm)?$`);

/** Moves a damaged store aside; returns where it is. `now`: ms since the epoch. */
export function setAside(path: string, now: number): string {
  const file = join(path, DECLARATIONS_FILE);
  const aside = `${file}.damaged-${now}`;
  for (const suffix of ["", "-wal"]) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  rmSync(`${file}-shm`, { force: true });
  return aside;
}

/** Copies what can be read of a damaged store, the newest first, up to the first page that cannot. Returns how many. */
export function saveRecords(from: string, to: Database, retention: Retention): number {
  let saved = 0;
  let damaged: DatabaseSync | null = null;
  try {
    damaged = new DatabaseSync(from, { readOnly: true });
    const rows = damaged.prepare(`SELECT stored_at, body FROM records ORDER BY row DESC LIMIT ${MAX_SAVED}`);
    for (const { stored_at: storedAt, body } of rows.iterate()) {
      if (save(to, body, Number(storedAt), retention)) saved += 1;
    }
  } catch {
    // What lies behind the damage is asked of central.
  } finally {
    damaged?.close();
  }
  return saved;
}

/** False for a record that cannot be unpacked, or of which a newer one was saved. */
function save(to: Database, body: unknown, storedAt: number, retention: Retention): boolean {
  if (!(body instanceof Uint8Array)) return false;
  try {
    const record = unpackRecord(body);
    if (holds(to, record.declaration.aedId)) return false;
    insert(to, record, storedAt, retention);
    return true;
  } catch {
    return false;
  }
}

/** Removes damaged stores when the time of what is in them is over. `now`: no later than the true time, ms since the epoch. */
export function shredAside(path: string, now: number): void {
  for (const name of readdirSync(path)) {
    const at = ASIDE.exec(name)?.[1];
    if (at !== undefined && Number(at) + DEFAULT_RETENTION_MS < now) rmSync(join(path, name));
  }
}
