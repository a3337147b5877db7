import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freeBytes } from "../../device/spool/ballast.ts";
import { META, writeMeta } from "../../device/spool/operations/context.ts";
import { OPERATIONS } from "../../device/spool/operations/index.ts";
import { openTestJournal } from "../fixtures/journal.ts";
import { until } from "../fixtures/processes.ts";
import { BARE_ITEM, captureScan } from "../fixtures/scans.ts";
import { openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

describe("room in the spool", () => {
  test("P-20 delivered scans go first when they score low, then the oldest; undelivered and unfinished ones never", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context } = journal;
    writeMeta(journal.database, META.receipts, "true");
    const scans = [
      { band: "high", at: 1 },
      { band: "low", at: 3 },
      { band: "medium", at: 2 },
      { band: "low", at: 4 },
      { band: "low", at: 0 },
    ].map(({ band, at }) => {
      const scanId = journal.scan({ at });
      return { scanId, sequence: journal.hit({ scanId, band }) };
    });
    journal.scan({ at: -1 }); // not analysed yet
    const [high, low3, medium, low4] = scans.map(({ scanId }) => `scans/day/${scanId}`);
    // The last low one has no receipt.
    OPERATIONS.receiptRows(context, {
      journal: context.journal,
      ids: null,
      upToSequence: 4,
      now: 0,
      life: 0,
    });
    const evict = (bytes: number) =>
      OPERATIONS.evictScans(context, { bytes, tier: "any", now: 0, reason: "" }).directories;
    expect(evict(150)).toEqual([low3, low4]);
    expect(evict(1)).toEqual([high]);
    expect(evict(1e9)).toEqual([medium]);
    expect(evict(1e9)).toEqual([]);
    expect(OPERATIONS.planeBytes(context)).toBe(200);
    journal.close();
  });

  test("without receipts a PUBACK counts as delivered", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const sequence = journal.hit();
    expect(
      OPERATIONS.evictScans(journal.context, { bytes: 1, tier: "any", now: 0, reason: "" }).directories,
    ).toEqual([]);
    OPERATIONS.markPublished(journal.context, { sequences: [sequence], at: 0, life: 0 });
    expect(
      OPERATIONS.evictScans(journal.context, { bytes: 1, tier: "any", now: 0, reason: "" }).directories,
    ).toHaveLength(1);
    journal.close();
  });

  test("over its quota the spool takes no scan, says so once, and takes scans again when central has the old ones", async () => {
    using folder = temporaryFolder();
    const scanBytes = 2 * 4 * 4 * 2;
    const spool = await openTestSpool(folder.path, { maxBytes: scanBytes * 3 });
    await spool.setReceiptsExpected(true);
    const stored = [];
    for (let seed = 0; seed < 3; seed += 1) {
      expect(spool.admission("lane-1").ok).toBe(true);
      stored.push(await storeHit(spool, seed));
    }
    expect(spool.admission("lane-1")).toMatchObject({ ok: false, code: "SPOOL_FULL" });
    const alert = await until("the alert", 20_000, async () =>
      (await spool.list(10)).find(({ kind }) => kind === "alert"),
    );
    const first = await spool.scan(stored[0]?.scanId ?? "");
    await spool.receipt({ journal: spool.journal, upToSequence: alert.sequence });
    await until("room", 20_000, () => spool.admission("lane-1").ok);
    expect(existsSync(first?.scan.directory ?? "")).toBe(false);
    expect((await spool.figures()).usedBytes).toBeLessThan(scanBytes * 3);
    expect((await spool.list(10)).filter(({ kind }) => kind === "alert")).toHaveLength(1);
    await spool.stop();
  });

  test("P-10 with too little free space no scan is admitted, what was begun is finished, and an alert says so", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path, { minFreeBytes: freeBytes(folder.path) * 2 });
    const capture = await captureScan(spool, { scanRef: "begun", seed: 1 });
    expect(spool.admission("lane-1")).toMatchObject({
      ok: false,
      code: "SPOOL_FULL",
      message: expect.stringContaining("must stay free"),
    });
    expect((await spool.accept(capture, BARE_ITEM)).outcome).toBe("new");
    const rows = await until("the alert", 20_000, async () => {
      const due = await spool.due({ limit: 10, receipts: false, now: Date.now(), inFlight: new Set() });
      return due.length > 0 && due;
    });
    expect(JSON.parse(rows[0]?.event ?? "").data).toMatchObject({ code: "DISK_LOW", severity: "critical" });
    await spool.stop();
  });

  test("space is held back for the work that frees some", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path, { ballastBytes: 3 << 20 });
    const ballast = join(folder.path, "ballast");
    await until("the ballast", 10_000, () => existsSync(ballast) && statSync(ballast).size === 3 << 20);
    await spool.stop();
  });
});
