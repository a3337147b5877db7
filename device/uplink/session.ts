import { backoffMs, pause } from "../backoff.ts";
import type { Log } from "../log.ts";
import { Connection, describe } from "./connection.ts";
import type { ConnectionOptions } from "./connection-options.ts";

/** Full jitter from one second to one minute. */
const BACKOFF = { baseMs: 1000, maxMs: 60_000 };
/** A connection that lived so long was a good one: the next back-off begins anew, ms. */
const STABLE_MS = 20_000;
/** Refused subscriptions are tried again after this, ms. */
const RESUBSCRIBE_MS = 60_000;

/** State of one role's connection. `reason`: why it is not online, null where nothing is wrong. */
export interface LinkState {
  readonly state: "stopped" | "connecting" | "online" | "waiting";
  readonly reason: string | null;
  /** ms since the epoch. */
  readonly since: number;
}

export interface SessionOptions {
  readonly role: "hit" | "in" | "bulk";
  /** What the next connection is made with: read anew each time, so that renewed certificates are used. */
  readonly prepare: () => Promise<ConnectionOptions>;
  /** A connection is up. Its work ends by itself when the connection does. */
  readonly onOnline: (connection: Connection) => void;
  readonly onState: (state: LinkState) => void;
  readonly onRefused: (filters: readonly string[]) => void;
  /** A connection did not come about, or ended by an error. */
  readonly onFailed?: (error: unknown) => void;
  readonly clock: () => number;
  readonly random: () => number;
  readonly log: Log;
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
}

/** Keeps one role connected for ever: an absent or refusing broker is a state, tried again with jittered back-off. */
export class Session {
  readonly #options: SessionOptions;
  #abort = new AbortController();
  #running: Promise<void> | null = null;
  #connection: Connection | null = null;
  #state: LinkState;
  #renewing = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#state = { state: "stopped", reason: null, since: 0 };
  }

  get state(): LinkState {
    return this.#state;
  }

  /** The connection that is up now. */
  get connection(): Connection | null {
    return this.#connection;
  }

  start(): void {
    if (this.#running !== null) return;
    this.#abort = new AbortController();
    this.#running = this.#run(this.#abort.signal);
  }

  /** Makes the connection that is up anew, at once: with certificates that were replaced. */
  async renew(): Promise<void> {
    if (this.#connection === null) return;
    this.#renewing = true;
    await this.#connection.retire();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#connection?.disconnect();
    await this.#running;
    this.#running = null;
    this.#enter("stopped", null);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { random, backoff = BACKOFF } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const began = performance.now();
      const reason = await this.#once(signal);
      if (signal.aborted) return;
      if (this.#renewing) {
        this.#renewing = false;
        attempt = -1;
        continue;
      }
      if (performance.now() - began > STABLE_MS) attempt = 0;
      this.#enter("waiting", reason);
      await pause(backoffMs(attempt, backoff, random), signal);
    }
  }

  /** One connection from beginning to end; returns why it ended. */
  async #once(signal: AbortSignal): Promise<string> {
    const { prepare, onOnline, onRefused, log, role } = this.#options;
    this.#enter("connecting", this.#state.reason);
    try {
      const connection = await Connection.open(await prepare(), signal);
      if (signal.aborted) {
        await connection.disconnect();
        return "stopped";
      }
      this.#connection = connection;
      this.#enter("online", null);
      log.info({ role, window: connection.window }, "connected to the broker");
      if (connection.refusedFilters.length > 0) onRefused(connection.refusedFilters);
      const repeat = this.#resubscribe(connection);
      onOnline(connection);
      const reason = await connection.closed;
      clearInterval(repeat);
      this.#connection = null;
      log.warn({ role, reason }, "the connection to the broker ended");
      return reason;
    } catch (error) {
      this.#connection = null;
      if (!signal.aborted) this.#options.onFailed?.(error);
      const reason = describe(error);
      if (!signal.aborted && reason !== this.#state.reason)
        log.warn({ role, reason }, "no connection to the broker");
      return reason;
    }
  }

  #resubscribe(connection: Connection): NodeJS.Timeout {
    let refused = connection.refusedFilters;
    return setInterval(() => {
      if (refused.length === 0) return;
      connection.resubscribe(refused).then(
        (still) => {
          refused = still;
        },
        () => undefined, // the connection ended, which `closed` reports
      );
    }, RESUBSCRIBE_MS);
  }

  #enter(state: LinkState["state"], reason: string | null): void {
    this.#state = { state, reason, since: this.#options.clock() };
    this.#options.onState(this.#state);
  }
}
