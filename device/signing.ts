import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { LynceusError } from "../protocols/errors.ts";
import { readSecret } from "./config/secrets.ts";

/** Signs the hash of each row of the journal (`mqtt.md`, Integrity). */
export interface Signer {
  /** First 16 hex of SHA-256 of the raw public key. */
  readonly keyId: string;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  /** Ed25519 over the 32 hash bytes, base64url. */
  sign(hash: Uint8Array): string;
}

/** Loads the signing key named in `signing.key`: an Ed25519 private key in PEM (PKCS#8). */
export async function loadSigner(
  reference: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Signer> {
  const key = parseKey(await readSecret(reference, env), reference);
  const jwk = createPublicKey(key).export({ format: "jwk" });
  const raw = new Uint8Array(Buffer.from(jwk.x ?? "", "base64url"));
  return {
    keyId: createHash("sha256").update(raw).digest("hex").slice(0, 16),
    publicKey: jwk.x ?? "",
    sign: (hash) => sign(null, hash, key).toString("base64url"),
  };
}

function parseKey(pem: Uint8Array, reference: string): KeyObject {
  try {
    const key = createPrivateKey({ key: Buffer.from(pem), format: "pem" });
    if (key.asymmetricKeyType !== "ed25519") throw new Error(`it is a key of type ${key.asymmetricKeyType}`);
    return key;
  } catch (cause) {
    throw new LynceusError(
      "LYN_SIGNING_KEY",
      `The signing key ${reference} cannot be used: ${(cause as Error).message}`,
      {
        remedy: "Give an Ed25519 private key: openssl genpkey -algorithm ed25519 -out signing.key",
        cause,
      },
    );
  }
}
