import type { CommitmentReport } from "./commitment.ts";

/** A queued file and the instance it holds. */
export interface AskedFile {
  readonly sopInstance: string;
  /** Its name in the archive's queue. */
  readonly name: string;
}

/** What a report of the archive means for the files of a queue. */
export interface Settled {
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

/** Transactions remembered for one archive; the oldest are forgotten, their files are sent and asked for again. */
export const MAX_TRANSACTIONS = 256;

interface Transaction {
  readonly askedAt: number;
  files: readonly AskedFile[];
  late: boolean;
}

/**
 * What one archive was asked to commit to, by transaction (PS3.4, J.3). A report speaks of the files of its own transaction
 * only, so that no archive, and no stranger, releases what another was to keep. No clock and no I/O.
 */
export class CommitmentLedger {
  readonly #transactions = new Map<string, Transaction>();

  begin(transaction: string, files: readonly AskedFile[], askedAt: number): void {
    this.#transactions.set(transaction, { askedAt, files, late: false });
    for (const oldest of this.#transactions.keys()) {
      if (this.#transactions.size <= MAX_TRANSACTIONS) return;
      this.#transactions.delete(oldest);
    }
  }

  /** The request could not be made: there will be no report. */
  forget(transaction: string): void {
    this.#transactions.delete(transaction);
  }

  /** Whether files of a transaction are still waited for. */
  isOpen(transaction: string): boolean {
    return this.#transactions.has(transaction);
  }

  /** Null for a transaction that this archive was not asked for. A transaction given up as late still counts when it comes. */
  settle({ transaction, good, bad }: CommitmentReport): Settled | null {
    const open = this.#transactions.get(transaction);
    if (open === undefined) return null;
    const namesOf = (instances: readonly string[]) => {
      const wanted = new Set(instances);
      return open.files.filter(({ sopInstance }) => wanted.has(sopInstance)).map(({ name }) => name);
    };
    const settled = { good: namesOf(good), bad: namesOf(bad) };
    const named = new Set([...settled.good, ...settled.bad]);
    open.files = open.files.filter(({ name }) => !named.has(name));
    if (open.files.length === 0) this.#transactions.delete(transaction);
    return settled;
  }

  /** Files of transactions asked for before a time and not reported on; each is told once. */
  late(before: number): readonly string[] {
    const names: string[] = [];
    for (const transaction of this.#transactions.values()) {
      if (transaction.late || transaction.askedAt > before) continue;
      transaction.late = true;
      names.push(...transaction.files.map(({ name }) => name));
    }
    return names;
  }

  /** When the oldest transaction still waited for was asked; null where none is. */
  get oldestAt(): number | null {
    const open = [...this.#transactions.values()].filter(({ late }) => !late);
    return open.length === 0 ? null : Math.min(...open.map(({ askedAt }) => askedAt));
  }
}
