import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** A value as SQLite returns it. */
export type SqlRow = Record<string, unknown>;

/** A connection with its prepared statements. Not shared between threads. */
export class Database {
  readonly db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.db = db;
  }

  /** First row or null. */
  get(sql: string, ...values: SQLInputValue[]): SqlRow | null {
    return (this.#prepared(sql).get(...values) as SqlRow | undefined) ?? null;
  }

  all(sql: string, ...values: SQLInputValue[]): SqlRow[] {
    return this.#prepared(sql).all(...values) as SqlRow[];
  }

  /** Returns the number of rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  exec(sql: string): void {
    this.db.exec(sql);
  }

  close(): void {
    this.#statements.clear();
    this.db.close();
  }

  /** The SQL is always text of this program, so the number of cached statements is bounded by it. */
  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
