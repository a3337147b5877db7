import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { MAX_WAITING } from "../../device/spool/client.ts";
import { openSpoolReader } from "../../device/spool/reader.ts";
import { type ChainRow, chainRow, verifyChain } from "../../protocols/chain.ts";
import { eventId } from "../../protocols/ids.ts";
import { BARE_ITEM, captureScan, hitData } from "../fixtures/scans.ts";
import { openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

const ALERT = {
  data: { code: "LINK_ERRORS", severity: "warning", message: "m", remedy: "r", details: {} },
  lane: null,
  scanId: null,
};

/** Every row of a journal as central would verify it. */
function chainOf(path: string): ChainRow[] {
  const database = new DatabaseSync(join(path, "journal.db"), { readOnly: true });
  const rows = database.prepare("SELECT event FROM outbox WHERE sequence > 0 ORDER BY sequence").all();
  database.close();
  return rows.map(({ event }) => chainRow(JSON.parse(String(event)).data));
}

describe("the journal", () => {
  test("P-06 sequence counts hits and alerts without a gap over restarts, in one hash chain", async () => {
    using folder = temporaryFolder();
    let spool = await openTestSpool(folder.path);
    const { journal, bootId } = spool;
    for (let seed = 0; seed < 5; seed += 1) await storeHit(spool, seed);
    await spool.commitAlert(ALERT);
    await spool.stop();
    spool = await openTestSpool(folder.path);
    expect(spool.journal).toBe(journal);
    expect(spool.bootId).not.toBe(bootId);
    const hits = await Promise.all([11, 12, 13].map((seed) => storeHit(spool, seed)));
    const alert = await spool.commitAlert(ALERT);
    await spool.stop();
    expect(hits.map(({ sequence }) => sequence).sort()).toEqual([7, 8, 9]);
    expect(alert.sequence).toBe(10);
    const rows = chainOf(folder.path);
    expect(rows.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(verifyChain(rows)).toMatchObject({ ok: true, rows: 10 });
  });

  test("a hit is a CloudEvent whose id comes from scan and revision; again, the first stands", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const { scan } = await spool.accept(await captureScan(spool, { scanRef: "a", seed: 1 }), BARE_ITEM);
    const { scanId } = scan;
    const options = { scanId, lane: "lane-1", revision: 1, state: "decided" } as const;
    const announced: unknown[] = [];
    spool.onCommitted((row) => announced.push(row));
    const first = await spool.commitHit({ ...options, data: hitData({ scanId, revision: 1 }) });
    while (Date.now() === first.createdAt) await new Promise((resolve) => setTimeout(resolve, 1));
    const second = await spool.commitHit({
      ...options,
      data: { ...hitData({ scanId, revision: 1 }), other: true },
    });
    expect(second).toEqual(first);
    expect(announced).toEqual([first, null]);
    expect(first.id).toBe(eventId(scanId, 1));
    const event = JSON.parse(first.event);
    expect(event).toMatchObject({
      specversion: "1.0",
      id: first.id,
      source: "/NLRTM-EX/gw-01/lane-1",
      type: "org.lynceus.hit.v1",
      subject: scanId,
      time: "2026-11-20T08:00:01.000Z",
      data: {
        journal: spool.journal,
        sequence: 1,
        bootId: spool.bootId,
        integrity: { signature: null, keyId: null },
      },
    });
    expect((await spool.scan(scanId))?.state).toBe("decided");
    await spool.stop();
  });

  test("what cannot be hashed or has no scan is refused alone and takes no number", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const { scanId } = await storeHit(spool, 1);
    const options = { scanId, lane: "lane-1", state: "analysed" } as const;
    const results = await Promise.allSettled([
      spool.commitHit({ ...options, revision: 2, data: { scanId, score: Number.NaN } }),
      spool.commitHit({ ...options, revision: 3, data: hitData({ scanId, revision: 3 }) }),
      spool.commitHit({ ...options, revision: 4, data: { scanId, large: "x".repeat(70_000) } }),
      spool.commitHit({ ...options, scanId: "01890000-0000-7000-8000-000000000000", revision: 1, data: {} }),
      spool.commitAlert(ALERT),
    ]);
    const codes = results.map((result) =>
      result.status === "rejected" ? result.reason.code : result.value.sequence,
    );
    expect(codes).toEqual(["LYN_CANONICAL_JSON", 2, "LYN_MESSAGE_TOO_LARGE", "LYN_SCAN_UNKNOWN", 3]);
    await spool.stop();
    expect(verifyChain(chainOf(folder.path))).toMatchObject({ ok: true, rows: 3 });
  });

  test("the state of each scan survives, with its analysis, its floor and its late readings", async () => {
    using folder = temporaryFolder();
    let spool = await openTestSpool(folder.path);
    const done = await storeHit(spool, 1);
    const { scan } = await spool.accept(await captureScan(spool, { scanRef: "open", seed: 2 }), BARE_ITEM);
    const identifiers = [
      { scheme: "S10", value: "RR473124829NL", checkOk: true, source: "barcode", confidence: 1 },
    ] as const;
    await spool.updateScan({ ...scan, identifiers });
    const analysis = {
      detections: [],
      contents: [],
      quality: 1,
      airEstimated: false,
      images: [],
      models: [],
      analysed: true,
      problems: [],
    };
    const floor = [{ class: "firearm", score: 0.9, threshold: 0.8 }];
    const { scanId } = scan;
    const data = { ...hitData({ scanId, revision: 1 }), score: { band: "high", floor } };
    await spool.commitHit({ scanId, lane: "lane-1", revision: 1, data, state: "decided", analysis });
    await spool.stop();
    spool = await openTestSpool(folder.path);
    const [stored, ...others] = await spool.unfinished();
    expect(others).toEqual([]);
    expect(stored).toMatchObject({ state: "decided", revision: 1, analysis, lastHitId: eventId(scanId, 1) });
    expect(stored?.scan).toEqual({ ...scan, identifiers });
    expect(await spool.heldFloor(scanId)).toEqual(floor);
    expect(await spool.findScansByIdentifiers([{ scheme: "S10", value: "RR473124829NL" }], 0)).toHaveLength(
      1,
    );
    expect(
      await spool.findScansByIdentifiers([{ scheme: "S10", value: "RR473124829NL" }], Date.now() * 2),
    ).toEqual([]);
    expect((await spool.scan(done.scanId))?.state).toBe("analysed");
    expect(await spool.scan("nobody")).toBeNull();
    await expect(spool.updateScan({ ...scan, scanId: "nobody" })).rejects.toMatchObject({
      code: "LYN_SCAN_UNKNOWN",
    });
    await spool.stop();
  });

  test("P-16 a scan sent again is known; a whole one takes the place of an incomplete one and keeps its id", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const send = async (seed: number, incomplete: boolean, startedAt?: string) => {
      const capture = await captureScan(spool, {
        scanRef: "a",
        seed,
        incomplete,
        ...(startedAt === undefined ? {} : { startedAt }),
      });
      return { capture, accepted: await spool.accept(capture, BARE_ITEM) };
    };
    const incomplete = await send(1, true);
    const { key } = incomplete.capture;
    expect(await spool.find("lane-1", key)).toEqual({
      scanId: incomplete.capture.scanId,
      complete: false,
      otherStart: false,
    });
    expect((await send(2, true)).accepted.outcome).toBe("duplicate");
    const whole = await send(3, false);
    expect(whole.accepted).toMatchObject({
      outcome: "replaced",
      scan: { scanId: incomplete.capture.scanId, replaces: true, directory: whole.capture.directory },
    });
    expect((await send(4, false)).accepted).toMatchObject({
      outcome: "duplicate",
      scan: { scanId: incomplete.capture.scanId },
    });
    const startedAt = "2027-01-01T00:00:00Z";
    expect(await spool.find("lane-1", { ...key, startedAt })).toMatchObject({ otherStart: true });
    expect(await spool.find("lane-2", key)).toBeNull();
    expect((await send(5, false, startedAt)).accepted.outcome).toBe("new");
    // Nothing but the two scans that stand takes room.
    expect((await spool.figures()).usedBytes).toBe(2 * 2 * 24 * 16 * 2);
    await spool.stop();
  });

  test("P-19 a scan sent again whole is the same item: what was read of it when it passed stays", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const identifiers = [
      { scheme: "S10", value: "RR473124829NL", checkOk: true, source: "barcode", confidence: 1 },
    ] as const;
    const measured = { ...BARE_ITEM.measured, massKg: 2, massStable: true };
    const incomplete = await captureScan(spool, { scanRef: "a", seed: 1, incomplete: true });
    await spool.accept(incomplete, { ...BARE_ITEM, identifiers, measured });
    // Its readings are long spent when it comes again: the tracker ties nothing and calls it ambiguous.
    const scannerRead = [
      { scheme: "SSCC", value: "340123450000000000", checkOk: true, source: "scanner", confidence: 1 },
    ] as const;
    const whole = await captureScan(spool, { scanRef: "a", seed: 2 });
    const { scan } = await spool.accept(whole, {
      ...BARE_ITEM,
      identifiers: scannerRead,
      trackingAmbiguous: true,
    });
    expect(scan).toMatchObject({
      replaces: true,
      measured,
      identifiers: [...identifiers, ...scannerRead],
      trackingAmbiguous: false,
    });
    expect((await spool.scan(scan.scanId))?.scan).toEqual(scan);
    expect(await spool.findScansByIdentifiers(identifiers, 0)).toHaveLength(1);
    await spool.stop();
  });

  test("P-28 a second gateway on the same spool is refused; a reader beside it is not", async () => {
    using folder = temporaryFolder();
    expect(() => openSpoolReader(folder.path)).toThrow(
      expect.objectContaining({ code: "LYN_SPOOL_MISSING" }),
    );
    const spool = await openTestSpool(folder.path);
    const { id } = await storeHit(spool, 1);
    await expect(openTestSpool(folder.path)).rejects.toMatchObject({ code: "LYN_SPOOL_LOCKED" });
    const reader = openSpoolReader(folder.path);
    expect(reader.figures()).toMatchObject({
      sequence: 1,
      unpublished: 1,
      scans: { analysed: 1 },
      oldestScanAt: { undecided: null, unanalysed: null },
    });
    expect(reader.list(10)).toMatchObject([{ id, state: "unpublished" }]);
    reader.close();
    await spool.stop();
    await expect(storeHit(spool, 2)).rejects.toMatchObject({ code: "LYN_SPOOL_CLOSED" });
    const after = openSpoolReader(folder.path);
    expect(after.figures().unpublished).toBe(1);
    after.close();
  });

  test("P-29 a journal of a newer program is left alone", async () => {
    using folder = temporaryFolder();
    await (await openTestSpool(folder.path)).stop();
    const database = new DatabaseSync(join(folder.path, "journal.db"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    await expect(openTestSpool(folder.path)).rejects.toMatchObject({ code: "LYN_JOURNAL_VERSION" });
    expect(() => openSpoolReader(folder.path)).toThrow(
      expect.objectContaining({ code: "LYN_JOURNAL_VERSION" }),
    );
  });

  test("more work than may wait is refused, and what waits is still done", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const asked = Array.from({ length: MAX_WAITING + 200 }, () => spool.receiptsExpected());
    const results = await Promise.allSettled(asked);
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(200);
    expect(refused[0]).toMatchObject({ reason: { code: "LYN_SPOOL_OVERLOADED" } });
    await spool.stop();
  });
});
