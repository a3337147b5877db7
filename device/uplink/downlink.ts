import { isLynceusError } from "../../protocols/errors.ts";
import { unwrap } from "../../protocols/mqtt/envelope.ts";
import { receiptSchema } from "../../protocols/mqtt/receipt.ts";
import { matchTopic, type TopicName } from "../../protocols/mqtt/topics.ts";
import type { Log } from "../log.ts";
import type { Outbox } from "../spool/port.ts";

/** Messages downward that the gateway's rooms handle; each resolves when the message is durable (or a dead letter). */
export interface Handlers {
  readonly declaration: (bytes: Uint8Array) => Promise<void>;
  readonly outcome: (bytes: Uint8Array) => Promise<void>;
  /** Absent: profiles are not subscribed to. */
  readonly profile?: (bytes: Uint8Array) => Promise<void>;
  /** Central's co-signatures of checkpoints; absent: they are not subscribed to. */
  readonly witness?: (bytes: Uint8Array) => Promise<void>;
}

/** A connection so old has brought all that waited for it, ms. */
const CAUGHT_UP_MS = 5000;
/** All that is not receipted goes again for a central that came back, once in so long, ms: whoever says so a thousand times gains nothing. */
const AGAIN_MS = 2000;

export interface DownlinkOptions {
  readonly topicRoot: string;
  readonly outbox: Outbox;
  readonly handlers: Handlers;
  /** Central came up: what it has not receipted goes again. */
  readonly onCentral: () => void;
  /** Central said that it was `time`, ms since the epoch; `live`: just now, it had not waited at the broker. */
  readonly onTime: (time: number, live: boolean) => void;
  /** Receipts are taken signed only: that there are any is then not for an unsigned message to say. */
  readonly receiptsRequired: boolean;
  /** Somebody said that central sends no receipts, and is not believed. */
  readonly onTakenBack: () => void;
  /** How long the connection has been up, ms. */
  readonly connectedFor: () => number;
  readonly log: Log;
}

/** Routes what comes down: receipts and central's state to the outbox, the rest to the gateway's rooms. */
export class Downlink {
  readonly #options: DownlinkOptions;
  #receipts = false;
  /** Central says so; an absent state counts as online. */
  #online = true;
  /** When all went again last, monotonic ms. */
  #againAt = Number.NEGATIVE_INFINITY;

  constructor(options: DownlinkOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { outbox, receiptsRequired } = this.#options;
    this.#receipts = await outbox.receiptsExpected();
    if (!receiptsRequired || this.#receipts) return;
    await outbox.setReceiptsExpected(true);
    this.#receipts = true;
  }

  /** Whether rows without a receipt are to be sent again. Not to a central that is away: its broker's queue would overflow. */
  get resends(): boolean {
    return this.#receipts && this.#online;
  }

  /** Whether what waits is to be sent at all: the broker is there, central may not be. */
  get drains(): boolean {
    return this.#online;
  }

  /** Rejects only when the message could not be stored. */
  async receive(topic: string, bytes: Uint8Array): Promise<void> {
    const name: TopicName | undefined = matchTopic(topic, this.#options.topicRoot)?.name;
    switch (name) {
      case "receipt":
        return this.#receipt(bytes);
      case "central":
        return this.#central(bytes);
      case "declaration":
        return this.#options.handlers.declaration(bytes);
      case "outcome":
        return this.#options.handlers.outcome(bytes);
      case "profile":
        return this.#options.handlers.profile?.(bytes);
      case "witness":
        return this.#options.handlers.witness?.(bytes);
      default:
        this.#options.log.warn({ topic }, "a message on a topic that nobody here reads");
    }
  }

  async #receipt(bytes: Uint8Array): Promise<void> {
    const { outbox, log } = this.#options;
    const data = this.#dataOf("receipt", bytes);
    if (data === null) return;
    const { journal, ids, upToSequence } = data;
    // Consumers ignore unknown members, the strict schema does not: only ours are shown to it.
    const parsed = receiptSchema.safeParse({
      journal,
      ...(ids === undefined ? {} : { ids }),
      ...(upToSequence === undefined ? {} : { upToSequence }),
    });
    if (!parsed.success) {
      log.warn({ why: parsed.error.issues[0]?.message }, "a receipt cannot be read");
      return;
    }
    const receipt = parsed.data;
    const freed = await outbox.receipt({
      journal: receipt.journal,
      ...(receipt.ids === undefined ? {} : { ids: receipt.ids }),
      ...(receipt.upToSequence === undefined ? {} : { upToSequence: receipt.upToSequence }),
    });
    log.debug({ freed }, "receipt");
  }

  async #central(bytes: Uint8Array): Promise<void> {
    const { outbox, log, onCentral, receiptsRequired, onTakenBack } = this.#options;
    // A zero-length payload clears the retained state; that takes nothing back.
    const data = this.#dataOf("central", bytes);
    if (data === null) return;
    const { online, receipts } = data;
    if (receipts === false && receiptsRequired) onTakenBack();
    else if (typeof receipts === "boolean" && receipts !== this.#receipts) {
      await outbox.setReceiptsExpected(receipts);
      this.#receipts = receipts;
      log.info({ receipts }, receipts ? "central sends receipts" : "central sends no receipts any more");
    }
    const was = this.#online;
    this.#online = online !== false;
    if (!this.#online || was || performance.now() - this.#againAt < AGAIN_MS) return;
    this.#againAt = performance.now();
    onCentral();
  }

  /** Null, and a line in the log, for what is not such an event: nothing a redelivery would make better. */
  #dataOf(name: "receipt" | "central", bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
    try {
      const event = unwrap(bytes);
      if (event === null) return null;
      // What waited at the broker comes in the first seconds; a retained state may be of any age.
      const live = name === "receipt" && this.#options.connectedFor() > CAUGHT_UP_MS;
      this.#options.onTime(Date.parse(event.time), live);
      if (event.name === name && typeof event.data === "object" && event.data !== null) {
        return event.data as Record<string, unknown>;
      }
      this.#options.log.warn({ name: event.name }, `the event on the ${name} topic is none`);
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      this.#options.log.warn({ code: error.code, why: error.message }, `a ${name} cannot be read`);
    }
    return null;
  }
}
