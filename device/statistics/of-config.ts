import type { Statistics } from "../../protocols/mqtt/statistics.ts";
import type { Alerts } from "../alerts.ts";
import type { Config } from "../config/schema.ts";
import { fusionSettings } from "../fusion/settings.ts";
import type { LaneScoring } from "../lane/scorer.ts";
import type { Log } from "../log.ts";
import { OutcomeStatistics, unknownOutcomesOf } from "../outcomes/statistics.ts";
import type { Spool } from "../spool/port.ts";
import type { Uplink } from "../uplink/uplink.ts";
import { StatisticsPublisher } from "./statistics.ts";

/** The gateway's statistics. Declarations are of the site, not of a lane: they are measured as its first lane measures them. */
export function statisticsOf({
  config,
  spool,
  scoring,
  uplink,
  alerts,
  candidates = () => [],
  clock,
  log,
}: {
  readonly config: Config;
  readonly spool: Spool;
  readonly scoring: ReadonlyMap<string, LaneScoring>;
  readonly uplink: () => Uplink;
  readonly alerts: Alerts;
  /** Model packages on trial. */
  readonly candidates?: () => Readonly<NonNullable<Statistics["candidates"]>>;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
}): StatisticsPublisher {
  const usual = fusionSettings();
  const { path } = config.spool;
  const outcomes = new OutcomeStatistics({ path, alerts, unknownBefore: unknownOutcomesOf(path) });
  return new StatisticsPublisher({
    spool,
    publish: (statistics) => uplink().publishOnce("statistics", statistics),
    settings: () => scoring.get(config.lanes[0]?.id ?? "")?.settings ?? usual,
    more: async (from, to) => {
      const trials = [...candidates()];
      return { ...(await outcomes.of(from, to)), ...(trials.length === 0 ? {} : { candidates: trials }) };
    },
    periodMs: config.statistics.period,
    clock,
    log,
  });
}
