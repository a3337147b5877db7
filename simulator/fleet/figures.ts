/** Latencies kept; beyond it every other one is dropped, so that a long run stays in memory. */
const MAX_KEPT = 100_000;

/** What a fleet did, counted over all its gateways. */
export class FleetFigures {
  connections = 0;
  lost = 0;
  hits = 0;
  acknowledged = 0;
  /** Transmissions of a hit beyond the first. */
  resent = 0;
  /** Hits that were due while too many were under way: the broker is slower than the fleet. */
  heldBack = 0;
  states = 0;
  bytes = 0;
  receipts = 0;
  #kept: number[] = [];
  #every = 1;
  #seen = 0;

  /** A hit's PUBACK came after so long, ms. */
  took(ms: number): void {
    this.#seen += 1;
    if (this.#seen % this.#every !== 0) return;
    this.#kept.push(ms);
    if (this.#kept.length < MAX_KEPT) return;
    this.#kept = this.#kept.filter((_, at) => at % 2 === 0);
    this.#every *= 2;
  }

  /** Share `p` of the PUBACKs came within this, ms; null without any. */
  percentile(p: number): number | null {
    if (this.#kept.length === 0) return null;
    const sorted = Float64Array.from(this.#kept).sort();
    return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0) * 10) / 10;
  }
}
