import type { Alerts } from "../alerts.ts";
import type { Config } from "../config/schema.ts";
import type { Log } from "../log.ts";
import type { AuditLog } from "../spool/port.ts";
import { readTrustedKeys } from "../trusted-keys.ts";
import type { Uplink } from "../uplink/uplink.ts";
import { Checkpoints } from "./checkpoints.ts";

/** Checkpoints of a gateway's journal; central's keys are read anew for each co-signature. */
export function checkpointsOf(options: {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly spool: AuditLog;
  readonly uplink: () => Pick<Uplink, "publishCheckpoint">;
  readonly alerts: Alerts;
  readonly clock: () => number;
  readonly log: Log;
}): Checkpoints {
  const { config, env, spool, uplink, alerts, clock, log } = options;
  return new Checkpoints({
    log: spool,
    site: config.gateway.site,
    gateway: config.gateway.id,
    spoolPath: config.spool.path,
    publish: (note) => uplink().publishCheckpoint(note),
    witnesses: async () => (await readTrustedKeys(config.trust.central, env, "witness")).keys,
    alert: (alert) => void alerts.raise(alert),
    clock,
    logger: log,
  });
}
