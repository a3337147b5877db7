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

/** One alert of a code, lane and device in this time, ms; those after it are counted, and the last of them is told at its end. */
const QUIET_MS = 10_000;
/** Codes × lanes × devices remembered; beyond it the oldest is forgotten, which at worst repeats an alert early. */
const MAX_REMEMBERED = 512;

/** What was said of one code, lane and device last, monotonic ms, and what has come since. */
interface Recent {
  readonly at: number;
  held: Alert | null;
  suppressed: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Commits alerts to the outbox. A fault that repeats (a detector that sends garbage, a broker that refuses) must neither
 * flood central nor fill the disk, so repeats within ten seconds are counted, and told as one when these are over.
 */
export class Alerts {
  readonly #spool: Pick<Spool, "commitAlert">;
  readonly #log: Log;
  readonly #quietMs: number;
  readonly #recent = new Map<string, Recent>();

  constructor(options: { spool: Pick<Spool, "commitAlert">; log: Log; quietMs?: number }) {
    this.#spool = options.spool;
    this.#log = options.log;
    this.#quietMs = options.quietMs ?? QUIET_MS;
  }

  /** Never rejects: an alert that cannot be stored is logged, and the work that raised it goes on. */
  async raise(alert: Alert): Promise<void> {
    // Two devices of a lane that go at once are two alerts.
    const key = `${alert.code} ${alert.lane ?? ""} ${String(alert.details?.["device"] ?? "")}`;
    const now = performance.now();
    const last = this.#recent.get(key);
    if (last === undefined || now - last.at >= this.#quietMs) {
      clearTimeout(last?.timer);
      return this.#tell(key, alert, last?.suppressed ?? 0);
    }
    last.suppressed += 1;
    last.held = alert;
    last.timer ??= setTimeout(() => void this.#release(key), last.at + this.#quietMs - now).unref();
  }

  /** Tells what was only counted so far; nothing is held back any more when this resolves. */
  async stop(): Promise<void> {
    await Promise.all([...this.#recent.keys()].map((key) => this.#release(key)));
  }

  async #release(key: string): Promise<void> {
    const { held = null, suppressed = 0, timer } = this.#recent.get(key) ?? {};
    clearTimeout(timer);
    if (held !== null) await this.#tell(key, held, suppressed - 1);
  }

  /** @param repeated how many more of the kind there were since the last that was told. */
  async #tell(key: string, alert: Alert, repeated: number): Promise<void> {
    this.#remember(key);
    const details = scalars(repeated > 0 ? { ...alert.details, repeated } : (alert.details ?? {}));
    const { lane, scanId, code, severity } = alert;
    this.#log.warn({ code, lane, scanId, details }, alert.message);
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
      await this.#spool.commitAlert({ data, lane: lane ?? null, scanId: scanId ?? null });
    } catch (error) {
      this.#log.error({ err: error, code: alert.code }, "an alert could not be stored");
    }
  }

  #remember(key: string): void {
    this.#recent.delete(key);
    this.#recent.set(key, { at: performance.now(), held: null, suppressed: 0, timer: undefined });
    if (this.#recent.size <= MAX_REMEMBERED) return;
    const oldest = this.#recent.entries().next().value;
    if (oldest === undefined) return;
    const [forgotten, { held, suppressed, timer }] = oldest;
    clearTimeout(timer);
    this.#recent.delete(forgotten);
    if (held !== null) void this.#tell(forgotten, held, suppressed - 1);
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
