import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import mqtt, { type IClientPublishOptions, type MqttClient } from "mqtt";
import { EVENT_CONTENT_TYPE } from "../../protocols/mqtt/index.ts";
import { retryDelayMs, sleep } from "../backoff.ts";
import type { Random } from "../random.ts";
import type { TlsFiles } from "./tls-files.ts";

/** A broker keeps central's session this long, s (`mqtt.md` "Versions": at least 7 days). */
const SESSION_EXPIRY_S = 7 * 86_400;
/** Messages the broker may have in flight to central. */
const RECEIVE_MAXIMUM = 256;
const CONNECT_TIMEOUT_MS = 5000;
/** Silence after which the connection is given up, s. */
const KEEPALIVE_S = 15;
/** A publish without PUBACK is given up after this, ms: what matters is published again later. */
const PUBLISH_TIMEOUT_MS = 10_000;

/** A message to publish. */
export interface Outgoing {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain?: boolean;
}

export interface BrokerSessionOptions {
  readonly url: string;
  /** For mqtts:// and wss://. */
  readonly tls?: TlsFiles | undefined;
  readonly clientId: string;
  readonly filters: readonly string[];
  readonly random: Random;
  /** The will of a connection that begins now. */
  readonly will: () => Outgoing;
  /** Takes a message; the broker gets its PUBACK when the promise resolves. Must not reject. */
  readonly onMessage: (topic: string, payload: Uint8Array) => Promise<void>;
  /** Connected and subscribed. */
  readonly onConnected: () => Promise<void>;
  readonly onLost: (reason: string) => void;
}

/**
 * Central's session at the broker: persistent, one client object per connection, the library's reconnect and queue off, an
 * absent broker retried for ever with jittered back-off.
 */
export class BrokerSession {
  readonly #options: BrokerSessionOptions;
  #client: MqttClient | null = null;
  #attempt = 0;

  constructor(options: BrokerSessionOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#client?.connected === true;
  }

  /** Keeps a connection until `signal` aborts, then says goodbye with `farewell`. */
  async run(signal: AbortSignal, farewell: () => Outgoing): Promise<void> {
    while (!signal.aborted) {
      const reason = await this.#connection(signal, farewell);
      this.#options.onLost(reason);
      if (!signal.aborted) await sleep(retryDelayMs(this.#attempt, this.#options.random), signal);
      this.#attempt += 1;
    }
  }

  /** Publishes with QoS 1; false where there is no connection or no PUBACK came. */
  async publish(message: Outgoing): Promise<boolean> {
    const client = this.#client;
    if (client?.connected !== true) return false;
    const done = client.publishAsync(message.topic, asBuffer(message.payload), publishOptions(message)).then(
      (packet) => ((packet as { reasonCode?: number } | undefined)?.reasonCode ?? 0) < 0x80,
      () => false,
    );
    const closed = new AbortController();
    const onClose = () => closed.abort();
    client.once("close", onClose);
    const gone = delay(PUBLISH_TIMEOUT_MS, false, { signal: closed.signal, ref: false }).catch(() => false);
    const result = await Promise.race([done, gone]);
    client.off("close", onClose);
    closed.abort();
    return result;
  }

  async #connection(signal: AbortSignal, farewell: () => Outgoing): Promise<string> {
    const client = this.#open();
    let reason = "the broker closed the connection";
    client.on("error", (error) => {
      reason = error.message || ((error as NodeJS.ErrnoException).code ?? "error");
    });
    const closed = new Promise<void>((resolve) => client.once("close", resolve));
    const leave = () => this.#leave(client, farewell);
    signal.addEventListener("abort", leave, { once: true });
    client.once("connect", () => {
      this.#subscribe(client).catch((error: Error) => {
        reason = error.message;
        client.end(true);
      });
    });
    if (signal.aborted) leave();
    await closed;
    signal.removeEventListener("abort", leave);
    this.#client = null;
    client.end(true);
    return reason;
  }

  #open(): MqttClient {
    const will = this.#options.will();
    const client = mqtt.connect(this.#options.url, {
      ...this.#options.tls,
      protocolVersion: 5,
      clientId: this.#options.clientId,
      clean: false,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepalive: KEEPALIVE_S,
      properties: { sessionExpiryInterval: SESSION_EXPIRY_S, receiveMaximum: RECEIVE_MAXIMUM },
      will: {
        topic: will.topic,
        payload: asBuffer(will.payload),
        qos: 1,
        retain: true,
        properties: { contentType: EVENT_CONTENT_TYPE },
      },
    });
    // Messages of the session come right after CONNACK, so this stands before anything is awaited.
    client.handleMessage = (packet, callback) => {
      const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
      this.#options.onMessage(packet.topic, payload).then(
        () => callback(),
        (error: Error) => callback(error),
      );
    };
    return client;
  }

  async #subscribe(client: MqttClient): Promise<void> {
    // A packet is several small writes: with Nagle's algorithm each receipt would wait 40 ms for a delayed acknowledgement.
    if (client.stream instanceof Socket) client.stream.setNoDelay(true);
    await client.subscribeAsync([...this.#options.filters], { qos: 1 });
    this.#client = client;
    this.#attempt = 0;
    await this.#options.onConnected();
  }

  /** A graceful DISCONNECT drops the will, so the farewell is published in its stead. */
  #leave(client: MqttClient, farewell: () => Outgoing): void {
    if (!client.connected) {
      client.end(true);
      return;
    }
    this.publish(farewell()).then(
      () => client.end(false),
      () => client.end(true),
    );
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function publishOptions(message: Outgoing): IClientPublishOptions {
  return { qos: 1, retain: message.retain === true, properties: { contentType: EVENT_CONTENT_TYPE } };
}
