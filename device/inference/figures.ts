/** Scans whose times are kept for the percentiles. */
const KEPT = 512;

/** Percentiles of the bare `session.run` times of the last 512 scans, ms. */
export class RunTimes {
  readonly #ring: number[] = [];
  #next = 0;

  add(milliseconds: number): void {
    this.#ring[this.#next] = milliseconds;
    this.#next = (this.#next + 1) % KEPT;
  }

  /** `p50` and `p95`, null before the first scan. */
  figures(): { readonly p50: number | null; readonly p95: number | null } {
    const sorted = this.#ring.toSorted((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
    return { p50: at(0.5), p95: at(0.95) };
  }
}
