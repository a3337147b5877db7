/** Stamps of each kind that are remembered: about a minute's heartbeats. */
const MAX_SAMPLES = 12;
/** A scan captured so much earlier than it came was re-sent, ms; below it the difference is jitter and coarse stamps. */
const LIVE_WITHIN_MS = 1_000;
/** Before the first heartbeat the two clocks are taken to agree so far, ms: scans may be old, a heartbeat is always fresh. */
const UNKNOWN_CLOCK_MS = 5_000;

/**
 * How far the scanner's clock is from the gateway's, from the stamps of its messages: the smallest difference of late is the
 * one with the least delay on the way. With it, the end of a scan that was re-sent after a lost link is put where it was on
 * the gateway's clock, and not where it came.
 */
export class ClockOffset {
  #fresh: number[] = [];
  #starts: number[] = [];

  /** Gateway minus scanner, ms; null before the first stamp. */
  get offsetMs(): number | null {
    const all = [...this.#fresh, ...this.#starts];
    if (all.length === 0) return null;
    const least = Math.min(...all);
    return this.#fresh.length > 0 ? least : Math.min(least, UNKNOWN_CLOCK_MS);
  }

  /** Another scanner, another clock. */
  reset(): void {
    this.#fresh = [];
    this.#starts = [];
  }

  /**
   * A message stamped `at` (RFC 3339, scanner's clock) came at `receivedAt` (gateway's clock, ms).
   * @param kind `fresh`: sent when it was stamped (HEARTBEAT, EVENT); `start`: the start of a scan, which may be old.
   */
  sample(at: string, receivedAt: number, kind: "fresh" | "start"): void {
    const stamped = Date.parse(at);
    if (Number.isNaN(stamped)) return;
    const samples = kind === "fresh" ? this.#fresh : this.#starts;
    samples.push(receivedAt - stamped);
    if (samples.length > MAX_SAMPLES) samples.shift();
  }

  /**
   * When a capture ended on the gateway's clock, ms: `receivedAt` for a live scan, earlier for one that was re-sent.
   * @param endedAt RFC 3339, scanner's clock.
   * @param receivedAt when SCAN_END first came, gateway's clock, ms.
   */
  capturedAt(endedAt: string, receivedAt: number): number {
    const ended = Date.parse(endedAt) + (this.offsetMs ?? 0);
    return receivedAt - ended > LIVE_WITHIN_MS ? ended : receivedAt;
  }
}
