/** A row counts as fresh for so long, ms: new scores overtake a backlog of any length. */
const FRESH_MS = 10_000;
/** Rows committed within this time are told apart by nothing, ms. */
const STEP_MS = 100;

/**
 * Which rows are fresh: by number and by the time since the machine started, so that a clock that is set makes neither a
 * backlog new nor a new score old.
 */
export class Fresh {
  readonly #now: () => number;
  /** The first row of each step, oldest first: at most `FRESH_MS / STEP_MS` of them. */
  #steps: { readonly sequence: number; readonly at: number }[] = [];

  /** `now`: monotonic, ms. */
  constructor(options: { readonly now: () => number }) {
    this.#now = options.now;
  }

  /** A row was committed. */
  note(sequence: number): void {
    const at = this.#now();
    const last = this.#steps.at(-1);
    if (last === undefined || at - last.at >= STEP_MS) this.#steps.push({ sequence, at });
    this.#forget(at);
  }

  /** Rows from this sequence on are fresh; null: none is. */
  get from(): number | null {
    this.#forget(this.#now());
    return this.#steps[0]?.sequence ?? null;
  }

  #forget(now: number): void {
    if ((this.#steps[0]?.at ?? now) >= now - FRESH_MS) return;
    this.#steps = this.#steps.filter(({ at }) => at >= now - FRESH_MS);
  }
}
