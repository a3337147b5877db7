import { createReadStream } from "node:fs";
import { basename } from "node:path";
import type { Requestor } from "../../protocols/dicom/net/requestor.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { backoffMs, pause } from "../backoff.ts";
import type { Log } from "../log.ts";
import { type ArchiveAlert, ArchiveWords } from "./archive-words.ts";
import { associate } from "./associate.ts";
import type { CommitmentReport } from "./commitment.ts";
import { Commitments } from "./commitments.ts";
import { openLink, type PeerAddress } from "./link.ts";
import type { FolderQueue } from "./queue.ts";
import { openQueued, type QueuedObject } from "./queued-object.ts";
import { Tries } from "./tries.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** One archive that objects are sent to. */
export interface ArchiveOptions {
  readonly id: string;
  readonly address: PeerAddress;
  readonly called: string;
  readonly calling: string;
  readonly applicationContext?: string;
  /** Sent objects are kept until the archive has committed to them. */
  readonly commitment: boolean;
  readonly queue: FolderQueue;
  readonly log: Log;
  readonly alert: (alert: ArchiveAlert) => void;
  readonly timings?: Partial<ArchiveTimings>;
}

export interface ArchiveTimings {
  readonly baseMs: number;
  readonly maxMs: number;
  readonly idleMs: number;
  /** A commitment that has not come by then: the objects are sent and asked for again. */
  readonly commitMs: number;
  /** An association is held open so long for the commitment's result; 0 where a listener takes it. */
  readonly lingerMs: number;
}

export const ARCHIVE_TIMINGS: ArchiveTimings = {
  baseMs: 1_000,
  maxMs: 300_000,
  idleMs: 30_000,
  commitMs: 600_000,
  lingerMs: 5_000,
};

/** How an archive stands. */
export interface ArchiveState {
  readonly state: "idle" | "sending" | "unreachable";
  /** Since the start: taken by the archive, and put aside. */
  readonly sent: number;
  readonly failed: number;
  /** Why nothing goes; null while all is well. */
  readonly code: string | null;
  /** ms since the epoch */
  readonly since: number;
}

/** Objects of one association. */
const BATCH = 64;
/** After so many tries in vain it is said. */
const SAY_AFTER = 3;
/** An object that the archive is not set up for is put aside after so many tries, some minutes with the usual back-off. */
const MAX_DOUBTFUL = 8;

/**
 * Sends what waits for one archive, oldest first, for ever: an archive that is gone is a state. An object that is not taken is
 * tried again with jittered back-off of its own, so that others go past it; what is refused for good is put aside and told of.
 * With commitment an object is kept until the archive has said, in the transaction it was asked for, that it commits to it.
 */
export class Archive {
  readonly #options: ArchiveOptions;
  readonly #timings: ArchiveTimings;
  readonly #words: ArchiveWords;
  readonly #stopped = new AbortController();
  readonly #commitments: Commitments;
  readonly #tries: Tries;
  #wake: () => void = () => undefined;
  #fresh = false;
  #running: Promise<void> | null = null;
  #state: ArchiveState = { state: "idle", sent: 0, failed: 0, code: null, since: 0 };

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#timings = { ...ARCHIVE_TIMINGS, ...options.timings };
    this.#words = new ArchiveWords(options);
    this.#tries = new Tries(this.#timings);
    this.#commitments = new Commitments({
      ...options,
      archive: options.id,
      timings: this.#timings,
      words: this.#words,
      putAside: (name) => this.#putAside(name, null, "not committed to"),
      wake: () => this.wake(),
    });
  }

  get id(): string {
    return this.#options.id;
  }

  get state(): ArchiveState {
    return this.#state;
  }

  get queue(): FolderQueue {
    return this.#options.queue;
  }

  async start(): Promise<void> {
    const { queue } = this.#options;
    await queue.start();
    // What was sent before a stop and not committed to is sent again: the archive knows it by its instance.
    for (const path of await queue.list("committing")) await queue.restore(basename(path));
    this.#enter("idle", null);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.wake();
    await this.#running;
  }

  /** Something was queued. */
  wake(): void {
    this.#fresh = true;
    this.#wake();
  }

  /** The archive's word on a transaction; false for one that it was not asked for. */
  settle(report: CommitmentReport): Promise<boolean> {
    return this.#commitments.settle(report);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    let failures = 0;
    while (!signal.aborted) {
      this.#fresh = false;
      const { due, nextAt } = await this.#next();
      if (signal.aborted) return;
      if (due.length === 0) {
        await this.#untilWoken(nextAt);
        continue;
      }
      try {
        await this.#send(due);
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#unreachable(error, failures);
        await pause(backoffMs(failures, this.#timings, Math.random), signal);
      }
    }
  }

  /** What is to be sent now, and when there may be more. */
  async #next(): Promise<{ due: readonly string[]; nextAt: number | null }> {
    const now = Date.now();
    await this.#commitments.giveUpLate(now);
    const waiting = await this.#options.queue.list("waiting");
    const isDue = (name: string) => this.#tries.isDue(name, now) && this.#commitments.isDue(name, now);
    const due = waiting.filter((path) => isDue(basename(path))).slice(0, BATCH);
    const names = waiting.map((path) => basename(path));
    const times = [this.#tries.nextAt(names) ?? [], this.#commitments.nextAt(names) ?? []]
      .flat()
      .filter((time) => time > now);
    return { due, nextAt: times.length === 0 ? null : Math.min(...times) };
  }

  async #send(paths: readonly string[]): Promise<void> {
    const objects = await this.#openAll(paths);
    if (objects.length === 0) return;
    this.#enter("sending", this.#state.code);
    const link = await openLink(this.#options.address, this.#timings.idleMs, this.#stopped.signal);
    try {
      const requestor = await associate({
        ...this.#options,
        link,
        objects,
        onEvent: (dataset) => this.#commitments.onEvent(dataset),
      });
      const sent = await this.#sendAll(requestor, objects);
      const asks = this.#options.commitment && sent.length > 0;
      const open = !asks || (await this.#commitments.ask(requestor, sent, () => link.close()));
      // All is said: an archive that closes without a word took it all the same.
      if (open) await requestor.release().catch(() => undefined);
      // An archive that took nothing of a batch is not well, whatever it is.
      const well = sent.length > 0 || objects.every(({ name }) => !this.#tries.has(name));
      this.#enter(well ? "idle" : "unreachable", well ? null : "REFUSED");
    } finally {
      link.close();
    }
  }

  async #openAll(paths: readonly string[]): Promise<readonly QueuedObject[]> {
    const { queue, log } = this.#options;
    const objects: QueuedObject[] = [];
    for (const path of paths) {
      try {
        objects.push(await openQueued(path));
      } catch (error) {
        // Committed to meanwhile: it is gone.
        if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
        log.error({ err: error, path }, "a queued object cannot be read; it is put aside");
        await queue.putAside(basename(path));
      }
    }
    return objects;
  }

  /** Those that the archive took. */
  async #sendAll(requestor: Requestor, objects: readonly QueuedObject[]): Promise<readonly QueuedObject[]> {
    const { queue, commitment } = this.#options;
    const sent: QueuedObject[] = [];
    try {
      for (const object of objects) if (await this.#sendOne(requestor, object)) sent.push(object);
      return sent;
    } catch (error) {
      // Nobody has asked for commitment to these: they go again, with the question.
      if (commitment) for (const { name } of sent) await queue.restore(name);
      throw error;
    }
  }

  /** Whether the archive took it. @throws where nothing more can go on this association. */
  async #sendOne(requestor: Requestor, object: QueuedObject): Promise<boolean> {
    const { sopClass, sopInstance, transferSyntax, path, datasetAt } = object;
    if (!requestor.accepts(sopClass, transferSyntax)) {
      await this.#notTaken(object, "doubtful", null, "the archive does not accept its class and syntax");
      return false;
    }
    const dataset = createReadStream(path, { start: datasetAt });
    const { status, comment } = await requestor.store({ sopClass, sopInstance, transferSyntax, dataset });
    const verdict = verdictOf(status);
    if (verdict === "taken") {
      await this.#taken(object);
      return true;
    }
    if (verdict === "busy") throw new Error(`the archive answered 0x${status.toString(16)}`);
    await this.#notTaken(object, verdict, status, comment);
    return false;
  }

  async #taken({ name }: QueuedObject): Promise<void> {
    const { queue, commitment } = this.#options;
    this.#tries.forget(name);
    if (commitment) await queue.commit(name);
    else await queue.done(name);
    this.#state = { ...this.#state, sent: this.#state.sent + 1 };
  }

  async #notTaken(
    { name, sopInstance }: QueuedObject,
    verdict: Verdict,
    status: number | null,
    comment: string | null,
  ): Promise<void> {
    const count = this.#tries.failed(name, Date.now());
    const aside = verdict === "final" || (verdict === "doubtful" && count >= MAX_DOUBTFUL);
    if (!aside) {
      if (count === SAY_AFTER)
        this.#words.unreachable(`it does not take an object (${comment ?? "no reason"})`, "REFUSED");
      return;
    }
    this.#tries.forget(name);
    await this.#putAside(name, status, comment, sopInstance);
  }

  async #putAside(
    name: string,
    status: number | null,
    comment: string | null,
    sopInstance: string | null = null,
  ): Promise<void> {
    const { queue, log } = this.#options;
    const dropped = await queue.putAside(name);
    if (dropped > 0)
      log.warn({ archive: this.id, dropped }, "the oldest objects that were put aside are dropped");
    this.#state = { ...this.#state, failed: this.#state.failed + 1 };
    this.#words.refused({ status, comment, sopInstance });
  }

  #unreachable(error: unknown, failures: number): void {
    if (this.#stopped.signal.aborted) return;
    const code = isLynceusError(error) ? error.code : "LINK";
    this.#enter("unreachable", code);
    const { log } = this.#options;
    log.warn({ err: error, archive: this.id, failures }, "objects could not be sent; tried again");
    if (failures === SAY_AFTER) this.#words.unreachable((error as Error).message, code);
  }

  #enter(state: ArchiveState["state"], code: string | null): void {
    if (this.#state.state === state && this.#state.code === code && this.#state.since > 0) return;
    this.#state = { ...this.#state, state, code, since: Date.now() };
  }

  async #untilWoken(nextAt: number | null): Promise<void> {
    const { maxMs } = this.#timings;
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#fresh) return;
    const over = new AbortController();
    const wait = Math.min(maxMs, nextAt === null ? maxMs : nextAt - Date.now());
    await Promise.race([
      woken,
      pause(Math.max(1, wait), AbortSignal.any([this.#stopped.signal, over.signal])),
    ]);
    over.abort();
  }
}
