import { expect, test } from "vitest";
import { growthPerHour, type Look, soak } from "../fixtures/chaos/soak.ts";

/** `npm run campaign` sets 1440. */
const MINUTES = Number(process.env["LYNCEUS_SOAK_MINUTES"] ?? 2);
/** From this on memory is held to its slope: before, what is loaded and compiled says more than what leaks. */
const SLOPE_MINUTES = 30;
/** What memory may grow over the whole run, MB, and by the hour where the run is long enough to tell. */
const NOISE_MB = 24;
const MB_AN_HOUR = 1;
/** Twice the size at which the log is copied into the journal. */
const MAX_LOG_MB = 8;
/** A machine that is ten times too slow for a scan a second still ends. */
const LIMIT_MS = 600_000 + MINUTES * 600_000;

const most = (looks: readonly Look[], of: (look: Look) => number) => Math.max(...looks.map(of));

test(
  `P-44 ${MINUTES} minutes at a scan a second: every hit arrives, descriptors do not grow, the log is copied in time`,
  async () => {
    const { looks, acknowledged, lost, gaps } = await soak(MINUTES);
    const [early, late] = [looks.slice(looks.length >> 2, looks.length >> 1), looks.slice(looks.length >> 1)];
    const figures = {
      minutes: MINUTES,
      acknowledged,
      lost,
      gaps,
      descriptors: [most(early, (look) => look.descriptors), most(late, (look) => look.descriptors)],
      gatewayMb: Math.round(late.at(-1)?.gatewayMb ?? 0),
      analysisMb: Math.round(late.at(-1)?.analysisMb ?? 0),
      gatewayMbPerHour: Math.round(growthPerHour(looks, (look) => look.gatewayMb) * 10) / 10,
      analysisMbPerHour: Math.round(growthPerHour(looks, (look) => look.analysisMb) * 10) / 10,
      logMb: Math.round(most(looks, (look) => look.logMb) * 10) / 10,
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect({ acknowledged, lost, gaps }).toEqual({ acknowledged: MINUTES * 60, lost: 0, gaps: 0 });
    // A connection or a file may just be open when it is looked.
    expect(figures.descriptors[1]).toBeLessThanOrEqual((figures.descriptors[0] ?? 0) + 12);
    expect(figures.logMb).toBeLessThan(MAX_LOG_MB);
    if (MINUTES < SLOPE_MINUTES) return;
    const allowed = Math.max(MB_AN_HOUR, (NOISE_MB * 60) / MINUTES);
    expect(figures.gatewayMbPerHour).toBeLessThan(allowed);
    expect(figures.analysisMbPerHour).toBeLessThan(allowed);
  },
  LIMIT_MS,
);
