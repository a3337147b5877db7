/** Commands at once after a quiet time, and a second from then on: central's own clients are far below it. */
export const MAX_AT_ONCE = 200;
const A_SECOND = 10;

/** How many commands may come: some at once, then so many a second. */
export class Turns {
  /** Monotonic ms. */
  readonly #now: () => number;
  #left = MAX_AT_ONCE;
  #at: number;

  constructor(options: { readonly now: () => number }) {
    this.#now = options.now;
    this.#at = options.now();
  }

  /** False: too many have come. */
  take(): boolean {
    const now = this.#now();
    this.#left = Math.min(MAX_AT_ONCE, this.#left + ((now - this.#at) / 1000) * A_SECOND);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
