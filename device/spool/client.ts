import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { LynceusError } from "../../protocols/errors.ts";
import {
  type FromWorker,
  fromPlain,
  type Outcome,
  type Request,
  type ToWorker,
  type WorkerOptions,
} from "./messages.ts";
import type { OperationArguments, OperationName, OperationResult } from "./operations/index.ts";

/** Group commit: at most so many operations a transaction, gathered for at most so long. */
const MAX_BATCH = 32;
const GATHER_MS = 2;
/** Operations that may wait; a caller beyond it is refused. */
export const MAX_WAITING = 20_000;

const EXTENSION = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

interface Waiting {
  readonly request: Request;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: LynceusError) => void;
}

type Ready = Extract<FromWorker, { kind: "ready" }>;

/**
 * The gateway's side of the journal's worker. One batch is under way at a time; what comes meanwhile goes into the next,
 * in order, so a slow disk makes larger groups instead of longer queues.
 */
export class JournalClient {
  readonly #onFatal: (error: LynceusError) => void;
  #worker: Worker | null = null;
  #exited: Promise<unknown> = Promise.resolve();
  #waiting: Waiting[] = [];
  #underWay: readonly Waiting[] | null = null;
  #timer: NodeJS.Timeout | null = null;
  #urgent = false;
  #failure: LynceusError | null = null;

  constructor(options: { onFatal: (error: LynceusError) => void }) {
    this.#onFatal = options.onFatal;
  }

  /** Opens the journal. Throws LYN_SPOOL_LOCKED, LYN_JOURNAL_VERSION or what the disk says. */
  async start(options: WorkerOptions): Promise<Ready> {
    const worker = new Worker(new URL(`./worker${EXTENSION}`, import.meta.url), { workerData: options });
    const [first] = (await once(worker, "message")) as [FromWorker];
    if (first.kind === "refused") {
      await worker.terminate();
      throw fromPlain(first.error);
    }
    if (first.kind !== "ready") throw this.#closed();
    this.#worker = worker;
    this.#exited = once(worker, "exit");
    worker.on("message", (message: FromWorker) => this.#receive(message));
    worker.on("error", (cause) => this.abandon(died(cause)));
    worker.on("exit", () => this.abandon(died(null)));
    return first;
  }

  /**
   * Runs one operation durably: its promise settles after the commit. `urgent`: do not wait for company. Errors: what
   * the operation throws, LYN_SPOOL_FULL, LYN_SPOOL_FATAL, LYN_SPOOL_CLOSED, LYN_SPOOL_OVERLOADED.
   */
  call<Name extends OperationName>(
    name: Name,
    given: OperationArguments<Name>,
    urgency: "urgent" | "grouped" = "urgent",
  ): Promise<OperationResult<Name>> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#worker === null) return Promise.reject(this.#closed());
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      const request: Request = { name, given };
      this.#waiting.push({ request, resolve: (value) => resolve(value as OperationResult<Name>), reject });
      if (urgency === "urgent" || this.#waiting.length >= MAX_BATCH) this.#urgent = true;
      this.#schedule();
    });
  }

  /** Lets what waits be committed, then closes the journal. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    while (this.#failure === null && (this.#underWay !== null || this.#waiting.length > 0)) {
      this.#flush();
      await Promise.race([once(worker, "message"), this.#exited]);
    }
    this.#worker = null;
    this.#failure ??= this.#closed();
    worker.postMessage({ kind: "stop" } satisfies ToWorker);
    await this.#exited;
  }

  #schedule(): void {
    if (this.#underWay !== null) return;
    if (this.#urgent) {
      // What is asked for in the same turn goes along: one way there and back for all of it.
      queueMicrotask(() => this.#flush());
      return;
    }
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#underWay !== null || this.#waiting.length === 0 || this.#worker === null) return;
    const batch = this.#waiting.splice(0, MAX_BATCH);
    if (this.#waiting.length === 0) this.#urgent = false;
    this.#underWay = batch;
    this.#worker.postMessage({
      kind: "batch",
      requests: batch.map(({ request }) => request),
    } satisfies ToWorker);
  }

  #receive(message: FromWorker): void {
    if (message.kind === "failed") {
      this.abandon(fromPlain(message.error));
      return;
    }
    if (message.kind !== "done") return;
    const batch = this.#underWay ?? [];
    this.#underWay = null;
    for (const [index, waiting] of batch.entries()) settle(waiting, message.outcomes[index]);
    // What gathered during the commit has waited long enough.
    this.#flush();
  }

  /** Refuses all work from now on: what is under way is rejected with `error`, and `onFatal` is told. */
  abandon(error: LynceusError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    const lost = [...(this.#underWay ?? []), ...this.#waiting];
    this.#underWay = null;
    this.#waiting = [];
    for (const { reject } of lost) reject(error);
    this.#onFatal(error);
  }

  #closed(): LynceusError {
    return new LynceusError("LYN_SPOOL_CLOSED", "the spool is not open", {
      remedy: "Start the spool before using it, and use it no more once it is stopped.",
    });
  }
}

function settle({ resolve, reject }: Waiting, outcome: Outcome | undefined): void {
  if (outcome === undefined) reject(died(null));
  else if (outcome.ok) resolve(outcome.value);
  else reject(fromPlain(outcome.error));
}

function overloaded(): LynceusError {
  return new LynceusError("LYN_SPOOL_OVERLOADED", `${MAX_WAITING} operations wait for the spool`, {
    remedy: "The disk does not keep up: move spool.path to a faster one or send fewer scans.",
    details: { waiting: MAX_WAITING },
  });
}

function died(cause: unknown): LynceusError {
  return new LynceusError("LYN_SPOOL_FATAL", "the spool's worker ended unexpectedly", {
    remedy: "Restart the gateway: every acknowledged scan is on disk and is resumed.",
    cause: cause ?? undefined,
  });
}
