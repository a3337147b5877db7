import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Alerts } from "../../device/alerts.ts";
import { SILENT_LOG } from "../../device/log.ts";
import type { Spool } from "../../device/spool/port.ts";
import { openTestSpool, temporaryFolder } from "../fixtures/uplink.ts";

/** So long that no test waits for its end. */
const LONG_MS = 1_000_000;

describe("alerts that repeat", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let spool: Spool;

  beforeEach(async () => {
    folder = temporaryFolder();
    spool = await openTestSpool(folder.path);
  });
  afterEach(async () => {
    await spool.stop();
    folder[Symbol.dispose]();
  });

  const open = (quietMs: number) => new Alerts({ spool, log: SILENT_LOG, quietMs });
  const letter = (pointer: string) => ({
    code: "DECLARATION_DEAD_LETTER",
    severity: "warning" as const,
    message: `A declaration could not be read at ${pointer}`,
    remedy: "Send it again.",
    details: { pointer },
  });
  const committed = async () => {
    const rows = await spool.due({ limit: 64, receipts: false, now: Date.now(), inFlight: new Set() });
    return rows.map((row) => JSON.parse(row.event).data.details as Record<string, unknown>);
  };

  test("two devices of a lane that go at once are both told", async () => {
    const alerts = open(60_000);
    const lost = (device: string) => ({
      ...letter("/x"),
      code: "DEVICE_LOST",
      lane: "lane-1",
      details: { device },
    });
    await Promise.all(["label", "scale", "label"].map((device) => alerts.raise(lost(device))));
    expect(await committed()).toEqual([{ device: "label" }, { device: "scale" }]);
    await alerts.stop();
  });

  test("those after the first are counted, and the last is told when quiet is over though none follows", async () => {
    const alerts = open(50);
    // At once: however slow the disk is, the second and the third come within the quiet.
    await Promise.all(["/a", "/b", "/c"].map((pointer) => alerts.raise(letter(pointer))));
    while ((await committed()).length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await committed()).toEqual([{ pointer: "/a" }, { pointer: "/c", repeated: 1 }]);
    await alerts.stop();
    expect(await committed()).toHaveLength(2);
  });

  test("a stop tells what was only counted", async () => {
    const alerts = open(LONG_MS);
    for (const pointer of ["/a", "/b", "/c", "/d"]) await alerts.raise(letter(pointer));
    await alerts.raise({ ...letter("/e"), lane: "lane-2" });
    expect(await committed()).toEqual([{ pointer: "/a" }, { pointer: "/e" }]);
    await alerts.stop();
    expect(await committed()).toEqual([{ pointer: "/a" }, { pointer: "/e" }, { pointer: "/d", repeated: 2 }]);
  });

  test("a thousand codes are remembered in bounded memory, and none is lost with what is forgotten", async () => {
    const alerts = open(LONG_MS);
    await alerts.raise(letter("/a"));
    await alerts.raise(letter("/b"));
    for (let at = 0; at < 600; at++) void alerts.raise({ ...letter("/x"), code: `CODE_${at}` });
    await alerts.stop();
    expect((await spool.figures()).sequence).toBe(602);
  });
});
