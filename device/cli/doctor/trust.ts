import { keyIdOf } from "../../../protocols/chain.ts";
import type { Config } from "../../config/schema.ts";
import { readTrustedKeys } from "../../trusted-keys.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

/** Each key that central signs profiles with; none is a choice, and said. */
export async function probeTrust(
  { trust }: { readonly trust: Pick<Config["trust"], "central"> },
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Finding[]> {
  const what = "trust.central";
  if (trust.central.length === 0) {
    const remedy = "Name central's Ed25519 public key in trust.central to take its risk profiles";
    return [warning(what, "no key: every risk profile of central is refused", remedy)];
  }
  const { keys, faults } = await readTrustedKeys(trust.central, env);
  return [
    ...keys.map((key) => ok(what, `key ${keyIdOf(key)}`)),
    ...faults.map((error) => failed(what, error, "Check the file and who may read it")),
  ];
}
