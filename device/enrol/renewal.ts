import type { EnrolmentRole } from "../../protocols/enrolment.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import type { Alerts } from "../alerts.ts";
import { backoffMs, pause } from "../backoff.ts";
import type { Log } from "../log.ts";
import { AuthorityClient } from "./authority-client.ts";
import { pairFrom } from "./enrol.ts";
import { EnrolmentFolder, ROLES, type Validity } from "./folder.ts";
import { makeKeyAndRequest } from "./request.ts";

/** A certificate is renewed when so much of its life is over; the last third is for an authority that is away. */
const RENEW_AT = 2 / 3;
/** Longest sleep, ms: a clock that is set, or files that are replaced, are noticed. */
const MAX_SLEEP_MS = 60 * 60_000;
const BACKOFF = { baseMs: 5_000, maxMs: 60 * 60_000 };

export interface RenewalOptions {
  readonly folder: string;
  readonly alerts: Pick<Alerts, "raise">;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly random: () => number;
  /** A role has a new certificate: its connection should change over to it. */
  readonly renewed?: () => void;
  readonly log: Log;
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
}

/**
 * Renews each role's certificate by itself, for the one that it has, whether the broker is there or not. The old one stays
 * valid; connections change to the new one when its file has changed. An authority that is away is tried again with back-off.
 */
export class Renewal {
  readonly #options: RenewalOptions;
  readonly #folder: EnrolmentFolder;
  #abort = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#folder = new EnrolmentFolder({ path: options.folder });
  }

  start(): void {
    this.#abort = new AbortController();
    this.#running = Promise.all(ROLES.map((role) => this.#keep(role, this.#abort.signal)));
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #keep(role: EnrolmentRole, signal: AbortSignal): Promise<void> {
    const { log, clock, random, renewed = () => undefined, backoff = BACKOFF } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const wait = renewalAt(await this.#folder.validity(role)) - clock();
        if (wait > 0) await pause(Math.min(wait, MAX_SLEEP_MS), signal);
        else {
          await this.#renew(role, signal);
          if (renewalAt(await this.#folder.validity(role)) <= clock())
            throw new Error(
              "the new certificate is to be renewed at once: see the clocks of gateway and authority",
            );
          log.info({ role }, "a certificate for the broker was renewed");
          renewed();
        }
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        await this.#sayFailed(role, error, failures);
        await pause(backoffMs(failures, backoff, random), signal);
        failures += 1;
      }
    }
  }

  async #renew(role: EnrolmentRole, signal: AbortSignal): Promise<void> {
    const { authority, authorityCa, site, gateway } = await this.#folder.read();
    const pair = await this.#folder.readPair(role);
    const { key, csr } = await makeKeyAndRequest({ site, gateway, role });
    const client = new AuthorityClient({ url: authority, ca: authorityCa, pair });
    const answer = await client.renew({ requests: [{ role, csr }] }, signal);
    await this.#folder.writePair(role, pairFrom(answer, key, { site, gateway, role }));
  }

  async #sayFailed(role: EnrolmentRole, error: unknown, failures: number): Promise<void> {
    const { alerts, log } = this.#options;
    const why = (error as Error).message;
    log.warn({ role, why }, "a certificate for the broker could not be renewed; it is tried again");
    // Once when it begins: health says how long the certificate still is, and an alert comes before it ends.
    if (failures > 0) return;
    await alerts.raise({
      code: "CERTIFICATE_NOT_RENEWED",
      severity: "warning",
      message: `The certificate of ${role} could not be renewed: ${why}`,
      remedy: isLynceusError(error) ? error.remedy : "See that the enrolment folder can be read and written.",
      details: { device: role, role, why },
    });
  }
}

/** When a certificate is to be renewed, ms since the epoch. */
export function renewalAt({ from, to }: Validity): number {
  return from + (to - from) * RENEW_AT;
}
