import type { Alert } from "../alerts.ts";
import type { ModelSelection } from "../inference/messages.ts";
import type { InferenceSupervisor } from "../inference/supervisor.ts";
import type { Log } from "../log.ts";
import type { Installer } from "./installer.ts";
import * as lifecycle from "./lifecycle.ts";
import { trialFailed, trialPassed } from "./notices.ts";
import { TrialResults } from "./results.ts";
import type { RoutedInference } from "./routed-inference.ts";
import type { ComparisonFigures, Installed, ModelsState } from "./state.ts";
import type { ModelStore } from "./store.ts";
import { type Rollout, TrialRun } from "./trial-run.ts";
import type { ModelTrust } from "./trust.ts";

export interface TrialsOptions {
  readonly store: ModelStore;
  readonly installer: Pick<Installer, "standing">;
  readonly selection: Omit<ModelSelection, "pinned" | "trust">;
  readonly open: (selection: ModelSelection) => InferenceSupervisor;
  readonly trust: () => Promise<ModelTrust>;
  readonly rollout: Rollout;
  readonly inference: Pick<RoutedInference, "try">;
  /** Name → folder of the packages that decide. */
  readonly pins: () => Readonly<Record<string, string>>;
  /** Runs a step after those before it. */
  readonly enqueue: (step: () => Promise<void>) => void;
  /** Makes what runs what the store says. */
  readonly settle: () => Promise<void>;
  readonly say: (alert: Alert) => void;
  readonly clock: () => number;
  readonly log: Log;
}

/** A candidate's figures, for the statistics. */
export interface CandidateFigures extends ComparisonFigures {
  readonly name: string;
  readonly version: string;
  readonly stage: "shadow" | "canary";
}

/** Packages on trial, one at a time: in shadow, then deciding a share of the scans. */
export class Trials {
  readonly #options: TrialsOptions;
  readonly #results: TrialResults;
  #run: TrialRun | null = null;

  constructor(options: TrialsOptions) {
    this.#options = options;
    this.#results = new TrialResults({ folder: options.store.folder, log: options.log });
  }

  figures(): readonly CandidateFigures[] {
    if (this.#run === null) return [];
    const { name, version, stage } = this.#run;
    return [{ name, version, stage, ...this.#run.comparison.figures() }];
  }

  /** What speaks against a version by its trial until now; null: nothing, or it was not on trial. */
  objection(name: string, version: string): string | null {
    const run = this.#run;
    return run?.name === name && run.version === version ? run.objection() : null;
  }

  /** Begins, ends or changes the trial, as the store says. */
  async settle(state: ModelsState): Promise<void> {
    const wanted = await this.#wanted(state);
    const run = this.#run;
    if (run === null && wanted === null) return;
    const same = run !== null && wanted !== null && run.name === wanted.name;
    if (same && run.version === wanted.entry.version && run.stage === wanted.entry.stage) return;
    this.#run = null;
    this.#options.inference.try(null);
    if (wanted !== null) await this.#begin(wanted.name, wanted.entry);
  }

  /** Ends what is on trial, also where it is still being loaded. */
  async stop(): Promise<void> {
    await this.#run?.engine.stop();
  }

  /** Resolves when all results are on disk. */
  settled(): Promise<void> {
    return this.#results.settled();
  }

  /** The package that is on trial; else the newest verified one of those that lanes name, which goes into shadow. */
  async #wanted(state: ModelsState): Promise<{ readonly name: string; readonly entry: Installed } | null> {
    const { store, clock, selection } = this.#options;
    const all = Object.entries(state.models);
    for (const [name, managed] of all) {
      const entry = lifecycle.candidateOf(managed);
      if (entry !== undefined) return { name, entry };
    }
    const [fresh] = all
      .filter(([name]) => selection.names?.includes(name) ?? true)
      .flatMap(([name, managed]) => managed.versions.map((entry) => ({ name, entry })))
      .filter(({ entry }) => entry.stage === "verified")
      .sort((a, b) => b.entry.at - a.entry.at);
    if (fresh === undefined) return null;
    const { name, entry } = fresh;
    await store.change((now) => lifecycle.beginTrial(now, name, entry.version, "shadow", clock()));
    return { name, entry: { ...entry, stage: "shadow" } };
  }

  async #begin(name: string, { version, task, stage, attempts }: Installed): Promise<void> {
    const { store, rollout, clock, enqueue, inference } = this.#options;
    if (stage !== "shadow" && stage !== "canary") return;
    if (attempts >= lifecycle.MAX_LOSSES)
      return this.#fail(name, version, `${attempts} loads of it never proved good`);
    await store.change((state) => {
      const entry = lifecycle.versionOf(state, name, version);
      if (entry !== undefined) entry.attempts += 1;
    });
    const engine = await this.#open(name, version, stage);
    const run = new TrialRun({
      name,
      version,
      task,
      stage,
      engine,
      rollout,
      results: this.#results,
      clock,
      noted: (of) => enqueue(() => this.#note(of)),
      over: (of, reason) => enqueue(() => this.#over(of, reason)),
    });
    this.#watch(run, engine);
    this.#run = run;
    await engine.start();
    inference.try(run);
  }

  /** In shadow it runs alone; as a canary with all the others, whose word is published with its own. */
  async #open(name: string, version: string, stage: "shadow" | "canary"): Promise<InferenceSupervisor> {
    const { store, open, selection, pins, trust } = this.#options;
    const pinned = { ...pins(), [name]: store.directoryOf(name, version) };
    const names = stage === "canary" ? selection.names : [name];
    return open({ names, folders: selection.folders, pinned, trust: await trust() });
  }

  #watch(run: TrialRun, engine: InferenceSupervisor): void {
    engine.onState(({ restarts }) => {
      const fault = engine.faults.find(({ model }) => model === run.name);
      if (fault !== undefined) run.end(`${fault.code}: ${fault.message}`);
      else if (restarts >= lifecycle.MAX_LOSSES) run.end(`its process was lost ${restarts} times`);
    });
  }

  async #note(run: TrialRun): Promise<void> {
    await this.#options.store.change((state) => {
      const entry = lifecycle.versionOf(state, run.name, run.version);
      if (entry !== undefined) lifecycle.recordFigures(entry, run.comparison.figures());
    });
  }

  async #over(run: TrialRun, reason: string | null): Promise<void> {
    const { store, rollout, clock, installer, say, settle } = this.#options;
    const { name, version, stage } = run;
    await this.#note(run);
    if (this.#run !== run) return;
    if (reason !== null) return this.#fail(name, version, reason);
    say(trialPassed(name, version, stage, run.comparison.figures()));
    if (rollout.promote === "command" && stage === "shadow") return;
    const standing = await installer.standing(name);
    const decides = rollout.canaryShare > 0 || rollout.canaryLane !== undefined;
    await store.change((state) => {
      if (stage === "shadow" && decides) lifecycle.beginTrial(state, name, version, "canary", clock());
      else lifecycle.activate(state, name, version, standing, clock());
      const entry = lifecycle.versionOf(state, name, version);
      if (entry !== undefined) entry.attempts = 0;
    });
    await settle();
  }

  async #fail(name: string, version: string, reason: string): Promise<void> {
    const { store, clock, say, settle } = this.#options;
    await store.change((state) => lifecycle.failTrial(state, name, version, reason, clock()));
    say(trialFailed(name, version, reason));
    await settle();
  }
}
