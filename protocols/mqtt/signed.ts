import type { KeyObject } from "node:crypto";
import { z } from "zod";
import { LynceusError } from "../errors.ts";
import { signJws, verifyJws } from "../jws.ts";
import { issuePointer } from "../schema-issue.ts";
import { timestamp } from "./common.ts";
import { parseEventJson } from "./envelope.ts";
import { MAX_DECLARATION_BYTES } from "./limits.ts";

/** Messages downward that may be signed; profiles and privileged commands have a signed form of their own in `mqtt.md`. */
export const SIGNED_MESSAGES = ["declaration", "outcome", "receipt"] as const;
export type SignedMessage = (typeof SIGNED_MESSAGES)[number];

export const SIGNED_SCHEMA = "lynceus-signed/1.0";
/** Longest life of a signed message, ms: what a broker keeps for a gateway that is away, and a day. */
export const MAX_SIGNED_LIFE_MS = 8 * 86_400_000;
/** Clocks differ: so far ahead may `issuedAt` lie, ms. */
export const SIGNED_LENIENCE_MS = 5 * 60_000;

const audience = z.string().min(1).max(64);

/**
 * Payload of the compact JWS (RFC 7515, EdDSA) that stands as `data` of the event in place of the plain one. The plain data is in
 * `data`; the rest says what the signature is for, so that it is good for nothing else.
 */
export const signedMessageSchema = z.strictObject({
  schema: z.literal(SIGNED_SCHEMA),
  message: z.enum(SIGNED_MESSAGES).describe("the event that it may stand in"),
  aud: z
    .union([audience, z.array(audience).min(1).max(64)])
    .describe("SITE or SITE/GATEWAY; a receipt's is SITE/GATEWAY"),
  sequence: z.int().min(1).describe("counts what the key signs for an audience: each number once"),
  issuedAt: timestamp,
  notAfter: timestamp.describe("at most 8 days after issuedAt"),
  data: z.unknown(),
});
/** What a signed message says, its `data` unchecked. */
export type SignedClaims = z.output<typeof signedMessageSchema>;

/** For central: signs a message. `key`: Ed25519 private key. */
export function signMessage(claims: Omit<SignedClaims, "schema">, key: KeyObject): string {
  return signJws(JSON.stringify({ schema: SIGNED_SCHEMA, ...claims }), key);
}

/** What the gateway that reads a signed message is and when. */
export interface SignedReader {
  readonly message: SignedMessage;
  readonly site: string;
  readonly gateway: string;
  /** ms since the epoch. */
  readonly now: number;
}

/**
 * Verifies a signed message: signature, kind, audience and time. Whether its sequence was there before is the reader's to know.
 * @throws LynceusError `LYN_JWS`, `LYN_SIGNED_MESSAGE`, or `LYN_ENVELOPE_INVALID` where its payload is no JSON within the bounds.
 */
export function readSignedMessage(
  token: string,
  trusted: readonly Uint8Array[],
  reader: SignedReader,
): { readonly claims: SignedClaims; readonly keyId: string } {
  const { payload, keyId } = verifyJws(token, trusted, MAX_DECLARATION_BYTES);
  const parsed = signedMessageSchema.safeParse(parseEventJson(payload));
  if (!parsed.success) {
    const { pointer, message } = issuePointer(parsed.error);
    throw refused("form", `${pointer} ${message}`);
  }
  const claims = parsed.data;
  const wrong = wrongUse(claims, reader) ?? wrongTime(claims, reader.now);
  if (wrong !== null) throw refused(...wrong);
  return { claims, keyId };
}

type Why = "form" | "foreign" | "stale";

function wrongUse({ message, aud }: SignedClaims, reader: SignedReader): [Why, string] | null {
  if (message !== reader.message) return ["foreign", `it was signed as ${message}, not as ${reader.message}`];
  const { site, gateway } = reader;
  const own = [`${site}/${gateway}`, ...(message === "receipt" ? [] : [site])];
  if ([aud].flat().some((name) => own.includes(name))) return null;
  return ["foreign", `it is for ${String(aud).slice(0, 80)}`];
}

function wrongTime({ issuedAt, notAfter }: SignedClaims, now: number): [Why, string] | null {
  const [from, to] = [Date.parse(issuedAt), Date.parse(notAfter)];
  if (to < now) return ["stale", `its time ended at ${notAfter}`];
  if (from > now + SIGNED_LENIENCE_MS) return ["stale", `it is of a time to come, ${issuedAt}`];
  if (to - from > MAX_SIGNED_LIFE_MS) return ["stale", "it is good for more than 8 days"];
  return null;
}

function refused(why: Why, message: string): LynceusError {
  return new LynceusError("LYN_SIGNED_MESSAGE", `The signed message is refused: ${message}`, {
    remedy:
      "Sign each message anew, for this site or gateway, with the next sequence and a notAfter within 8 days.",
    details: { why },
  });
}
