import { isAbsolute } from "node:path";
import type { Config } from "../config/schema.ts";
import { readSecret } from "../config/secrets.ts";
import { PlaneVault, parseSiteKey } from "./plane-vault.ts";
import { mustNotBeWritable, readSigningKey, type SigningKey } from "./signing-key.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Secrets that the spool works with. */
export interface SpoolSecrets {
  /** Undefined: rows are chained and not signed. */
  readonly signingKey: SigningKey | undefined;
  readonly vault: PlaneVault;
}

/** Reads them. Throws what is wrong with one: a gateway that was told to encrypt never writes in the open. */
export async function spoolSecretsOf(
  config: Pick<Config, "spool" | "signing">,
  env: Env,
): Promise<SpoolSecrets> {
  const { signing } = config;
  return {
    signingKey: signing && (await readSigningKey(signing, env)),
    vault: await vaultOf(config, env),
  };
}

/** The vault of a site; one that encrypts nothing where none is configured. Throws LYN_SPOOL_KEY and what reading a secret throws. */
export async function vaultOf({ spool }: Pick<Config, "spool">, env: Env): Promise<PlaneVault> {
  if (spool.encryption === undefined) return new PlaneVault([]);
  const keys: Uint8Array[] = [];
  for (const reference of [spool.encryption.key, ...spool.encryption.previous]) {
    if (isAbsolute(reference)) await mustNotBeWritable(reference);
    keys.push(parseSiteKey(await readSecret(reference, env)));
  }
  return new PlaneVault(keys);
}
