import { connectAsync, type MqttClient } from "mqtt";
import { unwrap } from "../../protocols/mqtt/envelope.ts";
import { topicFilter } from "../../protocols/mqtt/topics.ts";
import { backoffMs, pause } from "../backoff.ts";
import { type BrokerLogin, loginOptions } from "./broker-login.ts";
import { eventLine } from "./event-line.ts";

const BACKOFF = { baseMs: 500, maxMs: 15_000 };
const CONNECT_TIMEOUT_MS = 10_000;

/** Options of the command. */
export interface WatchOptions extends BrokerLogin {
  readonly broker: string;
  readonly site?: string;
  readonly topicRoot: string;
  readonly json?: boolean;
}

/** What is subscribed to. @throws LynceusError `LYN_TOPIC` where the site or the root is none. */
export function filtersOf({ site, topicRoot }: Pick<WatchOptions, "site" | "topicRoot">): readonly string[] {
  const where = { root: topicRoot, ...(site === undefined ? {} : { site }) };
  return (["hit", "alert", "status", "laneState"] as const).map((name) => topicFilter(name, where));
}

/** Prints events until `signal` aborts. Each connection is a client of its own, so that nothing is queued or replayed by it. */
export async function follow(options: WatchOptions, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      const client = await connect(options);
      process.stderr.write(`watching ${options.broker}\n`);
      attempt = 0;
      await listen(client, options, signal);
      if (!signal.aborted) process.stderr.write("the connection was lost; trying again\n");
    } catch (error) {
      if (attempt === 0)
        process.stderr.write(
          `no connection to ${options.broker}: ${(error as Error).message}; trying again\n`,
        );
    }
    await pause(backoffMs(attempt, BACKOFF, Math.random), signal);
  }
}

async function connect(options: WatchOptions): Promise<MqttClient> {
  const login = await loginOptions(options);
  return connectAsync(
    options.broker,
    {
      protocolVersion: 5,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...login,
    },
    false,
  );
}

async function listen(client: MqttClient, options: WatchOptions, signal: AbortSignal): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    client.on("close", () => resolve());
    client.on("error", () => resolve());
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  client.on("message", (_topic, payload) => print(payload, options.json === true));
  await client.subscribeAsync([...filtersOf(options)], { qos: 1 });
  await closed;
  await client.endAsync(true);
}

function print(payload: Uint8Array, json: boolean): void {
  try {
    const event = unwrap(payload);
    if (event === null) return;
    process.stdout.write(
      `${json ? JSON.stringify(event) : eventLine(event, process.stdout.isTTY === true)}\n`,
    );
  } catch (error) {
    process.stderr.write(`a message that is none of the contract's: ${(error as Error).message}\n`);
  }
}
