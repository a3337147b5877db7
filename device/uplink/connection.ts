import { Socket } from "node:net";
import { connect, type MqttClient } from "mqtt";
import { LynceusError } from "../../protocols/errors.ts";
import { CONNECT_MS, clientOptions, MAX_INBOUND_BYTES, publishOptions } from "./client-options.ts";
import type { ConnectionOptions, MessageProperties, Outgoing, PublishResult } from "./connection-options.ts";
import { PacketGuard } from "./packet-guard.ts";
import { tlsFaultOf } from "./tls-faults.ts";

/** Packets in flight at most, whatever the broker allows. */
const MAX_WINDOW = 256;
/** Time that a handler has for one message; beyond it the broker is asked to send it again, ms. */
const HANDLER_MS = 10_000;
/** Longest wait for a clean DISCONNECT, ms. */
const DISCONNECT_MS = 500;
/** Time for what is in flight when a connection is to be replaced by another, ms. */
const RETIRE_MS = 2_000;

interface Pending {
  readonly settle: (result: PublishResult) => void;
  readonly since: number;
}

/**
 * One connection: one MQTT.js client, used once. Its own queue, reconnection and drain are never used (they lose or
 * reorder messages); a connection that fails is thrown away and its unacknowledged messages come from the journal again.
 */
export class Connection {
  /** Resolves, with the reason, when the connection is over. */
  readonly closed: Promise<string>;
  /** Largest packet that the broker takes, bytes; Infinity when it does not say. */
  readonly maximumPacketSize: number;
  /** Publishes that may be unacknowledged. */
  readonly window: number;
  /** False: the broker knows nothing of us, and what was published meanwhile is lost. */
  readonly sessionPresent: boolean;
  /** Filters that the broker refused to subscribe. */
  readonly refusedFilters: readonly string[];
  readonly #client: MqttClient;
  readonly #options: ConnectionOptions;
  readonly #pending = new Set<Pending>();
  readonly #watch: NodeJS.Timeout;
  readonly #guard: PacketGuard;
  #open = true;
  #retiring = false;
  #reason = "the connection was closed";

  private constructor(
    client: MqttClient,
    options: ConnectionOptions,
    found: { refused: readonly string[]; sessionPresent: boolean; guard: PacketGuard },
  ) {
    const { refused, sessionPresent, guard } = found;
    this.#client = client;
    this.#guard = guard;
    this.sessionPresent = sessionPresent;
    this.#options = options;
    this.refusedFilters = refused;
    const { serverProperties } = client;
    this.maximumPacketSize = serverProperties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    this.window = Math.max(1, Math.min(serverProperties?.receiveMaximum ?? MAX_WINDOW, MAX_WINDOW));
    this.#watch = setInterval(() => this.#checkDeadlines(), Math.min(1000, options.deadlineMs / 4));
    client.on("error", (error) => {
      this.#reason = describe(error);
    });
    this.closed = new Promise((resolve) => {
      client.once("close", () => {
        this.#open = false;
        clearInterval(this.#watch);
        this.#guard.stop();
        for (const { settle } of [...this.#pending]) settle({ kind: "lost" });
        client.end(true);
        resolve(this.#reason);
      });
    });
  }

  /** Connects and subscribes. Rejects when the broker is absent, refuses, or does not answer in time. */
  static async open(options: ConnectionOptions, signal: AbortSignal): Promise<Connection> {
    const client = connect(options.url, clientOptions(options));
    client.handleMessage = (packet, done) => receive(client, options, packet, done);
    const guard = guarded(client, options.packetMs);
    try {
      const sessionPresent = await connected(client, signal);
      sendAtOnce(client.stream);
      const refused = await subscribe(client, options.subscriptions);
      if (!client.connected) throw new Error("the broker closed the connection");
      return new Connection(client, options, { refused, sessionPresent, guard });
    } catch (error) {
      guard.stop();
      client.on("error", () => undefined);
      client.end(true);
      throw error;
    }
  }

  get open(): boolean {
    return this.#open;
  }

  /** How many more publishes the window allows. */
  get room(): number {
    return this.#open && !this.#retiring ? this.window - this.#pending.size : 0;
  }

  /** Bytes of the packet that carries a message (MQTT 5, §3.3), at most. */
  static packetSize(message: Outgoing): number {
    const text = (value: string) => 2 + Buffer.byteLength(value);
    const properties = 1 + text(message.contentType) + 1 + text("schema") + text(message.schema) + 2;
    const { traceparent } = message;
    const trace = traceparent === undefined ? 0 : 1 + text("traceparent") + text(traceparent);
    const correlation = message.correlationData === undefined ? 0 : 3 + message.correlationData.byteLength;
    return 5 + text(message.topic) + 2 + 4 + properties + trace + correlation + message.payload.byteLength;
  }

  /** Never rejects. QoS 0 counts as acknowledged once it is handed to the socket. */
  publish(message: Outgoing): Promise<PublishResult> {
    if (!this.#open) return Promise.resolve({ kind: "lost" });
    return new Promise((resolve) => {
      const pending: Pending = {
        since: performance.now(),
        settle: (result) => {
          if (this.#pending.delete(pending)) resolve(result);
        },
      };
      this.#pending.add(pending);
      this.#client.publish(
        message.topic,
        Buffer.from(message.payload.buffer, message.payload.byteOffset, message.payload.byteLength),
        publishOptions(message, this.#options.protocol),
        (error) => pending.settle(resultOf(error)),
      );
    });
  }

  /** Subscribes again to what was refused; returns what still is. */
  async resubscribe(filters: readonly string[]): Promise<readonly string[]> {
    return this.#open ? subscribe(this.#client, filters) : filters;
  }

  /** Cuts the connection: the broker publishes the will and sends again what was not acknowledged. */
  drop(reason: string): void {
    if (!this.#open) return;
    this.#reason = reason;
    this.#client.end(true);
  }

  /** Lets what is in flight arrive, takes nothing new, and says goodbye: what comes next is another connection. */
  async retire(): Promise<void> {
    this.#retiring = true;
    const end = performance.now() + RETIRE_MS;
    while (this.#open && this.#pending.size > 0 && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 10));
    if (this.#open) await this.disconnect();
  }

  /** Says goodbye: no will. Never waits longer than half a second. */
  async disconnect(): Promise<void> {
    this.#reason = "disconnected";
    // Not `end(false)`, which waits for acknowledgements that may never come.
    this.#client.outgoing = {};
    this.#client.end(false);
    const timer = setTimeout(() => this.#client.stream.destroy(), DISCONNECT_MS);
    await this.closed;
    clearTimeout(timer);
  }

  #checkDeadlines(): void {
    const oldest = performance.now() - this.#options.deadlineMs;
    for (const { since } of this.#pending) {
      if (since < oldest) this.drop(`no answer to a publish within ${this.#options.deadlineMs} ms`);
      return;
    }
  }
}

/**
 * A packet goes out as several small writes. With Nagle's algorithm the later ones wait for the broker's delayed
 * acknowledgement of the first, 40 ms a hit (RFC 896, RFC 1122 §4.2.3.2).
 */
function sendAtOnce(stream: MqttClient["stream"]): void {
  if (stream instanceof Socket) stream.setNoDelay(true);
}

/** Watches what the broker sends, from its first byte on. */
function guarded(client: MqttClient, packetMs: number | undefined): PacketGuard {
  const guard = new PacketGuard({
    maxBytes: MAX_INBOUND_BYTES,
    ...(packetMs === undefined ? {} : { packetMs }),
    cut: (why) => {
      client.emit("error", new Error(why));
      client.end(true);
    },
  });
  client.stream.on("data", (chunk: Uint8Array) => guard.see(chunk));
  return guard;
}

/** Returns whether the broker kept our session. */
function connected(client: MqttClient, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let reason = "the broker closed the connection before it accepted it";
    const timer = setTimeout(() => end(new Error(`no answer within ${CONNECT_MS} ms`)), CONNECT_MS);
    const aborted = () => end(new Error("stopped"));
    const end = (error: Error | null, sessionPresent = false) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      if (error === null) resolve(sessionPresent);
      else reject(error);
    };
    client.on("error", (error) => {
      reason = describe(error);
      end(new Error(reason, { cause: error }));
    });
    client.once("close", () => end(new Error(reason)));
    client.once("connect", (packet) => end(null, packet.sessionPresent));
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted, { once: true });
  });
}

/** Returns the filters that were refused. */
async function subscribe(client: MqttClient, filters: readonly string[]): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const filter of filters) {
    const granted = await new Promise<boolean>((resolve, reject) => {
      const closed = () => reject(new Error("the broker closed the connection"));
      client.once("close", closed);
      client.subscribe(filter, { qos: 1 }, (error, grants) => {
        client.removeListener("close", closed);
        resolve(error === null && (grants ?? []).every(({ qos }) => qos < 0x80));
      });
    });
    if (!granted) refused.push(filter);
  }
  return refused;
}

/** A message from the broker: acknowledged once it is handled durably, else the connection is dropped and it comes again. */
function receive(
  client: MqttClient,
  { onMessage, log }: ConnectionOptions,
  packet: { topic?: string; payload?: string | Buffer; dup?: boolean; properties?: PacketProperties },
  done: (error?: Error) => void,
): void {
  const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
  const late = setTimeout(() => refuse(`not handled within ${HANDLER_MS} ms`), HANDLER_MS);
  const refuse = (why: string) => {
    clearTimeout(late);
    log.warn(
      { topic: packet.topic, why },
      "a message could not be kept; the broker is asked to send it again",
    );
    client.end(true);
  };
  onMessage(packet.topic ?? "", new Uint8Array(payload ?? []), propertiesOf(packet)).then(
    () => {
      clearTimeout(late);
      done();
    },
    (error: unknown) => refuse(describe(error)),
  );
}

/** What the client library says of a packet's properties. */
type PacketProperties = Pick<MessageProperties, "responseTopic" | "correlationData"> & {
  readonly userProperties?: Readonly<Record<string, string | string[] | undefined>>;
};

function propertiesOf(packet: { dup?: boolean; properties?: PacketProperties }): MessageProperties {
  const { responseTopic, correlationData, userProperties } = packet.properties ?? {};
  const traceparent = userProperties?.["traceparent"];
  return {
    ...(typeof traceparent === "string" ? { traceparent } : {}),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData: new Uint8Array(correlationData) }),
    ...(packet.dup === true ? { duplicate: true } : {}),
  };
}

function resultOf(error: unknown): PublishResult {
  if (error === null || error === undefined) return { kind: "acknowledged" };
  const code = (error as { code?: unknown }).code;
  if (typeof code !== "number" || code < 0x80) return { kind: "lost" };
  return { kind: "refused", code, message: describe(error) };
}

/** An error's text; a refused connection to several addresses has none of its own. */
export function describe(error: unknown): string {
  const tls = tlsFaultOf(error);
  if (tls !== null) return tls.reason;
  if (error instanceof LynceusError) return `${error.code} ${error.message}`;
  if (error instanceof AggregateError) return error.errors.map(describe).join("; ");
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: unknown }).code;
  return error.message === "" && typeof code === "string" ? code : error.message;
}
