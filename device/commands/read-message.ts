import { isLynceusError } from "../../protocols/errors.ts";
import { MAX_JWS_LENGTH } from "../../protocols/jws.ts";
import { unwrap } from "../../protocols/mqtt/envelope.ts";
import type { Log } from "../log.ts";
import { isSigned, signedId } from "./signed.ts";
import { tokenDigest } from "./used-tokens.ts";

/** A command's event, as far as it is needed: who it is, and what it says, unchecked. */
export interface CommandEvent {
  readonly id: string;
  /** `{name, args, notAfter}`, or a compact JWS of it. */
  readonly data: unknown;
  /** Under which its answer is kept: a forged event that takes the id of a signed one must not answer for it. */
  readonly key: string;
}

/**
 * Reads a message on a command topic: an event of the contract, its data plain or signed, or the signed command alone. Null, and a
 * line in the log, for anything else: it has no id that an answer could name.
 */
export function readMessage(payload: Uint8Array, log: Log): CommandEvent | null {
  const bare = bareToken(payload);
  if (bare !== null) return withKey(signedId(bare) ?? tokenDigest(bare), bare);
  try {
    const event = unwrap(payload);
    if (event === null) return null;
    if (event.name === "command") return withKey(event.id, event.data);
    log.warn({ name: event.name }, "the event on a command topic is no command");
  } catch (error) {
    if (!isLynceusError(error)) throw error;
    log.warn({ code: error.code, why: error.message }, "a command cannot be read");
  }
  return null;
}

function withKey(id: string, data: unknown): CommandEvent {
  return { id, data, key: isSigned(data) ? `${id} ${tokenDigest(data)}` : id };
}

function bareToken(payload: Uint8Array): string | null {
  // A JSON object begins with a brace or a space; a token is base64url.
  const first = payload[0] ?? 0;
  if (payload.length > MAX_JWS_LENGTH || first === 0x7b || first <= 0x20) return null;
  const text = new TextDecoder().decode(payload).trim();
  return isSigned(text) ? text : null;
}
