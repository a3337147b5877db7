/** Keys of the roles of a repository, as files: `ROLE.pem` or `ROLE-N.pem`, PKCS 8, Ed25519. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Key, Signature } from "@tufjs/models";
import { keyIdOf } from "../../protocols/chain.ts";
import { LynceusError } from "../../protocols/errors.ts";

export const ROLES = ["root", "targets", "snapshot", "timestamp"] as const;
export type Role = (typeof ROLES)[number];

/** Private keys at hand: offline ones are left out where a step does not need them. */
export type RoleKeys = Readonly<Record<Role, readonly KeyObject[]>>;

/** The raw 32 bytes of a key's public half. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const { x } = createPublicKey(key.export({ format: "pem", type: "pkcs8" })).export({ format: "jwk" });
  return new Uint8Array(Buffer.from(x ?? "", "base64url"));
}

/** The public half as the repository's metadata holds it. */
export function tufKey(key: KeyObject): Key {
  const raw = rawPublicKey(key);
  return new Key({
    keyID: keyIdOf(raw),
    keyType: "ed25519",
    scheme: "ed25519",
    keyVal: { public: Buffer.from(raw).toString("hex") },
  });
}

/** Signs the canonical form of metadata. */
export function signer(key: KeyObject): (data: Buffer) => Signature {
  return (data) => {
    return new Signature({ keyID: tufKey(key).keyID, sig: sign(null, data, key).toString("hex") });
  };
}

/**
 * Makes a key file for each name that has none; those there are kept.
 * @returns the paths of those that were made.
 */
export async function makeKeys(folder: string, names: readonly string[]): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const made: string[] = [];
  for (const name of names) {
    const path = join(folder, `${name}.pem`);
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    try {
      await writeFile(path, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600, flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
      throw error;
    }
    await writeFile(join(folder, `${name}.pub`), publicKey.export({ format: "pem", type: "spki" }));
    made.push(path);
  }
  return made;
}

/** Reads the keys of every role that a folder holds. @throws LynceusError LYN_MODEL_RELEASE */
export async function readKeys(folder: string): Promise<RoleKeys> {
  const keys: Record<Role, KeyObject[]> = { root: [], targets: [], snapshot: [], timestamp: [] };
  for (const name of (await readdir(folder)).sort()) {
    const role = /^(root|targets|snapshot|timestamp)(?:-\d+)?\.pem$/.exec(name)?.[1] as Role | undefined;
    if (role !== undefined) keys[role].push(await readKey(join(folder, name)));
  }
  return keys;
}

/** Reads one private key. @throws LynceusError LYN_MODEL_RELEASE */
export async function readKey(path: string): Promise<KeyObject> {
  try {
    const key = createPrivateKey(await readFile(path));
    if (key.asymmetricKeyType !== "ed25519") throw new Error(`it is of type ${key.asymmetricKeyType}`);
    return key;
  } catch (cause) {
    throw new LynceusError(
      "LYN_MODEL_RELEASE",
      `The key ${path} cannot be used: ${(cause as Error).message}`,
      {
        remedy: "Give an Ed25519 private key in PEM (PKCS 8): openssl genpkey -algorithm ed25519",
        cause,
      },
    );
  }
}
