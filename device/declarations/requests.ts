import type { DeclarationRequest } from "../../protocols/mqtt/declaration-request.ts";
import type { IdentifierScheme } from "../../protocols/vocabulary.ts";
import type { Log } from "../log.ts";
import type { Scan } from "../scan.ts";
import type { DeclarationStore } from "../spool/port.ts";
import { DEFAULT_RETENTION_MS } from "./retention.ts";

/** Scans that wait to be asked for, at most; the oldest goes first. */
export const MAX_ASKING = 1000;
/** Identifiers of one request (`declaration-request`). */
const MAX_IDENTIFIERS = 64;
/** Between two tries while the broker is away, ms. */
const RETRY_MS = 2000;
/** A gap begins so long before the newest declaration, ms: messages overtake each other, clocks differ. */
const MARGIN_MS = 10 * 60_000;

export interface DeclarationRequestsOptions {
  readonly gateway: string;
  readonly spool: Pick<
    DeclarationStore,
    "declarationGap" | "widenDeclarationGap" | "closeDeclarationGap" | "newestDeclarationAt"
  >;
  /** Publishes on `declaration/request`; false while no connection takes it. */
  readonly publish: (request: DeclarationRequest) => Promise<boolean>;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
  readonly retryMs?: number;
}

/**
 * Asks central for declarations: of a scan that none matches, and of everything since a time after the broker lost the
 * session or the store was damaged. What could not be asked yet is asked when the broker is back; a gap is remembered on the
 * disk until then.
 */
export class DeclarationRequests {
  readonly #options: DeclarationRequestsOptions;
  readonly #asking = new Map<string, DeclarationRequest>();
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> | null = null;
  #stopped = true;

  constructor(options: DeclarationRequestsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = false;
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#working;
  }

  /** No declaration matches this scan. */
  missing(scan: Pick<Scan, "scanId" | "identifiers">): void {
    const identifiers = scan.identifiers
      .filter(({ checkOk, value }) => checkOk !== false && value.length > 0 && value.length <= 70)
      .slice(0, MAX_IDENTIFIERS)
      .map(({ scheme, value }) => ({ scheme: scheme as IdentifierScheme, value }));
    const { gateway } = this.#options;
    const { scanId } = scan;
    this.#asking.set(scanId, { gateway, scanId, ...(identifiers.length > 0 ? { identifiers } : {}) });
    if (this.#asking.size > MAX_ASKING) {
      const [oldest] = this.#asking.keys();
      if (oldest !== undefined) this.#asking.delete(oldest);
    }
    this.#schedule(0);
  }

  /** The broker has no session of ours: what central published while we were away is lost. */
  async sessionLost(): Promise<void> {
    const { spool, clock, log } = this.#options;
    try {
      const newest = await spool.newestDeclarationAt();
      const longest = clock() - DEFAULT_RETENTION_MS;
      await spool.widenDeclarationGap(newest === null ? longest : Math.max(newest - MARGIN_MS, longest));
      this.#schedule(0);
    } catch (error) {
      log.warn({ err: error }, "a lost session could not be remembered");
    }
  }

  #schedule(ms: number): void {
    if (this.#stopped || this.#working !== null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#work(), ms);
    this.#timer.unref();
  }

  #work(): void {
    const { retryMs = RETRY_MS, log } = this.#options;
    this.#working = this.#ask()
      .catch((error: unknown) =>
        log.warn({ err: error }, "central could not be asked for declarations; it is tried again"),
      )
      .then(() => {
        this.#working = null;
        // A damaged store is found out by whoever reads it: the gap is looked for again and again.
        this.#schedule(retryMs);
      });
  }

  async #ask(): Promise<void> {
    const { spool, publish, gateway, log } = this.#options;
    const gap = await spool.declarationGap();
    if (gap !== null) {
      const since = new Date(gap).toISOString();
      if (!(await publish({ gateway, since }))) return;
      await spool.closeDeclarationGap();
      log.info({ since }, "central was asked for the declarations since then");
    }
    for (const [scanId, request] of this.#asking) {
      if (this.#stopped || !(await publish(request))) return;
      this.#asking.delete(scanId);
    }
  }
}
