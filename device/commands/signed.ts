import { isLynceusError } from "../../protocols/errors.ts";
import { verifyJws } from "../../protocols/jws.ts";
import type { TrustedKeys } from "../trusted-keys.ts";
import { CommandFault } from "./command.ts";

/** Whom a signed command may be for. */
export interface CommandAudience {
  readonly site: string;
  readonly gateway: string;
}

/** A command that a trusted key signed: its payload is still unchecked but for `aud`. */
export interface VerifiedCommand {
  /** The payload without `aud`, `id`, `jti` and `iat`: what an unsigned command has as its data. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly keyId: string;
}

/** Longest id of an event. */
const MAX_ID = 128;
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Id of a signed command that came without an event around it: the one that it was signed with; null: none. */
export function signedId(token: string): string | null {
  try {
    const body = token.split(".")[1] ?? "";
    const { id, jti } = claimsOf(new Uint8Array(Buffer.from(body, "base64url")));
    const name = id ?? jti;
    return typeof name === "string" && name !== "" && name.length <= MAX_ID ? name : null;
  } catch {
    return null;
  }
}

/** Whether a command's data is meant as a compact JWS; whether it is a good one is for {@link verifyCommand}. */
export function isSigned(data: unknown): data is string {
  return typeof data === "string" && COMPACT.test(data);
}

/**
 * Verifies a command signed as compact JWS (EdDSA), payload `{aud, name, args, notAfter, id?, iat?}`. `aud` is `SITE/GATEWAY`
 * or `/SITE/GATEWAY`, or a list with one of them: a command for a whole site is for nobody. `id` (or `jti`), where it is there, is
 * that of the event.
 * @throws CommandFault `UNAUTHORISED` where no trusted key signed it for this gateway, `BAD_REQUEST` where its payload is no
 *   JSON object.
 */
export function verifyCommand(
  { id: eventId, token }: { readonly id: string; readonly token: string },
  trusted: TrustedKeys,
  { site, gateway }: CommandAudience,
): VerifiedCommand {
  if (trusted.keys.length === 0)
    throw new CommandFault("UNAUTHORISED", "trust.central names no key that can be read");
  const { payload, keyId } = signatureOf(token, trusted);
  const claims = claimsOf(payload);
  const { aud, id, jti, iat: _when, ...data } = claims;
  const own = `${site}/${gateway}`;
  if (![aud].flat().some((name) => name === own || name === `/${own}`))
    throw new CommandFault("UNAUTHORISED", `aud does not name this gateway, ${own}`);
  if ([id, jti].some((one) => one !== undefined && one !== eventId))
    throw new CommandFault("UNAUTHORISED", "it was signed for an event of another id");
  return { data, keyId };
}

function signatureOf(token: string, { keys }: TrustedKeys): { payload: Uint8Array; keyId: string } {
  try {
    return verifyJws(token, keys);
  } catch (error) {
    if (!isLynceusError(error, "LYN_JWS")) throw error;
    throw new CommandFault("UNAUTHORISED", String(error.details["why"] ?? error.message));
  }
}

function claimsOf(payload: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    if (typeof claims === "object" && claims !== null && !Array.isArray(claims))
      return claims as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new CommandFault("BAD_REQUEST", "the payload of the signed command is no JSON object");
}
