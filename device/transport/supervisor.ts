import { LynceusError } from "../../protocols/errors.ts";
import { type BackoffLimits, backoffMs, pause } from "../backoff.ts";
import type { Log } from "../log.ts";
import type { Link, LinkState, Transport } from "./port.ts";

/** Waiting between attempts: 0.25 s at first, 15 s at most, for ever. */
export const LINK_BACKOFF: BackoffLimits = { baseMs: 250, maxMs: 15_000 };

/** What a link's user is handed with it. */
export interface ServeContext {
  /** Aborts when the supervisor stops. */
  readonly signal: AbortSignal;
  /** The peer has proven to be the right one: the next loss starts with the shortest wait. */
  healthy(): void;
}

export interface SupervisorOptions {
  readonly transport: Transport;
  /** Uses one link until it ends (resolve) or breaks (reject). The supervisor closes it. */
  readonly serve: (link: Link, context: ServeContext) => Promise<void>;
  /** A further peer while one is connected (listening transports). */
  readonly onSurplus?: (link: Link) => void;
  readonly backoff?: BackoffLimits;
  /** 0 ≤ x < 1, for the jitter. */
  readonly random?: () => number;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

/** Keeps one device connected: opens, serves, closes and opens again with jittered back-off, for ever. */
export class LinkSupervisor {
  readonly #options: SupervisorOptions;
  readonly #listeners = new Set<(state: LinkState) => void>();
  #abort = new AbortController();
  #running: Promise<void> | null = null;
  #state: LinkState;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#state = { state: "absent", code: "LYN_LINK_NOT_OPEN", since: options.now() };
  }

  get state(): LinkState {
    return this.#state;
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#running !== null) return;
    this.#abort = new AbortController();
    this.#running = this.#run(this.#abort.signal);
  }

  /** Ends the link and stops trying. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    this.#running = null;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { transport, now, random = Math.random, backoff = LINK_BACKOFF } = this.#options;
    let attempt = 0;
    while (!signal.aborted) {
      const healthy = () => {
        attempt = 0;
      };
      const code = await this.#once(signal, healthy);
      this.#set({ state: "absent", code, since: now() });
      // A listener gains nothing by waiting longer and longer: the next peer may be the right one.
      const served = code !== "LYN_LISTEN_FAILED";
      await pause(backoffMs(transport.passive && served ? 0 : attempt, backoff, random), signal);
      attempt += 1;
    }
  }

  /** One link from open to close; returns why it is gone. */
  async #once(signal: AbortSignal, healthy: () => void): Promise<string> {
    const { transport, serve, onSurplus, now, log } = this.#options;
    let link: Link | null = null;
    const onAbort = () => void link?.close();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      link = await transport.open(signal, onSurplus === undefined ? {} : { onSurplus });
      this.#set({ state: "connected", code: null, since: now() });
      log.info({ peer: link.peer }, "link opened");
      await serve(link, { signal, healthy });
      return "LYN_LINK_ENDED";
    } catch (error) {
      const code = codeOf(error);
      // Said once, not at each of the attempts that follow.
      if (!signal.aborted && code !== this.#state.code)
        log.warn({ err: error, url: transport.url }, "link failed");
      return code;
    } finally {
      signal.removeEventListener("abort", onAbort);
      await link?.close();
    }
  }

  #set(state: LinkState): void {
    const same = state.state === this.#state.state && state.code === this.#state.code;
    if (same) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

/** The stable code of a failure: an errno where the system gave one, else the error's own. */
function codeOf(error: unknown): string {
  if (error instanceof LynceusError) {
    const errno = error.details["errno"];
    return typeof errno === "string" ? errno : error.code;
  }
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "LYN_LINK_ENDED";
}
