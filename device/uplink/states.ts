import type { Log } from "../log.ts";
import { type Connection, Connection as MqttConnection } from "./connection.ts";
import type { Outgoing } from "./connection-options.ts";

/** Topics kept: the gateway's own and a state a lane. */
const MAX_STATES = 64;
/** Between two looks for room in the window, ms. */
const ROOM_MS = 20;

/**
 * The retained states: the newest of each topic, in memory. All are published when a connection comes up and each when
 * it changes, one at a time and always the newest, so that a fast change never queues up.
 */
export class States {
  readonly #log: Log;
  readonly #newest = new Map<string, Outgoing>();
  readonly #unsent = new Set<string>();
  #connection: Connection | null = null;
  #running: Promise<void> | null = null;

  constructor(options: { log: Log }) {
    this.#log = options.log;
  }

  /** Publishes everything on a new connection, `first` before all. */
  attach(connection: Connection, first: string): void {
    this.#connection = connection;
    this.#unsent.clear();
    for (const topic of [first, ...this.#newest.keys()]) this.#unsent.add(topic);
    this.#go();
  }

  put(message: Outgoing): void {
    if (!this.#newest.has(message.topic) && this.#newest.size >= MAX_STATES) {
      this.#log.error(
        { topic: message.topic, limit: MAX_STATES },
        "too many retained states; this one is not published",
      );
      return;
    }
    this.#newest.set(message.topic, message);
    this.#unsent.add(message.topic);
    this.#go();
  }

  /** Until everything is published, or the connection is over. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #go(): void {
    if (this.#connection === null || !this.#connection.open) return;
    this.#running ??= this.#publish().finally(() => {
      this.#running = null;
      if (this.#unsent.size > 0) this.#go();
    });
  }

  async #publish(): Promise<void> {
    for (const topic of this.#unsent) {
      const connection = this.#connection;
      if (connection === null || !connection.open) return;
      if (connection.room === 0) await new Promise((resolve) => setTimeout(resolve, ROOM_MS));
      if (connection.room === 0) continue;
      this.#unsent.delete(topic);
      const message = this.#newest.get(topic);
      if (message === undefined) continue;
      await this.#send(connection, message);
    }
  }

  async #send(connection: Connection, message: Outgoing): Promise<void> {
    const size = MqttConnection.packetSize(message);
    if (size > connection.maximumPacketSize) {
      this.#log.warn({ topic: message.topic, size }, "a state is larger than the broker takes");
      return;
    }
    const result = await connection.publish(message);
    if (result.kind === "refused") {
      this.#log.warn(
        { topic: message.topic, code: result.code },
        `the broker refuses a state: ${result.message}`,
      );
    }
  }
}
