import type { Alerts } from "./alerts.ts";
import type { Config } from "./config/schema.ts";
import type { Log } from "./log.ts";
import type { StoredScan } from "./spool/port.ts";

/** Scans of a lane that the configuration names no more are kept, and said: nobody scores them. */
export function sayOrphans(config: Config, unfinished: readonly StoredScan[], log: Log): void {
  const known = new Set(config.lanes.map(({ id }) => id));
  const lanes = unfinished.map(({ scan }) => scan.lane).filter((lane) => !known.has(lane));
  if (lanes.length === 0) return;
  log.error(
    { scans: lanes.length, lanes: [...new Set(lanes)], remedy: "Add the lane to the configuration again." },
    "acknowledged scans wait for a lane that the configuration does not name",
  );
}

/** Lanes that decide on synthetic scans are said at each start: they belong on a test site. */
export async function sayDecidingOnSynthetic(config: Config, alerts: Alerts): Promise<void> {
  for (const lane of config.lanes.filter((each) => each.decideOnSynthetic)) {
    await alerts.raise({
      code: "DECIDING_ON_SYNTHETIC",
      severity: "warning",
      message: `Lane ${lane.id} decides on synthetic scans as if they were real`,
      remedy: "Set decideOnSynthetic: false unless this is a test site.",
      lane: lane.id,
    });
  }
}
