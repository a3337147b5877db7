import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { LynceusError } from "./errors.ts";

/** Longest compact JWS that is read, characters: one that fits an event of 64 KiB. */
export const MAX_JWS_LENGTH = 60_000;
/** Names of the one algorithm: RFC 8037 and, fully specified, RFC 9864. */
const ALGORITHMS: ReadonlySet<unknown> = new Set(["EdDSA", "Ed25519"]);
/** DER of an Ed25519 public key up to its 32 bytes (RFC 8410). */
const SPKI_PREFIX = "302a300506032b6570032100";
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})$/;

/** What a verified JWS holds. */
export interface VerifiedJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Uint8Array;
  /** The key that signed it: first 16 hex digits of SHA-256 of the raw public key. */
  readonly keyId: string;
}

/**
 * Signs a payload as compact JWS (RFC 7515, EdDSA): risk profiles and privileged commands (`mqtt.md`).
 * @param key Ed25519 private key.
 */
export function signJws(payload: Uint8Array | string, key: KeyObject): string {
  const raw = createPublicKey(key).export({ format: "jwk" }).x ?? "";
  const kid = keyId(Buffer.from(raw, "base64url"));
  const head = Buffer.from(JSON.stringify({ alg: "EdDSA", kid })).toString("base64url");
  const signed = `${head}.${Buffer.from(payload).toString("base64url")}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`;
}

/**
 * Verifies a compact JWS against keys that are trusted, whichever of them its header names.
 * @param trusted raw Ed25519 public keys, 32 bytes each.
 * @param maxLength characters of the token at most.
 * @throws LynceusError `LYN_JWS` where it is none, has another algorithm, asks for extensions, or no trusted key signed it.
 */
export function verifyJws(
  token: string,
  trusted: readonly Uint8Array[],
  maxLength: number = MAX_JWS_LENGTH,
): VerifiedJws {
  const parts = token.length <= maxLength ? COMPACT.exec(token) : null;
  const [, head = "", body = "", signature = ""] = parts ?? [];
  if (parts === null) throw refused("it is no compact JWS signed with Ed25519");
  const header = headerOf(head);
  if (!ALGORITHMS.has(header["alg"])) throw refused("its algorithm is not EdDSA");
  if ("crit" in header) throw refused("it asks for extensions that are not known here");
  const signed = Buffer.from(`${head}.${body}`);
  const bytes = Buffer.from(signature, "base64url");
  const signer = trusted.find((key) => verify(null, signed, publicKey(key), bytes));
  if (signer === undefined) throw refused("no key in trust.central signed it");
  return { header, payload: new Uint8Array(Buffer.from(body, "base64url")), keyId: keyId(signer) };
}

/** A raw Ed25519 public key as an object of the runtime. Throws where it is not 32 bytes. */
function publicKey(raw: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from(SPKI_PREFIX, "hex"), raw]);
  return createPublicKey({ key: der, format: "der", type: "spki" });
}

function keyId(raw: Uint8Array): string {
  return createHash("sha256").update(raw).digest("hex").slice(0, 16);
}

function headerOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const header: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (typeof header === "object" && header !== null) return header as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw refused("its header is no JSON object");
}

function refused(why: string): LynceusError {
  return new LynceusError("LYN_JWS", `The signed message is refused: ${why}`, {
    remedy: "Sign it as compact JWS with EdDSA, by a key whose public part the gateway has in trust.central.",
    details: { why },
  });
}
