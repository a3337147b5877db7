import type { Log } from "./log.ts";
import type { Spool } from "./spool/port.ts";

/** An alert for central (`mqtt.md`, alert), before the journal seals it. */
export interface Alert {
  readonly code: string;
  readonly severity: "info" | "warning" | "critical";
  readonly message: string;
  readonly remedy: string;
  readonly lane?: string;
  readonly scanId?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** One alert of a code and lane in this time; the rest are counted in the next one's details. */
const QUIET_MS = 10_000;
/** Codes × lanes remembered; beyond it the oldest is forgotten, which at worst repeats an alert early. */
const MAX_REMEMBERED = 512;

/**
 * Commits alerts to the outbox. A fault that repeats (a detector that sends garbage, a broker that refuses) must neither
 * flood central nor fill the disk, so repeats within ten seconds are counted instead.
 */
export class Alerts {
  readonly #options: { spool: Pick<Spool, "commitAlert">; clock: () => number; log: Log };
  readonly #recent = new Map<string, { at: number; suppressed: number }>();

  constructor(options: { spool: Pick<Spool, "commitAlert">; clock: () => number; log: Log }) {
    this.#options = options;
  }

  /** Never rejects: an alert that cannot be stored is logged, and the work that raised it goes on. */
  async raise(alert: Alert): Promise<void> {
    const { spool, clock, log } = this.#options;
    const now = clock();
    const key = `${alert.code} ${alert.lane ?? ""}`;
    const last = this.#recent.get(key);
    if (last !== undefined && now - last.at < QUIET_MS) {
      last.suppressed += 1;
      return;
    }
    this.#remember(key, now);
    const repeated = last?.suppressed ?? 0;
    const details = scalars(
      repeated > 0 ? { ...alert.details, repeatedSince: repeated } : (alert.details ?? {}),
    );
    log.warn({ code: alert.code, lane: alert.lane, scanId: alert.scanId, details }, alert.message);
    const { lane, scanId, code, severity } = alert;
    const data = {
      code,
      severity,
      message: cut(alert.message),
      remedy: cut(alert.remedy),
      ...(lane === undefined ? {} : { lane }),
      ...(scanId === undefined ? {} : { scanId }),
      details,
    };
    try {
      await spool.commitAlert({ data, lane: lane ?? null, scanId: scanId ?? null });
    } catch (error) {
      log.error({ err: error, code: alert.code }, "an alert could not be stored");
    }
  }

  #remember(key: string, at: number): void {
    this.#recent.delete(key);
    this.#recent.set(key, { at, suppressed: 0 });
    if (this.#recent.size > MAX_REMEMBERED) {
      const oldest = this.#recent.keys().next().value;
      if (oldest !== undefined) this.#recent.delete(oldest);
    }
  }
}

/** Longest text and detail an alert may carry (`mqtt.md`, Envelope; details are figures and names). */
const MAX_TEXT = 200;
const MAX_DETAIL = 500;

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}

/** Details on the wire are scalars: anything deeper is shown as JSON, cut. */
function scalars(
  details: Readonly<Record<string, unknown>>,
): Record<string, string | number | boolean | null> {
  const entries = Object.entries(details).map(([key, value]) => {
    if (value === null || typeof value === "boolean") return [key, value];
    if (typeof value === "number") return [key, Number.isFinite(value) ? value : String(value)];
    const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
    return [key, text.slice(0, MAX_DETAIL)];
  });
  return Object.fromEntries(entries);
}
