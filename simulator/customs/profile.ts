import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { LynceusError } from "../../protocols/errors.ts";
import { signJws } from "../../protocols/jws.ts";
import { PROFILE_SCHEMA, profileSchema } from "../../protocols/mqtt/profile.ts";
import { issuePointer } from "../../protocols/schema-issue.ts";

/** A risk profile as central publishes it. */
export interface SignedProfile {
  readonly version: number;
  /** Compact JWS, EdDSA. */
  readonly jws: string;
}

/**
 * Reads a profile's payload and signs it.
 * @param keyPath Ed25519 private key in PEM. Where there is no such file a key is made, and its public part written beside it
 *   as `keyPath.pub`: what a gateway names in `trust.central`.
 * @throws LynceusError `LYN_USAGE`, where either cannot be used.
 */
export async function signProfile(path: string, keyPath: string): Promise<SignedProfile> {
  const profile = readPayload(path, await readText(path));
  return { version: profile.version, jws: signJws(JSON.stringify(profile), await signingKey(keyPath)) };
}

function readPayload(path: string, text: string): { readonly version: number } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw unusable(path, "it is no JSON", cause);
  }
  const result = profileSchema.safeParse(json);
  if (result.success) return result.data;
  const { pointer, message } = issuePointer(result.error);
  throw unusable(path, `${pointer === "" ? "" : `at ${pointer}: `}${message}`, result.error);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw unusable(path, (cause as Error).message, cause);
  }
}

/** Central's private key; made where there is none yet. Throws LYN_USAGE. */
export async function signingKey(path: string): Promise<KeyObject> {
  try {
    const key = createPrivateKey(await readFile(path));
    if (key.asymmetricKeyType === "ed25519") return key;
    throw new Error(`it is a key of type ${key.asymmetricKeyType}`);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return makeKey(path);
    throw new LynceusError("LYN_USAGE", `The key ${path} cannot be used: ${(cause as Error).message}`, {
      remedy:
        "Give an Ed25519 private key in PEM (openssl genpkey -algorithm ed25519), or a new path: a key is made there.",
      cause,
    });
  }
}

async function makeKey(path: string): Promise<KeyObject> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await writeFile(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
  await writeFile(`${path}.pub`, publicKey.export({ type: "spki", format: "pem" }));
  return privateKey;
}

function unusable(path: string, why: string, cause: unknown): LynceusError {
  return new LynceusError("LYN_USAGE", `The profile ${path} cannot be used: ${why}`, {
    remedy: `Give JSON of ${PROFILE_SCHEMA}: schema, version, validFrom, and what it sets.`,
    cause,
  });
}
