import type { Requestor } from "../../protocols/dicom/net/requestor.ts";
import type { Log } from "../log.ts";
import type { ArchiveWords } from "./archive-words.ts";
import {
  type CommitmentReport,
  type Committable,
  newTransaction,
  readCommitment,
  requestCommitment,
} from "./commitment.ts";
import { type AskedFile, CommitmentLedger } from "./ledger.ts";
import type { FolderQueue } from "./queue.ts";
import { Tries } from "./tries.ts";

export interface CommitmentsOptions {
  readonly archive: string;
  readonly queue: FolderQueue;
  readonly words: ArchiveWords;
  readonly log: Log;
  readonly timings: {
    readonly baseMs: number;
    readonly maxMs: number;
    readonly commitMs: number;
    readonly lingerMs: number;
  };
  /** The archive will not commit to a file, and that is final. */
  readonly putAside: (name: string) => Promise<void>;
  /** Files are to be sent again. */
  readonly wake: () => void;
}

/** After so many reports of failure it is said. */
const SAY_AFTER = 3;
/** An object that the archive will not commit to is put aside after so many reports, an hour or more with the usual back-off. */
const MAX_REFUSED = 20;

/**
 * Storage commitment of one archive: asks for it after each batch, takes the reports, and has files sent again that the archive
 * does not commit to or says nothing of.
 */
export class Commitments {
  readonly #options: CommitmentsOptions;
  readonly #ledger = new CommitmentLedger();
  readonly #refused: Tries;

  constructor(options: CommitmentsOptions) {
    this.#options = options;
    this.#refused = new Tries(options.timings);
  }

  /** Whether a file may go now: one that was not committed to waits a while of its own. */
  isDue(name: string, now: number): boolean {
    return this.#refused.isDue(name, now);
  }

  /** When there may be something to do again, for these files or for transactions that get late. */
  nextAt(names: readonly string[]): number | null {
    const { oldestAt } = this.#ledger;
    const late = oldestAt === null ? [] : [oldestAt + this.#options.timings.commitMs];
    const times = [...late, this.#refused.nextAt(names) ?? []].flat();
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Files that nothing was heard of for `commitMs` are to be sent again. */
  async giveUpLate(now: number): Promise<void> {
    const { queue, words, timings } = this.#options;
    const late = this.#ledger.late(now - timings.commitMs);
    if (late.length > 0) words.uncommitted("it has not reported on storage commitment", "kept");
    for (const name of late) await queue.restore(name);
  }

  /** Asks for commitment to what was sent. Whether the association is still open afterwards. */
  async ask(
    requestor: Requestor,
    sent: readonly (AskedFile & Committable)[],
    close: () => void,
  ): Promise<boolean> {
    const { queue, words } = this.#options;
    const transaction = newTransaction();
    // Known before it is asked for: the report may come before the answer.
    this.#ledger.begin(transaction, sent, Date.now());
    const answer = await requestCommitment(requestor, transaction, sent);
    if (answer === null) {
      // No such service: waiting brings nothing, and the archive has said Success to each.
      this.#ledger.forget(transaction);
      for (const { name } of sent) await queue.done(name);
      words.uncommitted("it does not accept storage commitment", "released");
      return true;
    }
    if (answer.status !== 0) {
      words.uncommitted(`it refuses storage commitment with status 0x${answer.status.toString(16)}`, "kept");
      return true;
    }
    return this.#options.timings.lingerMs === 0 || this.#linger(requestor, transaction, close);
  }

  /** The archive's word on a transaction, whichever way it came; false for one that it was not asked for. */
  async settle(report: CommitmentReport): Promise<boolean> {
    const { queue, words, wake } = this.#options;
    const settled = this.#ledger.settle(report);
    if (settled === null) return false;
    for (const name of settled.good) {
      await queue.done(name);
      this.#refused.forget(name);
    }
    if (settled.good.length > 0) words.committed();
    for (const name of settled.bad) await this.#notCommitted(name);
    if (settled.bad.length > 0) wake();
    return true;
  }

  /** A report on an association of our own; false: it is of no transaction of ours, or no report. */
  async onEvent(dataset: Uint8Array): Promise<boolean> {
    try {
      return await this.settle(readCommitment(dataset));
    } catch (error) {
      const { log, archive } = this.#options;
      log.warn({ err: error, archive }, "a commitment report could not be taken");
      return false;
    }
  }

  /** Sent again after a while of its own; put aside when that has not helped for long. */
  async #notCommitted(name: string): Promise<void> {
    const { queue, words, putAside } = this.#options;
    const count = this.#refused.failed(name, Date.now());
    if (count === SAY_AFTER) words.uncommitted("it reports that it does not commit to an object", "kept");
    if (count < MAX_REFUSED) return queue.restore(name);
    this.#refused.forget(name);
    return putAside(name);
  }

  /** Without a listener of ours the archive can report on this association only. */
  async #linger(requestor: Requestor, transaction: string, close: () => void): Promise<boolean> {
    const over = setTimeout(close, this.#options.timings.lingerMs);
    try {
      while (this.#ledger.isOpen(transaction)) await requestor.serveEvent();
      return true;
    } catch {
      return false; // the wait is over: it is asked for again later
    } finally {
      clearTimeout(over);
    }
  }
}
