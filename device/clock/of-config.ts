import type { Alerts } from "../alerts.ts";
import type { Config } from "../config/schema.ts";
import type { Log } from "../log.ts";
import type { ClockStep } from "./gateway-clock.ts";
import { SiteClock } from "./site-clock.ts";

/** The gateway's clock; central hears when the system's is set. `alerts`: undefined before the gateway has started. */
export function siteClockOf(config: Config, alerts: () => Alerts | undefined, log: Log): SiteClock {
  const onStep = ({ fromMs, toMs, followed }: ClockStep) => {
    const by = `${toMs > fromMs ? "forward" : "back"} by ${Math.round(Math.abs(toMs - fromMs) / 1000)} s`;
    void alerts()?.raise({
      code: "CLOCK_STEPPED",
      severity: "warning",
      message: `The system's clock was set ${by}; ${followed ? "the gateway follows it" : "the gateway goes on by its own until something confirms it"}`,
      remedy: "See the time service of this machine (chrony, timesyncd): it should never be set by hand.",
      details: { fromMs, toMs, followed },
    });
  };
  return new SiteClock({ spoolPath: config.spool.path, onStep, log });
}
