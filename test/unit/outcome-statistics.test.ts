import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Alert } from "../../device/alerts.ts";
import { OutcomeStatistics, unknownOutcomesOf } from "../../device/outcomes/statistics.ts";
import { openJournal } from "../../device/spool/database.ts";
import { forgetScores, readScores } from "../../device/spool/operations/outcomes.ts";
import { performanceSchema } from "../../protocols/mqtt/performance.ts";
import { storeScored } from "../fixtures/scored-spool.ts";
import { openTestSpool, temporaryFolder } from "../fixtures/uplink.ts";

/** Outcomes of a real spool, counted in a thread beside it. */
describe("outcomes on the gateway", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder[Symbol.dispose]());

  it("are counted for statistics while the spool is open, and drift is an alert, once", async () => {
    const alerts: Alert[] = [];
    const spool = await openTestSpool(folder.path);
    try {
      const none = Array.from({ length: 25 }, () => ({ firearm: 0.95, outcome: "refuted" }) as const);
      const ids = await storeScored(spool, [...none, { firearm: null, outcome: "confirmed" }]);
      const stray = {
        outcomeId: crypto.randomUUID(),
        scanId: crypto.randomUUID(),
        at: "2026-11-20T08:00:00Z",
        body: "{}",
      };
      await spool.putOutcome(stray);
      const unknownBefore = unknownOutcomesOf(folder.path);
      await spool.putOutcome({ ...stray, outcomeId: crypto.randomUUID() });
      const raise = async (alert: Alert) => void alerts.push(alert);
      const statistics = new OutcomeStatistics({ path: folder.path, alerts: { raise }, unknownBefore });
      const to = Date.now() + 1000;
      for (const [from, unknownScan, confirmed] of [
        [0, 1, 1],
        [to - 1, 0, 0],
      ] as const) {
        const figures = await statistics.of(from, to);
        expect(figures.outcomes).toMatchObject({ confirmed, unknownScan });
        const [one] = figures.performance;
        expect(performanceSchema.safeParse(one).error).toBeUndefined();
        expect(one).toMatchObject({ synthetic: true, items: 26, examined: 26, irregular: 1 });
        expect(one?.reasons[0]).toMatchObject({ name: "DECLARATION_MISSING", items: 26 });
      }
      expect(alerts.map(({ code }) => code)).toEqual(["CALIBRATION_DRIFT"]);
      expect(await spool.confirmedAmong(ids)).toEqual(ids.slice(-1));
      expect(await spool.confirmedAmong([])).toEqual([]);
    } finally {
      await spool.stop();
    }
  }, 60_000);

  it("are measured against the revision that was acted on; of several the full examination stands, then the later", async () => {
    const spool = await openTestSpool(folder.path);
    const [scanId = ""] = await storeScored(spool, [{ firearm: 0.5, outcome: "partial" }]);
    const put = (examination: string, result: string, at: string) =>
      spool.putOutcome({
        outcomeId: crypto.randomUUID(),
        scanId,
        at,
        body: JSON.stringify({ scanId, revision: 1, result, examination, classes: [], at }),
      });
    await put("full", "confirmed", "2026-01-01T00:00:00Z");
    await put("full", "refuted", "2026-01-02T00:00:00Z");
    await put("documents", "confirmed", "2026-01-03T00:00:00Z");
    await spool.stop();
    const { database } = openJournal(folder.path, Date.now());
    const all = { from: 0, to: Number.MAX_SAFE_INTEGER, limit: 100 };
    database.run(
      `INSERT INTO scores (scan_id, revision, at, lane, real, decision, probability, body)
       SELECT scan_id, 2, at + 1, lane, real, 'CLEAR', 0.001, body FROM scores`,
    );
    const hits = readScores(database, all);
    expect(hits).toHaveLength(1);
    expect(hits[0]).toMatchObject({ scanId, revision: 1 });
    expect(JSON.parse(hits[0]?.outcome ?? "{}")).toMatchObject({ examination: "full", result: "refuted" });
    // The bound on kept scores: the oldest go.
    expect(forgetScores({ database } as never, 1)).toBe(1);
    expect(readScores(database, all)[0]).toMatchObject({ revision: 2 });
    database.close();
  }, 60_000);
});
