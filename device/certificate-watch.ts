import type { Alerts } from "./alerts.ts";
import { type CertificateFiles, type RoleCertificate, roleCertificates } from "./certificate-expiry.ts";
import type { Log } from "./log.ts";

const DAY_MS = 86_400_000;
/** Certificates are looked at this often, ms. */
const LOOK_MS = 10 * 60_000;
/** An alert comes when so much of a certificate's life is left, but not earlier than 30 days before its end. */
const WARN_AT = { part: 1 / 6, mostMs: 30 * DAY_MS };
const CRITICAL_AT = { part: 1 / 30, mostMs: 3 * DAY_MS };

/** How near a certificate's end is. */
export type Nearness = "far" | "warning" | "critical";

export interface CertificateWatchOptions {
  readonly broker: { readonly tls?: CertificateFiles | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly alerts: Pick<Alerts, "raise">;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
  readonly lookMs?: number;
}

/** Says in time that a client certificate for the broker ends: once when it is near, once more when it is very near or over. */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  readonly #said = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
  }

  start(): void {
    void this.look();
    this.#timer ??= setInterval(() => void this.look(), this.#options.lookMs ?? LOOK_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Never rejects: files that cannot be read are a fault of the next connection, which says so. */
  async look(): Promise<void> {
    const { broker, env, clock, log } = this.#options;
    try {
      const now = clock();
      for (const certificate of await roleCertificates(broker, env)) await this.#judge(certificate, now);
    } catch (error) {
      log.warn({ err: error }, "a client certificate for the broker cannot be read");
    }
  }

  async #judge(certificate: RoleCertificate, now: number): Promise<void> {
    const { role, to } = certificate;
    const nearness = nearnessOf(certificate, now);
    const state = `${to} ${nearness}`;
    if (this.#said.get(role) === state) return;
    this.#said.set(role, state);
    if (nearness === "far") return;
    const days = Math.round(((to - now) / DAY_MS) * 10) / 10;
    const end = new Date(to).toISOString();
    await this.#options.alerts.raise({
      code: "CERTIFICATE_EXPIRES",
      severity: nearness,
      message:
        days > 0
          ? `The certificate of ${role} for the broker ends in ${days} days, ${end}`
          : `The certificate of ${role} for the broker has ended, ${end}`,
      remedy:
        "Put a new certificate in its place (no restart), or see why the enrolment authority gives none.",
      details: { device: role, role, notAfter: end, daysLeft: days },
    });
  }
}

export function nearnessOf(
  { from, to }: { readonly from: number; readonly to: number },
  now: number,
): Nearness {
  const within = ({ part, mostMs }: typeof WARN_AT) => to - now <= Math.min((to - from) * part, mostMs);
  if (within(CRITICAL_AT)) return "critical";
  return within(WARN_AT) ? "warning" : "far";
}
