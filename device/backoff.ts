/** Limits of a retry delay, ms. */
export interface BackoffLimits {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Full-jitter exponential back-off: uniform in [base/2, min(max, base × 2^attempt)], so that a thousand gateways do not
 * return in step after a broker restart. `random` gives 0 ≤ x < 1.
 */
export function backoffMs(attempt: number, limits: BackoffLimits, random: () => number): number {
  const ceiling = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.min(attempt, 30));
  const floor = Math.min(limits.baseMs / 2, ceiling);
  return floor + random() * (ceiling - floor);
}

/** Sleeps `ms`, ending early (without an error) when `signal` aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
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
