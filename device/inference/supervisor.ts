import { LynceusError } from "../../protocols/errors.ts";
import { backoffMs, pause } from "../backoff.ts";
import type { Log } from "../log.ts";
import type { Analysis, ScanEmbedding } from "../scan.ts";
import { type ChildLoss, ChildProcessSlot } from "./child-slot.ts";
import type { DeclaredLine, RiskOfDeclaration } from "./declared-lines.ts";
import { faultAnalysis } from "./fault-analysis.ts";
import { RunTimes } from "./figures.ts";
import type { FromChild, ModelFault, ModelSelection } from "./messages.ts";
import {
  type AnalysisRequest,
  type DeclarationScoring,
  type Inference,
  type InferenceState,
  STARTING,
} from "./port.ts";
import type { OpenProcess } from "./process.ts";

/** Bounds of the child; each has a test that reaches it. */
export interface InferenceLimits {
  /** From the start of the process until its models answer, ms; twice as long after each start that was too slow, to 8 times. */
  readonly readyMs: number;
  /** One analysis, ms: far above the slowest scan, below the belt's patience. */
  readonly analysisMs: number;
  /** Resident bytes of the child from which it is replaced. */
  readonly residentBytes: number;
  /** Analyses waiting; the lane's own bound is lower. */
  readonly queue: number;
  /** Losses within `budgetWindowMs` after which inference is a fault and restarts become rare. */
  readonly budget: number;
  readonly budgetWindowMs: number;
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
}

export const INFERENCE_LIMITS: InferenceLimits = {
  readyMs: 30_000,
  analysisMs: 10_000,
  residentBytes: 1_500_000_000,
  queue: 1000,
  budget: 5,
  budgetWindowMs: 60_000,
  backoff: { baseMs: 100, maxMs: 30_000 },
};

/** A machine that is too slow, or too busy, for a start gets more time for the next, but not for ever. */
const MOST_DOUBLINGS = 3;

export interface InferenceOptions {
  readonly models: ModelSelection;
  readonly log: Log;
  readonly limits?: Partial<InferenceLimits>;
  /** Where the analysis process runs: a child of this one unless given. */
  readonly open?: OpenProcess | undefined;
  /** 0 ≤ x < 1, for the jitter of restarts. */
  readonly random?: () => number;
  readonly now?: () => number;
}

interface Job {
  readonly request: AnalysisRequest;
  readonly signal: AbortSignal;
  readonly resolve: (analysis: Analysis) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Image analysis in a child process: `session.run` blocks an event loop, and a child can be bounded, killed and replaced. A
 * stuck, bloated or dead child costs a scan one more try, then the scan is answered MODEL_FAULT; nothing here throws for an
 * image or a model.
 */
export class InferenceSupervisor implements Inference, DeclarationScoring {
  readonly #options: InferenceOptions;
  readonly #limits: InferenceLimits;
  readonly #random: () => number;
  readonly #now: () => number;
  readonly #times = new RunTimes();
  readonly #listeners = new Set<(state: InferenceState) => void>();
  readonly #queue: Job[] = [];
  readonly #stopped = new AbortController();
  #slot: ChildProcessSlot | null = null;
  #attempt = Promise.withResolvers<void>();
  #keeper: Promise<void> | null = null;
  #working = false;
  #losses: number[] = [];
  #restarts = 0;
  #slowStarts = 0;
  #faults: readonly ModelFault[] = [];
  #saidDeclarationFault = false;
  #state: InferenceState = STARTING;

  constructor(options: InferenceOptions) {
    this.#options = options;
    this.#limits = { ...INFERENCE_LIMITS, ...options.limits };
    this.#random = options.random ?? Math.random;
    this.#now = options.now ?? Date.now;
  }

  get state(): InferenceState {
    return this.#state;
  }

  /** Model packages that do not run, with the reason and the remedy. */
  get faults(): readonly ModelFault[] {
    return this.#faults;
  }

  /** The child's process id; null while there is none. */
  get pid(): number | null {
    return this.#slot?.pid ?? null;
  }

  /** Resolves when the models answer, or when the first attempt failed (a state, not an error: attempts go on). */
  async start(): Promise<void> {
    if (this.#stopped.signal.aborted) throw stopped();
    const first = this.#attempt.promise;
    this.#keeper ??= this.#keep();
    await first;
  }

  onState(listener: (state: InferenceState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  analyse(request: AnalysisRequest, signal: AbortSignal): Promise<Analysis> {
    if (this.#stopped.signal.aborted || signal.aborted) return Promise.reject(stopped());
    if (this.#queue.length >= this.#limits.queue) {
      return Promise.resolve(faultAnalysis(request, `${this.#queue.length} analyses are waiting already`));
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(stopped());
      signal.addEventListener("abort", onAbort, { once: true });
      const settle = () => signal.removeEventListener("abort", onAbort);
      this.#queue.push({
        request,
        signal,
        resolve: (analysis) => {
          settle();
          resolve(analysis);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      void this.#work();
    });
  }

  async assess(lines: readonly DeclaredLine[]): Promise<RiskOfDeclaration | null> {
    const result = (await this.#slot?.assess(lines)) ?? null;
    if (result === null || "p" in result) return result;
    if (!this.#saidDeclarationFault) this.#options.log.error(result, "declarations are not scored");
    this.#saidDeclarationFault = true;
    return null;
  }

  remember(scanId: string, embedding: ScanEmbedding): void {
    this.#slot?.tell({ type: "remember", scanId, embedding });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const job of this.#queue.splice(0)) job.reject(stopped());
    await this.#keeper;
    this.#listeners.clear();
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    try {
      for (let job = this.#queue.shift(); job; job = this.#queue.shift()) await this.#serve(job);
    } finally {
      this.#working = false;
    }
  }

  async #serve(job: Job): Promise<void> {
    let reason = "";
    for (let attempt = 1; attempt <= 2; attempt++) {
      if (job.signal.aborted || this.#stopped.signal.aborted) return job.reject(stopped());
      const outcome = await this.#try(job.request);
      if ("analysis" in outcome) return job.resolve(outcome.analysis);
      reason = outcome.reason;
      if (outcome.final) break;
    }
    if (this.#stopped.signal.aborted) return job.reject(stopped());
    this.#options.log.error({ scanId: job.request.scanId, reason }, "scan not analysed");
    job.resolve(faultAnalysis(job.request, reason));
  }

  async #try(request: AnalysisRequest): Promise<{ analysis: Analysis } | { reason: string; final: boolean }> {
    if (this.#isSpent()) return { reason: "the analysis process keeps failing", final: true };
    if (!this.#slot) await this.#attempt.promise;
    const slot = this.#slot;
    if (!slot) return { reason: "the analysis process does not start", final: false };
    const outcome = await slot.analyse(request, this.#limits.analysisMs);
    if ("loss" in outcome) return { reason: outcome.loss.reason, final: false };
    this.#times.add(outcome.analysis.models.reduce((sum, model) => sum + model.milliseconds, 0));
    this.#update({ ...this.#times.figures(), residentBytes: outcome.residentBytes });
    return { analysis: outcome.analysis };
  }

  /** Keeps one child alive until stopped. */
  async #keep(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const recent = this.#recentLosses();
      if (recent > 0) await pause(backoffMs(recent - 1, this.#limits.backoff, this.#random), signal);
      if (!signal.aborted) await this.#oneLife(signal);
    }
    this.#endAttempt();
  }

  async #oneLife(signal: AbortSignal): Promise<void> {
    const slot = new ChildProcessSlot({
      residentLimit: this.#limits.residentBytes,
      open: this.#options.open,
    });
    const abort = () => void slot.kill();
    signal.addEventListener("abort", abort, { once: true });
    const ready = await this.#startOf(slot);
    if (ready && !signal.aborted) {
      this.#slot = slot;
      this.#install(ready);
    }
    this.#endAttempt();
    const loss = await slot.gone;
    this.#slot = null;
    await slot.kill();
    signal.removeEventListener("abort", abort);
    if (!signal.aborted) this.#lost(loss);
  }

  async #startOf(slot: ChildProcessSlot) {
    const readyMs = this.#limits.readyMs * 2 ** Math.min(this.#slowStarts, MOST_DOUBLINGS);
    const began = performance.now();
    const ready = await slot.start(this.#options.models, readyMs);
    if (ready === null && performance.now() - began >= 0.9 * readyMs) this.#slowStarts += 1;
    return ready;
  }

  /** Lets go whoever waits for a child: it is there now, or this attempt failed. */
  #endAttempt(): void {
    this.#attempt.resolve();
    this.#attempt = Promise.withResolvers<void>();
  }

  #install(ready: Extract<FromChild, { type: "ready" }>): void {
    this.#faults = ready.faults;
    for (const fault of ready.faults) this.#options.log.error(fault, "model does not run");
    this.#options.log.info({ models: ready.models, readyMs: ready.readyMs }, "models ready");
    const fault = ready.faults[0];
    this.#update({
      state: fault ? "fault" : "ready",
      code: fault?.code ?? null,
      models: ready.models,
      residentBytes: ready.residentBytes,
    });
  }

  #lost(loss: ChildLoss): void {
    this.#losses.push(this.#now());
    this.#restarts++;
    const { reason, stderr } = loss;
    this.#options.log.error({ reason, stderr, restarts: this.#restarts }, "analysis process lost");
    const spent = this.#isSpent();
    this.#update({
      state: spent ? "fault" : "starting",
      code: spent ? "LYN_INFERENCE_RESTARTS" : null,
      residentBytes: null,
    });
  }

  #recentLosses(): number {
    const since = this.#now() - this.#limits.budgetWindowMs;
    this.#losses = this.#losses.filter((at) => at > since);
    return this.#losses.length;
  }

  #isSpent(): boolean {
    return this.#slot === null && this.#recentLosses() >= this.#limits.budget;
  }

  #update(change: Partial<InferenceState>): void {
    this.#state = { ...this.#state, ...change, restarts: this.#restarts };
    for (const listener of this.#listeners) listener(this.#state);
  }
}

function stopped(): LynceusError {
  return new LynceusError("LYN_INFERENCE_STOPPED", "The analysis was stopped before it finished", {
    remedy: "Nothing to do: the scan is kept and is analysed after the next start.",
  });
}
