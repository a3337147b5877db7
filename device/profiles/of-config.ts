import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import { readTrustedKeys } from "../trusted-keys.ts";
import { Profiles, type ProfilesOptions } from "./profiles.ts";
import { ProfileStore } from "./store.ts";

export interface ProfileSurroundings extends Pick<ProfilesOptions, "alerts" | "clock" | "log"> {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The profiles of a gateway, by the keys in `trust.central`, kept in the spool's folder. */
export function profilesOf(
  config: Pick<Config, "gateway" | "spool" | "trust">,
  { env, ...surroundings }: ProfileSurroundings,
): Profiles {
  const { site, id: gateway } = config.gateway;
  return new Profiles({
    ...surroundings,
    site,
    gateway,
    store: new ProfileStore({ folder: join(config.spool.path, "profiles") }),
    keys: () => readTrustedKeys(config.trust.central, env, "profile"),
  });
}
