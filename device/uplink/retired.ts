import type { Log } from "../log.ts";
import type { Outbox } from "../spool/port.ts";
import { type Connection, describe } from "./connection.ts";

/** Between two looks for room in the window, ms. */
const LOOK_MS = 100;

/**
 * Retained states that nobody keeps any more: those of lanes that were renamed or taken out of the configuration. What was
 * published is known from the journal, and is cleared at the broker once, by a payload of no bytes.
 */
export class Retired {
  readonly #outbox: Outbox;
  readonly #log: Log;
  #topics: string[] = [];

  constructor(options: { readonly outbox: Outbox; readonly log: Log }) {
    this.#outbox = options.outbox;
    this.#log = options.log;
  }

  /** `topics`: the states of the lanes that there are. */
  async start(topics: readonly string[]): Promise<void> {
    this.#topics = [...(await this.#outbox.announce(topics))];
  }

  /** Clears them on a new connection; what it does not take is tried on the next. */
  attach(connection: Connection): void {
    void this.#clear(connection).catch((error: unknown) =>
      this.#log.warn({ why: describe(error) }, "the state of a lane that is gone could not be cleared"),
    );
  }

  async #clear(connection: Connection): Promise<void> {
    for (const topic of [...this.#topics]) {
      while (connection.open && connection.room === 0)
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const empty = {
        qos: 1,
        retain: true,
        payload: new Uint8Array(0),
        contentType: "",
        schema: "",
      } as const;
      if ((await connection.publish({ ...empty, topic })).kind !== "acknowledged") continue;
      this.#topics = this.#topics.filter((other) => other !== topic);
      await this.#outbox.forgetAnnounced(topic);
      this.#log.info({ topic }, "the state of a lane that is gone was cleared");
    }
  }
}
