import type { LynceusError } from "../../protocols/errors.ts";
import type { Config } from "../config/schema.ts";
import { openSigner } from "../keys/signer.ts";
import { readSigningKey } from "../keys/signing-key.ts";
import { readTrustedKeys } from "../trusted-keys.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Raw Ed25519 public keys, by what they vouch for. */
export interface AuditKeys {
  /** The gateway's own, of now and before. */
  readonly keys: readonly Uint8Array[];
  /** Central's. */
  readonly witnesses: readonly Uint8Array[];
}

/**
 * Keys by which a gateway's log is verified: its signing key, those it had before (`signing.previous`), and central's.
 * @throws LynceusError where one that is named cannot be read.
 */
export async function auditKeysOf(config: Pick<Config, "signing" | "trust">, env: Env): Promise<AuditKeys> {
  const { signing, trust } = config;
  const keys: Uint8Array[] = [];
  if (signing !== undefined) {
    const { publicKey } = openSigner(await readSigningKey(signing, env));
    keys.push(new Uint8Array(Buffer.from(publicKey, "base64url")));
    keys.push(...(await publicKeysIn(signing.previous, env)));
  }
  const { keys: witnesses, faults } = await readTrustedKeys(trust.central, env, "witness");
  if (faults[0] !== undefined) throw faults[0];
  return { keys, witnesses };
}

/** Public keys in files. Throws LYN_TRUSTED_KEY for the first that cannot be used. */
export async function publicKeysIn(files: readonly string[], env: Env): Promise<readonly Uint8Array[]> {
  const { keys, faults } = await readTrustedKeys(files, env);
  const fault: LynceusError | undefined = faults[0];
  if (fault !== undefined) throw fault;
  return keys;
}
