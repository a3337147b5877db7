import type { KeyObject } from "node:crypto";
import { type SignedMessage, signMessage } from "../../protocols/mqtt/index.ts";

/** Declarations wait for a gateway that is away: a signature is good for so long, ms. */
const LIFE_MS = 7 * 86_400_000;

/** Signs what gateways take signed only (`trust.require`), or leaves it plain where there is no key. */
export class MessageSigner {
  readonly #key: KeyObject | null;
  #sequence = 0;

  constructor(options: { readonly key: KeyObject | null }) {
    this.#key = options.key;
  }

  /** `data` of the event: the signed form, anew for each transmission. `aud`: the site, or the gateway of a receipt. */
  dataOf(message: SignedMessage, data: unknown, aud: string): unknown {
    if (this.#key === null) return data;
    const now = Date.now();
    // By the clock, so that a central that was restarted counts on.
    this.#sequence = Math.max(this.#sequence + 1, now);
    const issuedAt = new Date(now).toISOString();
    const notAfter = new Date(now + LIFE_MS).toISOString();
    return signMessage({ message, aud, sequence: this.#sequence, issuedAt, notAfter, data }, this.#key);
  }
}
