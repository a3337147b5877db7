import type { Config } from "../../config/schema.ts";
import { credentialsOf } from "../../gateway-parts.ts";
import { SILENT_LOG } from "../../log.ts";
import { isSpoolInUse } from "../../spool/in-use.ts";
import { clientIdOf } from "../../uplink/client-options.ts";
import { Connection } from "../../uplink/connection.ts";
import { readLinks, type ToldLinks } from "../../uplink/link-file.ts";
import { tlsFaultOf } from "../../uplink/tls-faults.ts";
import { type Finding, failed, fault, ok, warning } from "./finding.ts";

type Env = Readonly<Record<string, string | undefined>>;
type Wanted = Pick<Config, "broker" | "gateway" | "spool">;

const CONNECT_MS = 6_000;
const WHAT = "broker";

/**
 * The broker as the gateway sees it. A gateway that runs and is connected is believed and left alone: a broker that takes the
 * certificate's name for the client id (`device/deploy/mosquitto`) would push its session out for a second connection. Else the
 * probe connects as the gateway does.
 */
export async function probeBroker(config: Wanted, env: Env): Promise<Finding> {
  const { broker, spool } = config;
  const told = isSpoolInUse(spool.path) ? await readLinks(spool.path) : null;
  if (told?.url === broker.url && told.links.hit.state === "online") return asTold(told, broker);
  try {
    await connectAndLeave(config, env);
    return accepted(`${broker.url} accepts the gateway`, broker);
  } catch (error) {
    const tls = tlsFaultOf(error);
    if (tls !== null) return fault(WHAT, tls.reason, tls.remedy);
    return failed(WHAT, error, "Check the broker's address, the network, user, password and certificates");
  }
}

/** All three connections, since each may have a certificate and rights of its own. */
function asTold({ links }: ToldLinks, broker: Wanted["broker"]): Finding {
  const off = Object.entries(links).filter(([, { state }]) => state !== "online");
  if (off.length === 0) return accepted(`the gateway runs and is connected to ${broker.url}`, broker);
  const each = off.map(
    ([role, { state, reason }]) => `${role} is ${state}${reason === null ? "" : `: ${reason}`}`,
  );
  return fault(
    WHAT,
    `the gateway runs and is connected to ${broker.url} in part: ${each.join("; ")}`,
    "Check the certificates of these roles in broker.tls, and what the broker allows them",
  );
}

function accepted(found: string, broker: Wanted["broker"]): Finding {
  return broker.protocol === 5
    ? ok(WHAT, found)
    : warning(
        WHAT,
        `${found} by MQTT 3.1.1`,
        "Use MQTT 5: an older broker cannot say that it refused a message",
      );
}

/**
 * By the gateway's own name, into its own session, which nobody uses now. It is left as it was: what waits in it for the gateway
 * is not acknowledged here, so that the broker keeps it.
 */
async function connectAndLeave({ broker, gateway }: Wanted, env: Env): Promise<void> {
  const credentials = await credentialsOf(broker, "hit", env);
  const signal = AbortSignal.timeout(CONNECT_MS);
  try {
    const connection = await Connection.open(
      {
        ...broker,
        clientId: clientIdOf(gateway.site, gateway.id, "hit"),
        credentials,
        subscriptions: [],
        onMessage: () => new Promise<never>(() => undefined),
        deadlineMs: CONNECT_MS,
        log: SILENT_LOG,
      },
      signal,
    );
    connection.drop("the probe is over");
    await connection.closed;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Error(`no answer within ${CONNECT_MS / 1000} s`, { cause: error });
  }
}
