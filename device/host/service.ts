import type { Log } from "../log.ts";
import { type Check, commits, scores, type Vitals } from "./liveness.ts";
import { type Notifier, openNotifier, watchdogMs } from "./notify.ts";
import { Watchdog } from "./watchdog.ts";

/** Beyond twice the longest deadline of a lane a scan without a hit is a lane that is stuck, ms. */
const STALL_MARGIN_MS = 30_000;

/** The gateway as a unit of the service manager; outside of one it does nothing. */
export interface HostService {
  /** The gateway runs. */
  ready(vitals: Vitals): void;
  /** It drains. */
  stopping(): Promise<void>;
}

/** @param deadlinesMs of the lanes, ms */
export async function openHostService(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly deadlinesMs: readonly number[];
  readonly log: Log;
}): Promise<HostService> {
  const { env, deadlinesMs, log } = options;
  const notifier = await notifierOf(env, log);
  const periodMs = watchdogMs(env);
  let watchdog: Watchdog | null = null;
  return {
    ready(vitals) {
      if (notifier === null) return;
      notifier.say(["READY=1", "STATUS=running"]);
      if (periodMs === null) return;
      const stallMs = 2 * Math.max(0, ...deadlinesMs) + STALL_MARGIN_MS;
      const checks: readonly Check[] = [commits(vitals), scores(vitals, stallMs, () => performance.now())];
      watchdog = new Watchdog({ notifier, periodMs, checks, log });
      watchdog.start();
    },
    async stopping() {
      notifier?.say(["STOPPING=1", "STATUS=finishing what is under way"]);
      await watchdog?.stop();
    },
  };
}

/** A service manager that cannot be told is no reason not to run. */
async function notifierOf(
  env: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<Notifier | null> {
  try {
    return await openNotifier(env);
  } catch (error) {
    log.error({ err: error }, "the service manager cannot be told how the gateway is");
    return null;
  }
}
