/** Lines of one message in so long, ms. A busy gateway says none of them so often; who floods it would fill the disk with them. */
const WINDOW_MS = 10_000;
export const MAX_ALIKE = 300;
/** Messages that are counted; beyond it the one counted first is forgotten, which at worst says more lines. */
const MAX_MESSAGES = 512;

interface Counted {
  since: number;
  lines: number;
}

/** Leaves out lines of a message that comes too often, and says how many were. */
export class LogLimit {
  /** Monotonic ms. */
  readonly #now: () => number;
  readonly #counted = new Map<string, Counted>();

  constructor(options: { readonly now: () => number }) {
    this.#now = options.now;
  }

  /** Null: the line is left out. Else how many of the message were, before this one. */
  take(message: string): number | null {
    const now = this.#now();
    const known = this.#counted.get(message);
    if (known === undefined || now - known.since >= WINDOW_MS) {
      const unsaid = Math.max(0, (known?.lines ?? 0) - MAX_ALIKE);
      this.#counted.delete(message);
      this.#counted.set(message, { since: now, lines: 1 });
      const [oldest] = this.#counted.keys();
      if (this.#counted.size > MAX_MESSAGES && oldest !== undefined) this.#counted.delete(oldest);
      return unsaid;
    }
    known.lines += 1;
    return known.lines > MAX_ALIKE ? null : 0;
  }
}
