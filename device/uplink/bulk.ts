import { pause } from "../backoff.ts";
import { Connection } from "./connection.ts";
import type { Outgoing } from "./connection-options.ts";

/** A message is tried on each new connection for so long, ms. */
const DELIVER_MS = 60_000;
/** Between two looks for a connection, or for room in its window, ms. */
const LOOK_MS = 50;
/** Room for what an image message may need where the broker does not say how large a packet may be, bytes. */
const UNLIMITED = 8 * 1024 * 1024;

/** Publishes answers and images: large, seldom, and never in the way of hits, which have a connection of their own. */
export class Bulk {
  readonly #connection: () => Connection | null;

  constructor(options: { connection: () => Connection | null }) {
    this.#connection = options.connection;
  }

  /** Bytes that the payload of a message may have, as the broker limits packets. */
  room(message: Omit<Outgoing, "payload">): number {
    const most = this.#connection()?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    if (!Number.isFinite(most)) return UNLIMITED;
    return most - Connection.packetSize({ ...message, payload: new Uint8Array(0) });
  }

  /** False when it was refused, or could not be delivered in time. It may arrive more than once. */
  async deliver(message: Outgoing, signal: AbortSignal): Promise<boolean> {
    const end = performance.now() + DELIVER_MS;
    while (!signal.aborted && performance.now() < end) {
      const connection = this.#connection();
      if (connection !== null && connection.room > 0) {
        const { kind } = await connection.publish(message);
        if (kind !== "lost") return kind === "acknowledged";
      }
      await pause(LOOK_MS, signal);
    }
    return false;
  }
}
