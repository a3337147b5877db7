/** The signature of a model package: 64 raw bytes beside `model.json`, Ed25519 over its bytes (contract `model-package.md`). */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { keyIdOf } from "../protocols/chain.ts";

/** Name of the file. */
export const SIGNATURE_FILE = "SIGNATURE";
/** Its length, bytes. */
export const SIGNATURE_BYTES = 64;
/** DER of an Ed25519 public key up to its 32 bytes (RFC 8410). */
const SPKI_PREFIX = "302a300506032b6570032100";

/**
 * The id of the key that signed a manifest: first 16 hex digits of SHA-256 of the raw public key. Null where none of the
 * trusted keys did.
 * @param manifest the bytes of `model.json`, as they lie in the package.
 * @param trusted raw Ed25519 public keys, 32 bytes each.
 */
export function signerOf(
  manifest: Uint8Array,
  signature: Uint8Array,
  trusted: readonly Uint8Array[],
): string | null {
  if (signature.length !== SIGNATURE_BYTES) return null;
  const signer = trusted.find((key) => verify(null, manifest, publicKey(key), signature));
  return signer === undefined ? null : keyIdOf(signer);
}

function publicKey(raw: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from(SPKI_PREFIX, "hex"), raw]);
  return createPublicKey({ key: der, format: "der", type: "spki" });
}
