import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import { readTrustedKeys } from "../trusted-keys.ts";
import { InboundGate, type InboundGateOptions } from "./gate.ts";
import { ReplayGuard } from "./replay-guard.ts";

/** The gate of a gateway, by `trust`. */
export function inboundGateOf(
  config: Pick<Config, "gateway" | "spool" | "trust">,
  {
    env,
    ...surroundings
  }: Pick<InboundGateOptions, "alerts" | "clock"> & {
    readonly env: Readonly<Record<string, string | undefined>>;
  },
): InboundGate {
  const { site, id: gateway } = config.gateway;
  return new InboundGate({
    ...surroundings,
    site,
    gateway,
    require: config.trust.require,
    keys: (use) => readTrustedKeys(config.trust.central, env, use),
    guard: new ReplayGuard({ folder: join(config.spool.path, "inbound") }),
  });
}
