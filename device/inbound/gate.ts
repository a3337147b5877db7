import { isLynceusError, type LynceusError } from "../../protocols/errors.ts";
import { unwrap } from "../../protocols/mqtt/envelope.ts";
import { readSignedMessage, SIGNED_MESSAGES, type SignedMessage } from "../../protocols/mqtt/signed.ts";
import type { Alerts } from "../alerts.ts";
import type { TrustedKeys, TrustUse } from "../trusted-keys.ts";
import type { ReplayGuard } from "./replay-guard.ts";

/** Why a message is refused for who sent it. */
export type RefusedFor = "unsigned" | "forged" | "foreign" | "stale" | "replayed" | "form";

export interface InboundGateOptions {
  readonly site: string;
  readonly gateway: string;
  /** Kinds that are taken signed only (`trust.require`). */
  readonly require: readonly SignedMessage[];
  /** The keys that are trusted for a use, read anew for each message. */
  readonly keys: (use: TrustUse) => Promise<TrustedKeys>;
  readonly guard: ReplayGuard;
  readonly alerts: Pick<Alerts, "raise">;
  /** ms since the epoch. */
  readonly clock: () => number;
}

/** A message that may go on. */
export interface Admitted {
  /** The event with its plain data. */
  readonly bytes: Uint8Array;
  /** To be called once it is stored: it is not taken a second time. */
  readonly done: () => Promise<void>;
}

const REMEDIES: Readonly<Record<RefusedFor, string>> = {
  unsigned: "Let central sign it, or take its kind out of trust.require.",
  forged: "See who may publish on the topic; central signs with a key that trust.central names for it.",
  foreign: "See who may publish on the topic, and for whom central signs.",
  stale: "See the clocks of central and gateway; central signs each message anew.",
  replayed: "See who may publish on the topic; central signs each message anew, with the next sequence.",
  form: "See device/inbound/README.md for what is signed.",
};

/**
 * Stands before the rooms that take declarations, outcomes and receipts: who sent a message is looked at before what it says. A
 * signed one is verified and handed on as the plain one; a plain one passes where it need not be signed. What is refused changes
 * nothing, is counted, and told by an alert, of which there is one in ten seconds whatever comes.
 */
export class InboundGate {
  readonly #options: InboundGateOptions;
  readonly #refused = new Map<string, number>();

  constructor(options: InboundGateOptions) {
    this.#options = options;
  }

  /** Messages refused since start, by `KIND REASON`. */
  get refused(): ReadonlyMap<string, number> {
    return this.#refused;
  }

  /**
   * @param duplicate the broker sends it again since it has no word that it arrived.
   * @returns null: refused, or there already. Rejects where what is known cannot be read: then the broker sends it again.
   */
  async admit(name: string, bytes: Uint8Array, duplicate: boolean): Promise<Admitted | null> {
    const message = SIGNED_MESSAGES.find((known) => known === name);
    if (message === undefined || bytes.length === 0) return passed(bytes);
    let event: ReturnType<typeof unwrap>;
    try {
      event = unwrap(bytes);
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      // What cannot be read at all is for the room behind: it keeps count of dead letters.
      return this.#plain(message, bytes);
    }
    if (event === null || typeof event.data !== "string") return this.#plain(message, bytes);
    const { name: _name, ...envelope } = event;
    return this.#signed(message, event.data, envelope, duplicate);
  }

  #plain(message: SignedMessage, bytes: Uint8Array): Promise<Admitted | null> | Admitted {
    if (!this.#options.require.includes(message)) return passed(bytes);
    return this.#refuse(message, "unsigned", "it is not signed, and trust.require names its kind");
  }

  async #signed(
    message: SignedMessage,
    token: string,
    envelope: object,
    duplicate: boolean,
  ): Promise<Admitted | null> {
    const { site, gateway, keys, guard, clock } = this.#options;
    const trusted = await keys(message);
    let read: ReturnType<typeof readSignedMessage>;
    try {
      read = readSignedMessage(token, trusted.keys, { message, site, gateway, now: clock() });
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      return this.#refuse(
        message,
        reasonOf(error),
        String(error.details["why"] ?? error.message),
        error.message,
      );
    }
    const { keyId, claims } = read;
    const state = await guard.state(keyId, message, claims.sequence);
    if (state !== "new") {
      // Stored, and the broker missed the word: nothing is wrong and nothing is to be done.
      if (duplicate && state === "seen") return null;
      return this.#refuse(message, "replayed", `sequence ${claims.sequence} was there before`);
    }
    return {
      bytes: new TextEncoder().encode(JSON.stringify({ ...envelope, data: claims.data })),
      done: () => guard.mark(keyId, message, claims.sequence),
    };
  }

  async #refuse(message: SignedMessage, why: RefusedFor, detail: string, text = detail): Promise<null> {
    const key = `${message} ${why}`;
    this.#refused.set(key, (this.#refused.get(key) ?? 0) + 1);
    await this.#options.alerts.raise({
      code: "INBOUND_REFUSED",
      severity: "warning",
      message: `${message === "receipt" ? "A" : "An incoming"} ${message} is refused: ${text}`,
      remedy: REMEDIES[why],
      details: { device: key, message, why, detail },
    });
    return null;
  }
}

function passed(bytes: Uint8Array): Admitted {
  return { bytes, done: () => Promise.resolve() };
}

function reasonOf(error: LynceusError): RefusedFor {
  if (error.code === "LYN_JWS") return "forged";
  const why = error.details["why"];
  return why === "foreign" || why === "stale" ? why : "form";
}
