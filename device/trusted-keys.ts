import { createPublicKey } from "node:crypto";
import { LynceusError } from "../protocols/errors.ts";
import { readSecret } from "./config/secrets.ts";

/** Bytes of a raw Ed25519 public key. */
const KEY_BYTES = 32;

/** What central signs, and a key may be trusted for. */
export const TRUST_USES = ["profile", "command", "declaration", "outcome", "receipt", "witness"] as const;
export type TrustUse = (typeof TRUST_USES)[number];

/** An entry of `trust.central`: a key for everything, or for what it names. */
export type TrustReference = string | { readonly key: string; readonly may: readonly TrustUse[] };

/** Public keys of the configuration that could be read, and why others could not. */
export interface TrustedKeys {
  /** Raw Ed25519 public keys. */
  readonly keys: readonly Uint8Array[];
  readonly faults: readonly LynceusError[];
}

/**
 * Reads the keys that a list of `trust` names, anew at each call: one that was replaced or taken away counts at once. A key that
 * cannot be read is a fault of its own; the others are used.
 * @param use only keys that are trusted for it; absent: all.
 */
export async function readTrustedKeys(
  references: readonly TrustReference[],
  env: Readonly<Record<string, string | undefined>>,
  use?: TrustUse,
): Promise<TrustedKeys> {
  const keys: Uint8Array[] = [];
  const faults: LynceusError[] = [];
  for (const entry of references) {
    if (use !== undefined && typeof entry !== "string" && !entry.may.includes(use)) continue;
    const reference = keyFileOf(entry);
    try {
      keys.push(parseTrustedKey(await readSecret(reference, env)));
    } catch (cause) {
      faults.push(unusable(reference, cause));
    }
  }
  return { keys, faults };
}

/** The file, or `env:NAME`, of an entry. */
export function keyFileOf(entry: TrustReference): string {
  return typeof entry === "string" ? entry : entry.key;
}

/**
 * The raw bytes of an Ed25519 public key given as PEM or DER (SubjectPublicKeyInfo), JWK, or its 32 bytes plain, in hex or in
 * base64. Throws where it is none.
 */
export function parseTrustedKey(content: Uint8Array): Uint8Array {
  if (content.length === KEY_BYTES) return content;
  const text = new TextDecoder().decode(content).trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) return new Uint8Array(Buffer.from(text, "hex"));
  if (/^[A-Za-z0-9_+/-]{43}=?$/.test(text)) return new Uint8Array(Buffer.from(text, "base64"));
  const key = createPublicKey(inputOf(content, text));
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`it is a key of type ${key.asymmetricKeyType}`);
  return new Uint8Array(Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url"));
}

function inputOf(content: Uint8Array, text: string): Parameters<typeof createPublicKey>[0] {
  // A private key has no place among what is trusted, and would be taken for its public part.
  if (text.includes("PRIVATE KEY")) throw new Error("it is a private key");
  if (text.startsWith("-----")) return { key: text, format: "pem" };
  if (text.startsWith("{")) return { key: publicJwk(text), format: "jwk" };
  return { key: Buffer.from(content), format: "der", type: "spki" };
}

function publicJwk(text: string): { kty: string; crv: string; x: string } {
  const { kty, crv, x, d } = JSON.parse(text) as Record<string, unknown>;
  if (d !== undefined) throw new Error("it is a private key");
  return { kty: String(kty), crv: String(crv), x: String(x) };
}

function unusable(reference: string, cause: unknown): LynceusError {
  return new LynceusError(
    "LYN_TRUSTED_KEY",
    `The trusted key ${reference} cannot be used: ${(cause as Error).message}`,
    {
      remedy: "Give an Ed25519 public key in PEM: openssl pkey -in central.key -pubout -out central.pub",
      cause,
    },
  );
}
