/** Heartbeats that are remembered: about one minute's. */
const MAX_SAMPLES = 12;
/** A scan captured so much earlier than it came was re-sent, ms; below it the difference is jitter of the link. */
const LIVE_WITHIN_MS = 1_000;
/** Before the first heartbeat the scanner's clock is trusted only so far, ms. */
const UNKNOWN_CLOCK_TOLERANCE_MS = 30_000;

/**
 * How far the scanner's clock is from the gateway's, from the times in its heartbeats: the smallest difference of the last
 * minute is the one with the least delay on the link. With it, the end of a scan that was re-sent after a lost link is put
 * where it was on the gateway's clock, and not where it came.
 */
export class ClockOffset {
  #samples: number[] = [];

  /** Gateway minus scanner, ms; null before the first heartbeat. */
  get offsetMs(): number | null {
    return this.#samples.length === 0 ? null : Math.min(...this.#samples);
  }

  /** Another scanner, another clock. */
  reset(): void {
    this.#samples = [];
  }

  /** A message stamped `at` (RFC 3339, scanner's clock) came at `receivedAt` (gateway's clock, ms). */
  sample(at: string, receivedAt: number): void {
    const stamped = Date.parse(at);
    if (Number.isNaN(stamped)) return;
    this.#samples.push(receivedAt - stamped);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }

  /**
   * When a capture ended on the gateway's clock, ms: `receivedAt` for a live scan, earlier for one that was re-sent.
   * @param endedAt RFC 3339, scanner's clock.
   * @param receivedAt when SCAN_END first came, gateway's clock, ms.
   */
  capturedAt(endedAt: string, receivedAt: number): number {
    const ended = Date.parse(endedAt) + (this.offsetMs ?? 0);
    const tolerance = this.offsetMs === null ? UNKNOWN_CLOCK_TOLERANCE_MS : LIVE_WITHIN_MS;
    return receivedAt - ended > tolerance ? ended : receivedAt;
  }
}
