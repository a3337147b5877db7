import type { Random } from "./random.ts";

/** First delay of a retry, ms. */
const BASE_MS = 100;
/** Longest delay of a retry, ms. */
const MAX_MS = 5000;

/** Full-jitter exponential delay before attempt `attempt` (0 = first retry), ms, at most {@link MAX_MS}. */
export function retryDelayMs(attempt: number, random: Random): number {
  const ceiling = Math.min(MAX_MS, BASE_MS * 2 ** Math.min(attempt, 20));
  return BASE_MS / 2 + random.float() * (ceiling - BASE_MS / 2);
}

/** Sleeps `ms`; ends early, without an error, when `signal` aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** Something to wait for that several causes can bring about. */
export class Wake {
  #wake: (() => void) | null = null;
  #rung = false;

  /** Ends the present wait, or the next one at once. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Waits for {@link ring}, `ms` at most, or until `signal` aborts. One waiter at a time. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung) {
      const ended = new AbortController();
      this.#wake = () => ended.abort();
      await sleep(ms, AbortSignal.any([signal, ended.signal]));
      this.#wake = null;
    }
    this.#rung = false;
  }
}
