import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { keyIdOf } from "../protocols/chain.ts";
import { LynceusError } from "../protocols/errors.ts";

/** Signs the hash of each row of the journal (`mqtt.md`, Integrity). */
export interface Signer {
  /** First 16 hex of SHA-256 of the raw public key. */
  readonly keyId: string;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  /** Ed25519 over the 32 bytes of a hash given in hex; base64url. Null where a token does not answer. */
  sign(hash: string): string | null;
  /** Ed25519 over the UTF-8 of a text, 64 bytes. Null where a token does not answer. */
  signText(text: string): Uint8Array | null;
}

/**
 * A signer from an Ed25519 private key in PEM (PKCS#8).
 * @throws LynceusError `LYN_SIGNING_KEY` where it is not one.
 */
export function createSigner(pem: Uint8Array): Signer {
  const key = parseKey(pem);
  const publicKey = createPublicKey(key).export({ format: "jwk" }).x ?? "";
  return {
    keyId: keyIdOf(new Uint8Array(Buffer.from(publicKey, "base64url"))),
    publicKey,
    sign: (hash) => sign(null, Buffer.from(hash, "hex"), key).toString("base64url"),
    signText: (text) => new Uint8Array(sign(null, Buffer.from(text, "utf8"), key)),
  };
}

function parseKey(pem: Uint8Array): KeyObject {
  try {
    const key = createPrivateKey({ key: Buffer.from(pem), format: "pem" });
    if (key.asymmetricKeyType !== "ed25519") throw new Error(`it is a key of type ${key.asymmetricKeyType}`);
    return key;
  } catch (cause) {
    throw new LynceusError("LYN_SIGNING_KEY", `The signing key cannot be used: ${(cause as Error).message}`, {
      remedy:
        "Give an Ed25519 private key in signing.key: openssl genpkey -algorithm ed25519 -out signing.key",
      cause,
    });
  }
}
