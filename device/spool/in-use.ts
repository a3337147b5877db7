import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { BUSY, LOCK_FILE } from "./database.ts";
import { errorNumber } from "./disk-errors.ts";

/** Whether a process, a gateway that runs, has the spool open now. Looks without taking it: a gateway that starts is not held up. */
export function isSpoolInUse(path: string): boolean {
  let lock: DatabaseSync;
  try {
    lock = new DatabaseSync(join(path, LOCK_FILE), { readOnly: true, timeout: 0 });
  } catch {
    return false; // there is none, or it is not ours to look at
  }
  try {
    lock.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch (error) {
    return (errorNumber(error) & 0xff) === BUSY;
  } finally {
    lock.close();
  }
}
