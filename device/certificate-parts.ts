import type { Alerts } from "./alerts.ts";
import { CertificateWatch } from "./certificate-watch.ts";
import type { Config } from "./config/schema.ts";
import type { Log } from "./log.ts";
import type { Uplink } from "./uplink/uplink.ts";

export interface CertificateSurroundings {
  readonly config: Pick<Config, "broker">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly alerts: Pick<Alerts, "raise">;
  /** Called late, as the uplink is made after it. */
  readonly uplink: () => Pick<Uplink, "lookAtCredentials">;
  readonly clock: () => number;
  readonly log: Log;
}

/** What keeps the certificates for the broker: an alert in time, and renewal where the gateway is enrolled. */
export interface Certificates {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function certificatesOf(surroundings: CertificateSurroundings): Certificates {
  const { config, uplink, ...rest } = surroundings;
  const folder = config.broker.tls?.enrolment;
  const watch = new CertificateWatch({ ...rest, broker: config.broker });
  let renewal: { start(): void; stop(): Promise<void> } | null = null;
  return {
    async start() {
      watch.start();
      if (folder === undefined) return;
      // Only an enrolled gateway loads what makes signing requests.
      const { Renewal } = await import("./enrol/renewal.ts");
      renewal = new Renewal({
        ...rest,
        folder,
        random: Math.random,
        renewed: () => uplink().lookAtCredentials(),
      });
      renewal.start();
    },
    async stop() {
      watch.stop();
      await renewal?.stop();
    },
  };
}
