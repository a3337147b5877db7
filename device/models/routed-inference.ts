import { pause } from "../backoff.ts";
import type { DeclaredLine, RiskOfDeclaration } from "../inference/declared-lines.ts";
import {
  type AnalysisRequest,
  type DeclarationScoring,
  type Inference,
  type InferenceState,
  STARTING,
} from "../inference/port.ts";
import type { Analysis, ScanEmbedding } from "../scan.ts";

/** What the analysis goes through: one set of models that decides, and perhaps a candidate beside it. */
type Engine = Inference & DeclarationScoring;

/** A package on trial. */
export interface Candidate {
  readonly engine: Engine;
  /** Whether its word on a scan is published (canary). */
  decides(request: AnalysisRequest): boolean;
  /** Whether it only looks at scans, at all of them (shadow). */
  readonly looksOn: boolean;
  /** Both looked at a scan; null: the one gave nothing. */
  compared(request: AnalysisRequest, active: Analysis | null, candidate: Analysis | null): void;
}

/** Analyses of the candidate that may be under way or wait; scans beyond are left out of the comparison. */
export const MAX_BESIDE = 4;
/** So long a scan waits for the candidate's word before the active models are asked, ms. */
export const CANARY_PATIENCE_MS = 2_000;

/**
 * The inference that lanes see. The models behind it can be replaced while scans are under way: each scan is finished by those
 * that it began with. A candidate looks at scans too, after those that decide and in a process of its own: what it does costs
 * no hit.
 */
export class RoutedInference implements Inference, DeclarationScoring {
  readonly #listeners = new Set<(state: InferenceState) => void>();
  readonly #stopped = new AbortController();
  readonly #beforeStart: () => Promise<Engine>;
  readonly #afterStop: () => Promise<void>;
  readonly #analysed: (analysis: Analysis) => void;
  readonly #patienceMs: number;
  #primary: Engine | null = null;
  #unlisten = () => {};
  #candidate: Candidate | null = null;
  #starting: Promise<void> | null = null;
  #beside = 0;
  readonly #using = new Map<Engine, number>();
  readonly #retiring = new Set<Promise<void>>();
  #state: InferenceState = STARTING;

  /** `open` gives the first set of models, not started yet. `analysed` is told of each analysis that decides. */
  constructor(options: {
    readonly open: () => Promise<Engine>;
    readonly closed: () => Promise<void>;
    readonly analysed: (analysis: Analysis) => void;
    readonly patienceMs?: number | undefined;
  }) {
    this.#beforeStart = options.open;
    this.#afterStop = options.closed;
    this.#analysed = options.analysed;
    this.#patienceMs = options.patienceMs ?? CANARY_PATIENCE_MS;
  }

  get state(): InferenceState {
    return this.#state;
  }

  start(): Promise<void> {
    this.#starting ??= this.#beforeStart().then(async (engine) => {
      this.#follow(engine);
      await engine.start();
    });
    return this.#starting;
  }

  onState(listener: (state: InferenceState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async analyse(request: AnalysisRequest, signal: AbortSignal): Promise<Analysis> {
    const candidate = this.#candidate;
    if (candidate?.decides(request)) {
      const analysis = await this.#canary(candidate, request);
      if (analysis !== null) return analysis;
      signal.throwIfAborted();
    }
    const analysis = await this.#decide(request, signal);
    this.#analysed(analysis);
    if (candidate?.looksOn === true && this.#candidate === candidate)
      void this.#shadow(candidate, request, analysis);
    return analysis;
  }

  async assess(lines: readonly DeclaredLine[]): Promise<RiskOfDeclaration | null> {
    await this.#starting;
    return (await this.#primary?.assess(lines)) ?? null;
  }

  remember(scanId: string, embedding: ScanEmbedding): void {
    this.#primary?.remember(scanId, embedding);
  }

  /** Puts other models in the place of those that decide, which finish what they began. `next` has been started. */
  replace(next: Engine): void {
    if (this.#stopped.signal.aborted) return void next.stop();
    const last = this.#primary;
    this.#follow(next);
    if (last !== null) this.#retire(last);
  }

  /** Puts a candidate beside; null: none. The one before finishes what it began. */
  try(next: Candidate | null): void {
    if (this.#stopped.signal.aborted) return void next?.engine.stop();
    const last = this.#candidate;
    this.#candidate = next;
    if (last !== null && last.engine !== next?.engine) this.#retire(last.engine);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#unlisten();
    await this.#starting?.catch(() => {});
    await Promise.all([this.#primary?.stop(), this.#candidate?.engine.stop(), ...this.#retiring]);
    this.#candidate = null;
    this.#listeners.clear();
    await this.#afterStop();
  }

  async #decide(request: AnalysisRequest, signal: AbortSignal): Promise<Analysis> {
    await this.#starting;
    const engine = this.#primary;
    if (engine === null) throw new Error("the inference was not started");
    return this.#with(engine, () => engine.analyse(request, signal));
  }

  /** The candidate's word, or null where it has none in time. The active models look too, so that both are compared. */
  async #canary(candidate: Candidate, request: AnalysisRequest): Promise<Analysis | null> {
    const { signal } = this.#stopped;
    const over = new AbortController();
    const asked = this.#with(candidate.engine, () => candidate.engine.analyse(request, signal)).catch(
      () => null,
    );
    const patience = pause(this.#patienceMs, AbortSignal.any([over.signal, signal])).then(() => null);
    const analysis = whole(await Promise.race([asked, patience]));
    over.abort();
    if (signal.aborted) return null;
    if (analysis === null) candidate.compared(request, null, null);
    else
      void this.#decide(request, signal)
        .catch(() => null)
        .then((active) => candidate.compared(request, active, analysis));
    return analysis;
  }

  async #shadow(candidate: Candidate, request: AnalysisRequest, active: Analysis): Promise<void> {
    if (this.#beside >= MAX_BESIDE || whole(active) === null) return;
    this.#beside += 1;
    const { signal } = this.#stopped;
    const found = await this.#with(candidate.engine, () => candidate.engine.analyse(request, signal)).catch(
      () => null,
    );
    this.#beside -= 1;
    if (!signal.aborted && this.#candidate === candidate)
      candidate.compared(request, active, found && whole(found));
  }

  #follow(engine: Engine): void {
    this.#unlisten();
    this.#primary = engine;
    const take = (state: InferenceState) => {
      this.#state = state;
      for (const listener of this.#listeners) listener(state);
    };
    this.#unlisten = engine.onState(take);
    take(engine.state);
  }

  async #with<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
    this.#using.set(engine, (this.#using.get(engine) ?? 0) + 1);
    try {
      return await work();
    } finally {
      this.#using.set(engine, (this.#using.get(engine) ?? 1) - 1);
    }
  }

  /** Ends a set of models when the last of its scans is done. */
  #retire(engine: Engine): void {
    const retired = (async () => {
      while ((this.#using.get(engine) ?? 0) > 0 && !this.#stopped.signal.aborted)
        await pause(50, this.#stopped.signal);
      this.#using.delete(engine);
      await engine.stop();
    })().finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }
}

/** An analysis in which every model that should look did; null for any other. */
function whole(analysis: Analysis | null): Analysis | null {
  return analysis === null || analysis.problems.some(({ code }) => code === "MODEL_FAULT") ? null : analysis;
}
