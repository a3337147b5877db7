import type { Analysis } from "../scan.ts";
import { type Gates, moved, ScoreWindow, saidBy } from "./comparison.ts";

/** What is known of one name's package that decides. */
interface Watched {
  readonly version: string;
  readonly task: string;
  readonly window: ScoreWindow;
  /** The package before it, as it was until then; null: not known. */
  readonly before: ScoreWindow | null;
  /** The others that decide beside it and did before: how long they took until then, and since. */
  readonly beside: ReadonlyMap<string, { readonly was: number; readonly since: ScoreWindow }>;
  proved: boolean;
}

/** The share of the runs that the others' times are read at. */
const USUAL = 0.9;
/** More than this is not laid to the machine. */
const MOST_SLOWDOWN = 4;

export interface ProbationOptions {
  readonly gates: Gates;
  /** Scans after which a package has proved itself. */
  readonly scans: number;
  readonly proved: (name: string, version: string) => void;
  readonly failed: (name: string, version: string, reason: string) => void;
}

/** Looks at what decides: a package that is new is held against the one before, until it has proved itself. */
export class Probation {
  readonly #options: ProbationOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: ProbationOptions) {
    this.#options = options;
  }

  /** From now on these decide. `isNew` says which of them have not proved themselves yet. */
  follow(
    models: readonly { readonly name: string; readonly version: string; readonly task: string }[],
    isNew: (name: string, version: string) => boolean,
  ): void {
    for (const { name, version, task } of models) {
      const known = this.#watched.get(name);
      if (known?.version === version) continue;
      const beside = known === undefined ? new Map() : this.#others(name, models);
      this.#watched.set(name, {
        version,
        task,
        window: new ScoreWindow(),
        before: known?.window ?? null,
        beside,
        proved: !isNew(name, version),
      });
    }
  }

  /** An analysis that decides. */
  take(analysis: Analysis): void {
    for (const [name, watched] of this.#watched) {
      if (!watched.proved) this.#judgeFaults(name, watched, analysis);
      if (!watched.proved) this.#timeOthers(watched, analysis);
      const said = saidBy({ name, task: watched.task }, analysis);
      if (said === null) continue;
      watched.window.add(said);
      if (!watched.proved && watched.window.runs === this.#options.scans) this.#judge(name, watched);
    }
  }

  #judgeFaults(name: string, watched: Watched, { problems }: Analysis): void {
    const fault = problems.find(({ code, text }) => code === "MODEL_FAULT" && text.startsWith(`${name} `));
    if (fault === undefined) return;
    watched.proved = true;
    this.#options.failed(name, watched.version, fault.text);
  }

  #others(
    name: string,
    models: readonly { readonly name: string; readonly version: string }[],
  ): Watched["beside"] {
    const beside = new Map<string, { readonly was: number; readonly since: ScoreWindow }>();
    for (const other of models) {
      const known = this.#watched.get(other.name);
      const was = known?.version === other.version ? known.window.quantile(USUAL) : null;
      if (other.name !== name && was !== null) beside.set(other.name, { was, since: new ScoreWindow() });
    }
    return beside;
  }

  #timeOthers({ beside }: Watched, analysis: Analysis): void {
    for (const [name, { since }] of beside) {
      const said = saidBy({ name, task: this.#watched.get(name)?.task ?? "" }, analysis);
      if (said !== null) since.add(said);
    }
  }

  #judge(name: string, watched: Watched): void {
    watched.proved = true;
    const { gates } = this.#options;
    const latencyRatio = gates.latencyRatio * slowdown(watched);
    const reason = watched.before && moved(watched.before, watched.window, { ...gates, latencyRatio });
    if (reason === null) this.#options.proved(name, watched.version);
    else this.#options.failed(name, watched.version, reason);
  }
}

/**
 * How much slower the machine has become since a package decides, 1 to 4: by the others, which have not changed. What the
 * package before took was measured at another time, perhaps on a quiet machine.
 */
function slowdown({ beside }: Watched): number {
  const ratios = [...beside.values()].flatMap(({ was, since }) => {
    const is = since.quantile(USUAL);
    return is === null || was <= 0 ? [] : [is / was];
  });
  return Math.min(MOST_SLOWDOWN, Math.max(1, ...ratios));
}
