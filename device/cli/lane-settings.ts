import type { Config } from "../config/schema.ts";
import type { FusionSettings } from "../fusion/input.ts";
import { fusionSettings } from "../fusion/settings.ts";
import { SILENT_LOG } from "../log.ts";
import { profilesOf } from "../profiles/of-config.ts";

/** How a gateway scores each of its lanes now: by the configuration and the profile that is in force. */
export interface LaneSettings {
  of(lane: string): { readonly settings: FusionSettings; readonly decideOnSynthetic: boolean };
}

/** Reads what the gateway of a configuration has in force; nothing is changed. A lane that it does not name has the defaults. */
export async function readLaneSettings(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): Promise<LaneSettings> {
  // A profile that is not trusted any more is not in force on the gateway either, which says so.
  const alerts = { raise: async () => undefined };
  const profiles = profilesOf(config, { env, alerts, clock: Date.now, log: SILENT_LOG });
  await profiles.start();
  const lanes = new Map(
    config.lanes.map((lane) => [
      lane.id,
      { settings: fusionSettings(lane.fusion), decideOnSynthetic: lane.decideOnSynthetic },
    ]),
  );
  return {
    of(lane) {
      const own = lanes.get(lane) ?? { settings: fusionSettings(), decideOnSynthetic: false };
      return { ...own, settings: profiles.settings(own.settings) };
    },
  };
}
