/** Losses of sync within {@link WINDOW_MS} that make an alert. */
export const ALERT_LOSSES = 10;
const WINDOW_MS = 60_000;
/** An alert is not repeated before this, ms. */
const QUIET_MS = 10 * 60_000;
/** NAKs that may be sent at once, and how fast that allowance comes back. */
const NAK_BURST = 20;
const NAK_REFILL_MS = 500;

/** Counts losses of sync and says when they are an alert, and when one more NAK would be noise. Times: gateway clock, ms. */
export class LossRate {
  #recent: number[] = [];
  #alertedAt = Number.NEGATIVE_INFINITY;
  #allowance = NAK_BURST;
  #refilledAt = 0;
  #total = 0;

  /** Losses since the driver started. */
  get total(): number {
    return this.#total;
  }

  /** One more loss at `at`. `alert`: the losses of the last minute when they are worth an alert now. */
  add(at: number): { readonly alert: number | null; readonly mayNak: boolean } {
    this.#total += 1;
    this.#recent = [...this.#recent.filter((time) => at - time < WINDOW_MS).slice(-ALERT_LOSSES * 100), at];
    const due = this.#recent.length >= ALERT_LOSSES && at - this.#alertedAt >= QUIET_MS;
    if (due) this.#alertedAt = at;
    return { alert: due ? this.#recent.length : null, mayNak: this.#spend(at) };
  }

  #spend(at: number): boolean {
    const refill = Math.floor((at - this.#refilledAt) / NAK_REFILL_MS);
    if (refill > 0) {
      this.#allowance = Math.min(NAK_BURST, this.#allowance + refill);
      this.#refilledAt = at;
    }
    if (this.#allowance <= 0) return false;
    this.#allowance -= 1;
    return true;
  }
}
