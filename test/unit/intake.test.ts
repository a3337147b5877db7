import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Alerts } from "../../device/alerts.ts";
import { Intake } from "../../device/intake.ts";
import { SILENT_LOG } from "../../device/log.ts";
import type { Spool } from "../../device/spool/port.ts";
import { outcomeOf } from "../fixtures/central.ts";
import { openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

/** What central sends, on a real spool. */
describe("outcomes from central", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let spool: Spool;
  let intake: Intake;

  beforeEach(async () => {
    folder = temporaryFolder();
    spool = await openTestSpool(folder.path);
    const alerts = new Alerts({ spool, log: SILENT_LOG });
    intake = new Intake({ spool, alerts, rescore: () => undefined, clock: Date.now, log: SILENT_LOG });
  });
  afterEach(async () => {
    await spool.stop();
    folder[Symbol.dispose]();
  });

  const outcome = (scanId: string, change: object = {}) =>
    event(
      outcomeOf(scanId, {
        outcomeId: "22222222-2222-4222-8222-222222222222",
        at: "2026-11-20T08:00:00.000Z",
        ...change,
      }),
    );

  test("one of a later minor version is taken: unknown members are ignored", async () => {
    const { scanId } = await storeHit(spool, 1);
    await intake.outcome(outcome(scanId, { schema: "lynceus-outcome/1.1", officer: { badge: 7 } }));
    expect(await spool.deadLetters(10)).toEqual([]);
    expect((await spool.figures()).sequence).toBe(1);
  });

  test("one that cannot be read is a dead letter, and an alert says where", async () => {
    const { scanId } = await storeHit(spool, 1);
    await intake.outcome(outcome(scanId, { examination: 7 }));
    expect(await spool.deadLetters(10)).toMatchObject([{ source: "outcome", pointer: "/examination" }]);
    const rows = await spool.due({ limit: 9, receipts: false, now: Date.now(), inFlight: new Set() });
    const alert = rows.map((row) => JSON.parse(row.event).data).find((data) => data.code !== undefined);
    expect(alert).toMatchObject({ code: "OUTCOME_DEAD_LETTER", details: { pointer: "/examination" } });
    expect(alert.message).toMatch(/^An outcome could not be read at \/examination: /);
  });
});

function event(data: object): Uint8Array {
  const envelope = {
    specversion: "1.0",
    id: "33333333-3333-4333-8333-333333333333",
    source: "/central",
    type: "org.lynceus.outcome.v1",
    time: "2026-11-20T08:00:00.000Z",
    datacontenttype: "application/json",
    dataschema: "urn:lynceus:schema:outcome:1.0",
    data,
  };
  return new TextEncoder().encode(JSON.stringify(envelope));
}
