import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { LynceusError } from "../../protocols/errors.ts";
import { freeBytes, releaseAll } from "./ballast.ts";
import { syncDirectory } from "./directories.ts";

/** Room that must be left beside the copy, bytes. */
const MARGIN = 16 << 20;

/**
 * Copies a journal of an earlier version, whole and durable, before it is migrated: `journal.db.v3-backup`. One that is there
 * already is of an upgrade that was interrupted, and stands. Throws LYN_SPOOL_FULL where there is no room for it.
 */
export function backUp(db: DatabaseSync, file: string, version: number): string {
  const backup = `${file}.v${version}-backup`;
  if (existsSync(backup)) return backup;
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  const folder = dirname(file);
  const { size } = statSync(file);
  if (freeBytes(folder) < size + MARGIN) releaseAll(folder);
  if (freeBytes(folder) < size + MARGIN) throw noRoom(file, size);
  const part = `${backup}.part`;
  copyFileSync(file, part, constants.COPYFILE_FICLONE);
  const descriptor = openSync(part, "r+");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(part, backup);
  syncDirectory(folder);
  return backup;
}

/** Removes the copies of earlier versions in a spool's folder: they hold what the journal itself erases by and by. */
export function removeBackups(path: string): void {
  for (const name of readdirSync(path))
    if (/^journal\.db\.v\d+-backup(\.part)?$/.test(name)) rmSync(join(path, name));
}

function noRoom(file: string, size: number): LynceusError {
  return new LynceusError(
    "LYN_SPOOL_FULL",
    `there is no room to copy the journal (${size} bytes) before it is brought to this version`,
    {
      remedy: `Free ${size + MARGIN} bytes on the volume of spool.path, or go back to the version that wrote the journal.`,
      details: { file, size },
    },
  );
}
