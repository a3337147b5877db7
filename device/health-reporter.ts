import type { Health } from "../protocols/mqtt/health.ts";
import { firstExpiry, type RoleCertificate, roleCertificates } from "./certificate-expiry.ts";
import type { Config } from "./config/schema.ts";
import type { DestinationState } from "./dicom-out/destination.ts";
import type { InferenceState } from "./inference/port.ts";
import type { Log } from "./log.ts";
import { healthOf, type Work } from "./self-description.ts";
import type { Spool } from "./spool/port.ts";

/** Health is published this often, ms (`mqtt.md`). */
const HEALTH_MS = 30_000;

export interface HealthReporterOptions {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly spool: Pick<Spool, "figures">;
  readonly inference: () => InferenceState;
  /** States of where reports go; null where none are written. */
  readonly destinations: () => Promise<readonly DestinationState[] | null>;
  readonly work: Work;
  /** Publishes the figures, every 30 s. */
  readonly publish: (health: Health) => void;
  /** ms since the epoch. */
  readonly clock: () => number;
  /** How far it can be trusted. */
  readonly clockState: () => Health["clock"];
  readonly log: Log;
}

/** The gateway's figures (`…/health`): told every 30 seconds, and to whoever asks. */
export class HealthReporter {
  readonly #options: HealthReporterOptions;
  readonly #startedAt: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: HealthReporterOptions) {
    this.#options = options;
    this.#startedAt = options.clock();
  }

  start(): void {
    this.#say();
    this.#timer = setInterval(() => this.#say(), HEALTH_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** The figures of now. Rejects where the spool cannot say its own. */
  async now(): Promise<Health> {
    const { config, spool, inference, destinations, work, clock, clockState } = this.#options;
    const figures = await spool.figures();
    const certificates = await this.#certificates();
    return healthOf({
      config,
      figures,
      inference: inference(),
      work,
      now: clock(),
      clock: clockState(),
      startedAt: this.#startedAt,
      certificateExpiry: firstExpiry(certificates),
      certificates: certificates.map(({ role, to }) => ({ role, notAfter: new Date(to).toISOString() })),
      destinations: await destinations(),
    });
  }

  /** Without figures the last ones stand. */
  #say(): void {
    const { publish, log } = this.#options;
    this.now()
      .then(publish)
      .catch((error: unknown) => log.warn({ err: error }, "no figures for health"));
  }

  /** An unreadable certificate is a fault of the next connection, which says so; the other figures are still told. */
  async #certificates(): Promise<readonly RoleCertificate[]> {
    const { config, env, log } = this.#options;
    try {
      return await roleCertificates(config.broker, env);
    } catch (error) {
      log.warn({ err: error }, "a client certificate for the broker cannot be read");
      return [];
    }
  }
}
