import type { Analysis } from "../scan.ts";
import { type Gates, moved, ScoreWindow, saidBy } from "./comparison.ts";

/** What is known of one name's package that decides. */
interface Watched {
  readonly version: string;
  readonly task: string;
  readonly window: ScoreWindow;
  /** The package before it, as it was until then; null: not known. */
  readonly before: ScoreWindow | null;
  proved: boolean;
}

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
      this.#watched.set(name, {
        version,
        task,
        window: new ScoreWindow(),
        before: known?.window ?? null,
        proved: !isNew(name, version),
      });
    }
  }

  /** An analysis that decides. */
  take(analysis: Analysis): void {
    for (const [name, watched] of this.#watched) {
      if (!watched.proved) this.#judgeFaults(name, watched, analysis);
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

  #judge(name: string, watched: Watched): void {
    watched.proved = true;
    const reason = watched.before && moved(watched.before, watched.window, this.#options.gates);
    if (reason === null) this.#options.proved(name, watched.version);
    else this.#options.failed(name, watched.version, reason);
  }
}
