import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "../sqlite.ts";
import { saveRecords, setAside, shredAside } from "./aside.ts";
import { Crowding } from "./crowding.ts";
import { widenGap } from "./gap.ts";
import { DECLARATIONS_FILE, isDamage, openDeclarations } from "./open.ts";
import { DEFAULT_RETENTION_MS, type Retention, USUAL_RETENTION } from "./retention.ts";

/** Size of the log from which it is copied into the file, bytes. */
const CHECKPOINT_BYTES = 4 << 20;

export interface DeclarationFileOptions {
  /** The spool's folder. */
  readonly path: string;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly retention?: Retention;
}

/**
 * The file of declarations with the transaction that is under way. It is a copy of what central holds: when it is damaged it
 * is begun anew with the newest records that can be read, and the gap is remembered until central was asked to fill it. The
 * damaged file is kept aside until the time of what is in it is over.
 */
export class DeclarationFile {
  readonly #options: DeclarationFileOptions;
  #database: Database | null = null;
  #shredded = false;
  readonly #crowding: Crowding;

  constructor(options: DeclarationFileOptions) {
    this.#options = options;
    this.#crowding = new Crowding({ path: options.path, retention: this.retention });
  }

  /** How long declarations that come now are kept. */
  get retention(): Retention {
    return this.#options.retention ?? USUAL_RETENTION;
  }

  /** Records that are to go before another is taken; 0: there is room. */
  toGo(database: Database): number {
    return this.#crowding.toGo(database);
  }

  open(): void {
    const { path } = this.#options;
    try {
      this.#database = openDeclarations(path);
      // Damage of the first pages shows now.
      this.#database.get("SELECT 1 FROM records LIMIT 1");
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#beginAnew();
      this.commit();
    }
  }

  close(): void {
    this.#database?.close();
    this.#database = null;
  }

  /** Looks something up. */
  read<T>(work: (database: Database) => T): T {
    try {
      return work(this.#opened());
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#beginAnew();
      return work(this.#opened());
    }
  }

  /** Changes something within the transaction under way; a change that fails is taken back alone. */
  write<T>(work: (database: Database) => T): T {
    return this.read((database) => {
      if (!database.db.isTransaction) database.exec("BEGIN IMMEDIATE");
      database.exec("SAVEPOINT change");
      try {
        const result = work(database);
        database.exec("RELEASE change");
        return result;
      } catch (error) {
        // A full or failing disk, and damage, have mostly rolled back already.
        takeBack(database);
        throw error;
      }
    });
  }

  commit(): void {
    if (this.#database?.db.isTransaction === true) this.#database.exec("COMMIT");
  }

  rollback(): void {
    if (this.#database?.db.isTransaction === true) this.#database.exec("ROLLBACK");
  }

  /** Damaged files whose time is over go. `now`: no later than the true time, ms since the epoch. */
  shredAside(now: number): void {
    shredAside(this.#options.path, now);
  }

  /** Something was shredded: the log that still holds it goes with the next {@link settle}. */
  shredded(): void {
    this.#shredded = true;
  }

  /** Copies a long log into the file and begins it anew; outside of a transaction. */
  settle(): void {
    const log = join(this.#options.path, `${DECLARATIONS_FILE}-wal`);
    if (!existsSync(log)) return;
    if (!this.#shredded && statSync(log).size <= CHECKPOINT_BYTES) return;
    const verdict = this.read((database) => database.get("PRAGMA wal_checkpoint(TRUNCATE)"));
    if (verdict?.["busy"] === 0) this.#shredded = false;
  }

  #opened(): Database {
    if (this.#database === null) throw new Error("the store of declarations is not open");
    return this.#database;
  }

  #beginAnew(): void {
    const { path, clock } = this.#options;
    this.close();
    const aside = setAside(path, clock());
    this.#database = openDeclarations(path);
    this.write((database) => {
      widenGap(database, clock() - DEFAULT_RETENTION_MS);
      saveRecords(aside, database, this.retention);
    });
  }
}

function takeBack(database: Database): void {
  try {
    if (database.db.isTransaction) database.exec("ROLLBACK TO change; RELEASE change");
  } catch {
    // The fault that led here is the one to tell.
  }
}
