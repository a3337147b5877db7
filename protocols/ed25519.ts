import { createPublicKey, type KeyObject } from "node:crypto";

/** Bytes of a raw Ed25519 public key. */
export const PUBLIC_KEY_BYTES = 32;
/** DER of a SubjectPublicKeyInfo up to the key's 32 bytes (RFC 8410). */
const SPKI_PREFIX = "302a300506032b6570032100";

/** A raw Ed25519 public key as an object of the runtime, for many verifications with one key. Throws where it is not 32 bytes. */
export function ed25519PublicKey(raw: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from(SPKI_PREFIX, "hex"), raw]);
  return createPublicKey({ key: der, format: "der", type: "spki" });
}
