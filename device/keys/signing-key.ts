import { stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import { readSecret, readSecretText } from "../config/secrets.ts";
import type { TokenKeyAccess } from "./pkcs11.ts";
import { parseTokenKey } from "./pkcs11-uri.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Bits of a file's mode that let others than its owner write it; where they may only read it, `warningsOf` says so. */
const OTHERS = 0o022;

/** `signing` of the configuration. */
export interface SigningConfig {
  /** A PEM file, `env:NAME`, `credential:NAME` of systemd, or a `pkcs11:` URI (RFC 7512). */
  readonly key: string;
}

/** A signing key that can be handed to another thread. */
export type SigningKey =
  | { readonly kind: "pem"; readonly pem: Uint8Array }
  | ({ readonly kind: "token" } & TokenKeyAccess);

/**
 * Reads the signing key, or where it is.
 * @throws LynceusError `LYN_SECRET_UNREADABLE`, `LYN_PKCS11`, or `LYN_SIGNING_KEY_EXPOSED` where others than its owner may
 *   write its file.
 */
export async function readSigningKey({ key }: SigningConfig, env: Env): Promise<SigningKey> {
  if (key.startsWith("pkcs11:")) {
    const { pinSource, ...access } = parseTokenKey(key);
    if (pinSource !== null && isAbsolute(pinSource)) await mustNotBeWritable(pinSource);
    return {
      kind: "token",
      ...access,
      pin: pinSource === null ? null : await readSecretText(pinSource, env),
    };
  }
  if (isAbsolute(key)) await mustNotBeWritable(key);
  return { kind: "pem", pem: await readSecret(key, env) };
}

/** A key as the spool takes it: PEM alone is enough. */
export function signingKeyOf(key: Uint8Array | SigningKey | undefined): SigningKey | null {
  if (key === undefined) return null;
  return key instanceof Uint8Array ? { kind: "pem", pem: key } : key;
}

/** Whoever writes the file has this gateway sign with a key of theirs. Throws LYN_SIGNING_KEY_EXPOSED. */
export async function mustNotBeWritable(file: string): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found === null || (found.mode & OTHERS) === 0) return;
  const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
  throw new LynceusError(
    "LYN_SIGNING_KEY_EXPOSED",
    `The key file ${file} may be written by others than its owner (mode ${mode})`,
    {
      remedy: `Run \`chmod 600 ${file}\`, owned by the gateway's user; if strangers had accounts here, make a new key.`,
      details: { mode },
    },
  );
}
