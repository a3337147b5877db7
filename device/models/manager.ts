import { isLynceusError, LynceusError } from "../../protocols/errors.ts";
import type { Alert } from "../alerts.ts";
import type { ModelFault, ModelSelection } from "../inference/messages.ts";
import type { InferenceSupervisor } from "../inference/supervisor.ts";
import type { Log } from "../log.ts";
import type { FloorFile } from "./floors.ts";
import type { InspectedPackage } from "./inspect.ts";
import type { Installer } from "./installer.ts";
import * as lifecycle from "./lifecycle.ts";
import { activated, installedAlert, refusedAlert, rolledBack } from "./notices.ts";
import { Probation } from "./probation.ts";
import { RoutedInference } from "./routed-inference.ts";
import type { ModelsState } from "./state.ts";
import type { ModelStore } from "./store.ts";
import type { Rollout } from "./trial-run.ts";
import { type CandidateFigures, Trials } from "./trials.ts";
import type { ModelTrust } from "./trust.ts";

/** How often the store is looked at for changes by the command line, ms. */
const POLL_MS = 1_000;
/** Alerts kept until somebody takes them. */
const MAX_UNSAID = 32;

export interface ModelManagerOptions {
  readonly store: ModelStore;
  readonly floors: FloorFile;
  readonly installer: Installer;
  /** What the lanes name, and where it is found where the store does not say. */
  readonly selection: Omit<ModelSelection, "pinned" | "trust">;
  /** Makes an analysis process, not started yet. */
  readonly open: (selection: ModelSelection) => InferenceSupervisor;
  readonly trust: () => Promise<ModelTrust>;
  readonly rollout: Rollout;
  /** So long a scan waits for a canary's word, ms; absent: the usual. */
  readonly patienceMs?: number;
  /** ms since the epoch */
  readonly clock: () => number;
  readonly log: Log;
}

/** Name → folder of the package that decides, where the store says. */
type Pins = Readonly<Record<string, string>>;

/**
 * The packages that a gateway runs: installed ones go from verified over shadow and canary to active, and back by themselves
 * when they crash, fail, slow down or score otherwise. The gateway serves scans all the while. What is to run stands in the
 * store; this makes it so.
 */
export class ModelManager {
  readonly inference: RoutedInference;
  readonly #options: ModelManagerOptions;
  readonly #probation: Probation;
  readonly #trials: Trials;
  readonly #unsaid: Alert[] = [];
  readonly #unproved = new Set<string>();
  #raise: ((alert: Alert) => void) | null = null;
  #pins: Pins = {};
  #primary: InferenceSupervisor | null = null;
  #revision = -1;
  #work: Promise<unknown> = Promise.resolve();
  #poll: NodeJS.Timeout | null = null;
  readonly #stopping = new AbortController();
  /** On its way to decide. */
  #opening: InferenceSupervisor | null = null;

  constructor(options: ModelManagerOptions) {
    this.#options = options;
    const { rollout } = options;
    this.#probation = new Probation({
      gates: rollout,
      scans: rollout.probationScans,
      proved: (name, version) => this.#enqueue(() => this.#proved(name, version)),
      failed: (name, version, reason) => this.#enqueue(() => this.#giveUp(name, version, reason)),
    });
    this.inference = new RoutedInference({
      open: () => this.#first(),
      closed: () => this.#closed(),
      analysed: (analysis) => this.#probation.take(analysis),
      patienceMs: options.patienceMs,
    });
    this.#trials = new Trials({
      ...options,
      inference: this.inference,
      pins: () => this.#pins,
      enqueue: (step) => this.#enqueue(step),
      settle: () => this.#settle(),
      say: (alert) => this.#say(alert),
    });
  }

  /** From now on alerts go there; what came before is told now. */
  announce(raise: (alert: Alert) => void): void {
    this.#raise = raise;
    for (const alert of this.#unsaid.splice(0)) raise(alert);
  }

  /** The process of the models that decide; null while there is none. */
  get pid(): number | null {
    return this.#primary?.pid ?? null;
  }

  /** Candidates on trial now. */
  figures(): readonly CandidateFigures[] {
    return this.#trials.figures();
  }

  /** Installs a target; it goes into shadow. @throws LynceusError LYN_MODEL_*: what runs goes on running */
  async install(target: string, signal: AbortSignal): Promise<InspectedPackage> {
    try {
      const found = await this.#options.installer.installTarget(target, signal);
      this.#say(installedAlert(found));
      this.#enqueue(() => this.#settle());
      return found;
    } catch (error) {
      if (isLynceusError(error)) this.#say(refusedAlert(target, error));
      throw error;
    }
  }

  /** Makes an installed package the active one. @throws LynceusError LYN_MODEL_STATE */
  async activate(name: string, version: string): Promise<void> {
    const { store, installer, clock } = this.#options;
    const objection = this.#trials.objection(name, version);
    if (objection !== null)
      throw new LynceusError(
        "LYN_MODEL_STATE",
        `The trial of ${name} ${version} speaks against it: ${objection}`,
        {
          remedy:
            "Leave what decides in place and ask the provider; `lynceus models list` shows the figures.",
        },
      );
    const standing = await installer.standing(name);
    await this.#do(async () => {
      await store.change((state) => lifecycle.activate(state, name, version, standing, clock()));
      await this.#settle();
      const reached = (await store.read()).models[name]?.active;
      if (reached !== version)
        throw new LynceusError("LYN_MODEL_STATE", `${name} ${version} did not load and was taken back`, {
          remedy: "The package before it decides. `lynceus models list` says why.",
        });
    });
  }

  /** Goes back to the package before. @returns its version; null: that of the site's folder or the release. @throws LynceusError LYN_MODEL_STATE */
  async rollBack(name: string): Promise<string | null> {
    const { store, clock } = this.#options;
    return this.#do(async () => {
      const back = await store.change((state) => lifecycle.rollBack(state, name, null, clock()));
      this.#say(rolledBack(name, null, back, "it was asked for"));
      await this.#settle();
      return back;
    });
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** One step at a time; what fails is its caller's. */
  #do<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#work.then(step);
    this.#work = done.catch(() => {});
    return done;
  }

  #enqueue(step: () => Promise<void>): void {
    const { log } = this.#options;
    void this.#do(step).catch((error: unknown) => log.error({ err: error }, "a step with the models failed"));
  }

  /** The first set of models. A state that cannot be used is said: those of the site's folder and the release run then. */
  async #first(): Promise<InferenceSupervisor> {
    const { store, log } = this.#options;
    let state: ModelsState | null = null;
    try {
      await store.sweep();
      await this.#countLoads();
      state = await store.read();
    } catch (error) {
      log.error({ err: error }, "the installed models cannot be used");
    }
    const pins = state === null ? {} : store.pinsOf(state);
    const engine = await this.#open(pins);
    this.#adopt(engine, pins, state);
    this.#poll = setInterval(() => void this.#look(), POLL_MS).unref();
    return engine;
  }

  /** Before each load, durably. Nothing is written where nothing is installed. */
  async #countLoads(): Promise<void> {
    const { store, clock } = this.#options;
    if (Object.keys((await store.read()).models).length === 0) return;
    const given = await store.change((state) => lifecycle.countLoads(state, clock()));
    for (const { name, version, reason } of given) {
      const back = (await store.read()).models[name]?.active ?? null;
      this.#say(rolledBack(name, version, back, reason));
    }
  }

  async #open(pins: Pins): Promise<InferenceSupervisor> {
    const { open, selection, trust } = this.#options;
    return open({ ...selection, pinned: pins, trust: await trust() });
  }

  /** From now on this set decides, and is watched. */
  #adopt(engine: InferenceSupervisor, pins: Pins, state: ModelsState | null): void {
    this.#pins = pins;
    this.#primary = engine;
    this.#unproved.clear();
    for (const [name, { active, versions }] of Object.entries(state?.models ?? {}))
      if (versions.some(({ version, proved }) => version === active && !proved)) this.#unproved.add(name);
    let { restarts } = engine.state;
    let models: unknown = null;
    const watch = () => {
      if (this.#primary !== engine || this.#isStopped) return;
      const now = engine.state;
      if (now.restarts > restarts) this.#enqueue(() => this.#lost());
      restarts = now.restarts;
      if (now.models === models || now.state === "starting") return;
      models = now.models;
      this.#probation.follow(now.models, (name) => this.#unproved.has(name));
      const fault = faultIn(engine, pins);
      if (fault !== undefined) this.#enqueue(() => this.#giveUpActive(fault));
    };
    engine.onState(watch);
    watch();
  }

  /** Makes what runs what the store says. */
  async #settle(): Promise<void> {
    if (this.#isStopped || this.#primary === null) return;
    const { store } = this.#options;
    let state = await store.read();
    if (!sameAs(store.pinsOf(state), this.#pins)) {
      await store.change(lifecycle.countFirstLoads);
      await this.#replace(store.pinsOf(state), state);
      state = await store.read();
    }
    await this.#trials.settle(state);
    this.#revision = state.revision;
  }

  /** The lanes go on with those before until the new ones have answered their golden inputs. */
  async #replace(pins: Pins, state: ModelsState): Promise<void> {
    const { store, clock } = this.#options;
    const changed = Object.keys({ ...pins, ...this.#pins }).filter((name) => pins[name] !== this.#pins[name]);
    const engine = await this.#open(pins);
    this.#opening = engine;
    await upOrGivenUp(engine, this.#stopping.signal);
    this.#opening = null;
    if (this.#isStopped) return engine.stop();
    const fault = faultIn(engine, pins, changed);
    const wrong = changed.find((name) => name in pins && (fault?.model ?? name) === name);
    if (wrong !== undefined && (fault !== undefined || engine.state.state === "starting")) {
      const reason = fault === undefined ? "its process does not come up" : `${fault.code}: ${fault.message}`;
      await engine.stop();
      const version = state.models[wrong]?.active ?? null;
      const back = await store.change((now) => lifecycle.rollBack(now, wrong, reason, clock()));
      this.#say(rolledBack(wrong, version, back, reason));
      return;
    }
    this.#adopt(engine, pins, state);
    this.inference.replace(engine);
    for (const name of changed) {
      const active = state.models[name]?.active;
      if (active != null) this.#say(activated(name, active));
    }
  }

  /** The process with the models that decide was lost: the package that came last is held to account. */
  async #lost(): Promise<void> {
    const { store, clock } = this.#options;
    const [last] = Object.entries((await store.read()).models)
      .filter(([, { active, previous }]) => active !== null && previous !== undefined)
      .map(([name, { active, versions }]) => ({
        name,
        entry: versions.find((one) => one.version === active),
      }))
      .sort((a, b) => (b.entry?.since ?? 0) - (a.entry?.since ?? 0));
    if (last?.entry === undefined) return;
    const { name, entry } = last;
    const tooOften = await store.change((state) => {
      const own = lifecycle.versionOf(state, name, entry.version);
      return own !== undefined && lifecycle.recordLoss(own, clock());
    });
    if (!tooOften) return;
    const reason = `its process was lost ${lifecycle.MAX_LOSSES} times in ten minutes`;
    await this.#giveUp(name, entry.version, reason);
  }

  async #giveUpActive({ model, code, message }: ModelFault): Promise<void> {
    const active = (await this.#options.store.read()).models[model]?.active;
    if (active != null) await this.#giveUp(model, active, `${code}: ${message}`);
  }

  /** Automatic rollback of what decides; nothing where it does not decide any more or nothing came before it. */
  async #giveUp(name: string, version: string, reason: string): Promise<void> {
    const { store, clock } = this.#options;
    const managed = (await store.read()).models[name];
    if (managed?.active !== version || managed.previous === undefined) return;
    const canary = lifecycle.candidateOf(managed);
    const back = await store.change((state) => {
      // What goes back is what decides, not a candidate that happens to be on trial.
      if (canary !== undefined)
        lifecycle.failTrial(state, name, canary.version, "the active package was taken back", clock());
      return lifecycle.rollBack(state, name, reason, clock());
    });
    this.#say(rolledBack(name, version, back, reason));
    await this.#settle();
  }

  /** The package has decided long enough: the floor rises, nothing older is taken any more. */
  async #proved(name: string, version: string): Promise<void> {
    const { store, floors } = this.#options;
    const isActive = await store.change((state) => lifecycle.recordProof(state, name, version));
    if (!isActive) return;
    this.#unproved.delete(name);
    await floors.raise((now) => ({ ...now, models: { ...now.models, [name]: version } }));
  }

  /** Looks whether somebody else changed the store. */
  async #look(): Promise<void> {
    if (this.#isStopped || this.#primary?.state.state === "starting") return;
    const state = await this.#options.store.read().catch(() => null);
    if (state !== null && state.revision !== this.#revision) this.#enqueue(() => this.#settle());
  }

  /** A clean stop proves that what was loaded did not bring the machine down. */
  async #closed(): Promise<void> {
    const { store, log } = this.#options;
    this.#stopping.abort();
    if (this.#poll !== null) clearInterval(this.#poll);
    // What is still being loaded is not waited for.
    await Promise.all([this.#opening?.stop(), this.#trials.stop()]);
    await this.#work;
    await this.#trials.settled();
    try {
      if (Object.keys((await store.read()).models).length > 0) await store.change(lifecycle.forgetLoads);
    } catch (error) {
      log.warn({ err: error }, "the state of the models cannot be written");
    }
  }

  #say(alert: Alert): void {
    if (this.#raise !== null) this.#raise(alert);
    else if (this.#unsaid.length < MAX_UNSAID) this.#unsaid.push(alert);
  }
}

/** Until its models answer, or its process was lost so often that it will not come up. A busy machine has some tries. */
async function upOrGivenUp(engine: InferenceSupervisor, signal: AbortSignal): Promise<void> {
  await engine.start();
  const isOver = () => engine.state.state !== "starting" || engine.state.restarts >= lifecycle.MAX_LOSSES;
  if (isOver() || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const unlisten = engine.onState(() => {
      if (isOver()) over();
    });
    const over = () => {
      unlisten();
      resolve();
    };
    signal.addEventListener("abort", over, { once: true });
  });
}

function faultIn(engine: InferenceSupervisor, pins: Pins, names = Object.keys(pins)): ModelFault | undefined {
  return engine.faults.find(({ model }) => model in pins && names.includes(model));
}

function sameAs(a: Pins, b: Pins): boolean {
  return Object.keys({ ...a, ...b }).every((key) => a[key] === b[key]);
}
