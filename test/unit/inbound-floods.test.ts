import { statSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Alert, Alerts } from "../../device/alerts.ts";
import { MAX_AT_ONCE, Turns } from "../../device/commands/turns.ts";
import { Intake } from "../../device/intake.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { Rescoring } from "../../device/rescoring.ts";
import { MAX_OUTCOMES, type Spool } from "../../device/spool/port.ts";
import { openSpoolReader } from "../../device/spool/reader.ts";
import { encodeEvent } from "../../protocols/mqtt/envelope.ts";
import { declarationOf, outcomeOf } from "../fixtures/central.ts";
import { until } from "../fixtures/processes.ts";
import { openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

const WAIT_MS = 60_000;

function event(name: "declaration" | "outcome", data: unknown): Uint8Array {
  return encodeEvent({
    name,
    id: crypto.randomUUID(),
    source: "/central",
    time: new Date().toISOString(),
    data,
  });
}

describe("declarations that come faster than scans are scored again", () => {
  const alerts: Alert[] = [];
  const raise = async (alert: Alert) => void alerts.push(alert);
  beforeEach(() => {
    alerts.length = 0;
  });

  test("one scan gets a few revisions at once; the others are merged, and the last one counts", async () => {
    const made: string[] = [];
    const rescoring = new Rescoring({
      rescore: async (_scanId, cause) => void made.push(cause),
      again: async () => undefined,
      alerts: { raise },
      log: SILENT_LOG,
      firstWaitMs: 100,
    });
    for (let at = 0; at < 2000; at += 1) {
      rescoring.tell("scan", "declaration");
      if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    rescoring.tell("scan", "cancellation");
    expect(made.length).toBeLessThan(20);
    expect(rescoring.waiting).toBe(1);
    expect(alerts[0]).toMatchObject({ code: "INBOUND_FLOOD", details: { message: "declaration" } });
    await until("the last word", WAIT_MS, () => made.at(-1) === "cancellation");
    await rescoring.stop();
  });

  test("another scan does not wait for it", async () => {
    const made: string[] = [];
    const rescoring = new Rescoring({
      rescore: async (scanId) => void made.push(scanId),
      again: async () => undefined,
      alerts: { raise },
      log: SILENT_LOG,
      firstWaitMs: 1e9,
    });
    for (let at = 0; at < 20; at += 1) {
      rescoring.tell("flooded", "declaration");
      await new Promise((resolve) => setImmediate(resolve));
    }
    rescoring.tell("other", "declaration");
    await until("the other", WAIT_MS, () => made.includes("other"));
    expect(made.filter((scanId) => scanId === "flooded")).toHaveLength(8);
    await rescoring.stop();
  });

  test("more scans than are remembered are found again in the journal", async () => {
    const made = new Set<string>();
    const all = Array.from({ length: 500 }, (_, at) => `scan-${at}`);
    let most = 0;
    const again = async () => {
      for (const scanId of all) if (!made.has(scanId)) rescoring.tell(scanId, "declaration");
    };
    const rescoring = new Rescoring({
      rescore: async (scanId) => {
        most = Math.max(most, rescoring.waiting);
        await new Promise((resolve) => setImmediate(resolve));
        made.add(scanId);
      },
      again,
      alerts: { raise },
      log: SILENT_LOG,
      maxScans: 40,
    });
    for (const scanId of all) rescoring.tell(scanId, "declaration");
    await until("all scans", WAIT_MS, () => made.size === all.length);
    expect(most).toBeLessThanOrEqual(40);
    expect(alerts.length).toBeGreaterThan(0);
    await rescoring.stop();
  });
});

test("commands: some at once, then so many a second", () => {
  let now = 0;
  const turns = new Turns({ now: () => now });
  const takenOf = (asked: number) => Array.from({ length: asked }, () => turns.take()).filter(Boolean).length;
  expect(takenOf(10_000)).toBe(MAX_AT_ONCE);
  now += 1000;
  expect(takenOf(10_000)).toBe(10);
  now += 3_600_000;
  expect(takenOf(10_000)).toBe(MAX_AT_ONCE);
});

describe("what central may send is bounded on the disk", { timeout: 4 * WAIT_MS }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let spool: Spool;
  let alerts: Alerts;
  const told: Alert[] = [];
  const open = async (retention: { maxBytes?: number; minFreeBytes?: number } = {}) => {
    spool = await openTestSpool(folder.path, {
      retention: { purposes: {}, longestMs: 1e12, ...retention },
    });
    told.length = 0;
    const commitAlert: Spool["commitAlert"] = (alert) => {
      told.push(alert.data as unknown as Alert);
      return spool.commitAlert(alert);
    };
    alerts = new Alerts({ spool: { commitAlert }, log: SILENT_LOG });
    return new Intake({ spool, alerts, rescore: () => undefined, clock: Date.now, log: SILENT_LOG });
  };
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    await alerts.stop();
    await spool.stop();
    folder[Symbol.dispose]();
  });
  const value = (at: number) => `RR${String(at).padStart(8, "0")}9GB`;
  const found = async (at: number) =>
    (await spool.findDeclarations([{ scheme: "S10", value: value(at) }], Date.now())).length;
  const send = (intake: Intake, from: number, to: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_, at) =>
        intake.declaration(
          event(
            "declaration",
            declarationOf(value(from + at), { items: [{ seq: 1, description: text(at) }] }),
          ),
        ),
      ),
    );
  const text = (at: number) =>
    Array.from({ length: 12 }, (_, word) => (at * 7919 + word * 104729).toString(36)).join(" ");

  test("declarations beyond their space take the place of the oldest, and an alert says so", async () => {
    const intake = await open({ maxBytes: 80_000 });
    await send(intake, 0, 10);
    expect(await found(0)).toBe(1);
    expect(told).toEqual([]);
    await send(intake, 10, 300);
    expect(told.map(({ code }) => code)).toContain("DECLARATIONS_FULL");
    expect(await found(0)).toBe(0);
    expect(await found(299)).toBe(1);
    expect(statSync(`${folder.path}/declarations.db`).size).toBeLessThan(300_000);
  });

  test("on a volume that is low the store grows no further", async () => {
    const intake = await open({ minFreeBytes: 1e18 });
    await send(intake, 0, 20);
    expect(told.map(({ code }) => code)).toContain("DECLARATIONS_FULL");
    const kept = await Promise.all(Array.from({ length: 20 }, (_, at) => found(at)));
    expect(kept.filter((count) => count > 0).length).toBeLessThanOrEqual(1);
  });

  test("a scan keeps so many outcomes; one of them may still change", async () => {
    const intake = await open();
    const { scanId } = await storeHit(spool, 1);
    const outcome = (outcomeId: string, at: string) =>
      intake.outcome(event("outcome", outcomeOf(scanId, { outcomeId, at })));
    const ids = Array.from({ length: 2 * MAX_OUTCOMES }, () => crypto.randomUUID());
    await Promise.all(ids.map((id) => outcome(id, "2026-11-20T08:00:00.000Z")));
    expect(told.map(({ code, details }) => [code, details?.["message"]])).toContainEqual([
      "INBOUND_FLOOD",
      "outcome",
    ]);
    const reader = openSpoolReader(folder.path);
    expect(reader.outcomesOf(scanId)).toHaveLength(MAX_OUTCOMES);
    await outcome(ids[0] ?? "", "2026-11-21T08:00:00.000Z");
    const bodies = reader.outcomesOf(scanId);
    reader.close();
    expect(bodies.filter((body) => body.includes("2026-11-21"))).toHaveLength(1);
  });
});
