import { expect, it } from "vitest";
import { drainJournal, fillJournal } from "../fixtures/backlog.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

/** `npm run campaign` sets a million. */
const ROWS = Number(process.env["LYNCEUS_BACKLOG"] ?? 20_000);
/** Characters added to each row. */
const PADDING = Number(process.env["LYNCEUS_BACKLOG_PADDING"] ?? 500);
/** From so many rows on the figures are judged, too: fewer tell of the machine's other work. */
const JUDGED_ROWS = 1_000_000;
/** Rows that are on their way when the last hit is taken: the window, and what the broker hands on. */
const ON_THE_WAY = 1000;

it(
  `a backlog of ${ROWS} rows goes out in full, hits first, and new hits overtake it`,
  async () => {
    using folder = temporaryFolder();
    fillJournal(folder.path, ROWS, PADDING);
    const result = await drainJournal(folder.path, ROWS);
    process.stdout.write(`${JSON.stringify({ backlog: result })}\n`);
    expect(result.hits).toBe(Math.ceil(ROWS / 5));
    expect(result.alertsBeforeHits).toBeLessThan(ON_THE_WAY);
    expect(result.newHit.count).toBeGreaterThan(0);
    if (ROWS < JUDGED_ROWS) return;
    expect(result.rowsPerSecond).toBeGreaterThanOrEqual(2000);
    expect(result.newHit.p99).toBeLessThanOrEqual(500);
    expect(result.openToFirst).toBeLessThanOrEqual(5000);
  },
  300_000 + ROWS * 5,
);
