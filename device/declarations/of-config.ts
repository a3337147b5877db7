import type { Config } from "../config/schema.ts";
import type { Log } from "../log.ts";
import type { Spool } from "../spool/port.ts";
import type { Uplink } from "../uplink/uplink.ts";
import { DeclarationRequests } from "./requests.ts";
import type { Retention } from "./retention.ts";

/** How long, and how many, declarations are kept. */
export function retentionOf({ declarations, spool }: Pick<Config, "declarations" | "spool">): Retention {
  const { purposes, keep, maxBytes } = declarations;
  return { purposes, longestMs: keep, maxBytes, minFreeBytes: spool.minFreeBytes };
}

/** The gateway's requests for declarations. */
export function requestsOf({
  config,
  spool,
  uplink,
  clock,
  log,
}: {
  readonly config: Config;
  readonly spool: Spool;
  readonly uplink: () => Uplink;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
}): DeclarationRequests {
  return new DeclarationRequests({
    gateway: config.gateway.id,
    spool,
    publish: (request) => uplink().publishOnce("declarationRequest", request),
    clock,
    log,
  });
}
