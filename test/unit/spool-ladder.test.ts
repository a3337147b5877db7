import { createHash, generateKeyPairSync, verify } from "node:crypto";
import { existsSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CommandContext } from "../../device/commands/command.ts";
import { reportsSchema } from "../../device/config/dicom.ts";
import { reportsOf } from "../../device/dicom-out/of-config.ts";
import { FolderQueue } from "../../device/dicom-out/queue.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { modelCommandsOf } from "../../device/models/commands.ts";
import { createSigner } from "../../device/signing.ts";
import { freeBytes } from "../../device/spool/ballast.ts";
import { type Level, levelAt, tiersAt } from "../../device/spool/ladder.ts";
import { OPERATIONS } from "../../device/spool/operations/index.ts";
import { tombstoneHash, tombstonesIn } from "../../device/spool/operations/tombstones.ts";
import type { Spool } from "../../device/spool/port.ts";
import { Room } from "../../device/spool/room.ts";
import { openTestJournal, type TestJournal } from "../fixtures/journal.ts";
import { until } from "../fixtures/processes.ts";
import { BARE_ITEM, captureScan, hitData } from "../fixtures/scans.ts";
import { openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

/** A scan with a hit that central has receipted. */
function delivered(
  journal: TestJournal,
  options: { band?: string; at?: number; life?: number } = {},
): string {
  const { context } = journal;
  const { band = "low", at = 0, life = 0 } = options;
  const scanId = journal.scan({ at });
  const upToSequence = journal.hit({ scanId, band });
  OPERATIONS.receiptRows(context, { journal: context.journal, ids: null, upToSequence, now: 0, life });
  return scanId;
}

describe("as the spool fills", () => {
  test("steps are taken in order, each down to a little below itself", () => {
    const tiers = (fill: number) => tiersAt(fill).map(({ tier }) => tier);
    expect(tiers(0.79)).toEqual([]);
    expect(tiers(0.8)).toEqual(["idle"]);
    expect(tiers(0.94)).toEqual(["idle", "low"]);
    expect(tiers(1)).toEqual(["idle", "low", "any"]);
    for (const { downTo } of tiersAt(1)) expect(downTo).toBeLessThan(0.95);
  });

  test("bulk is refused first, then the reserve is given up, then scans; each a little longer than it was reached", () => {
    const path: Level[] = [];
    for (const fill of [0.5, 0.95, 0.945, 0.98, 1, 0.995, 0.985, 0.975, 0.965, 0.945, 0.935])
      path.push(levelAt(fill, path.at(-1) ?? "open"));
    const levels = ["open", "no-bulk", "no-bulk", "reserve", "full", "full", "reserve", "reserve"];
    expect(path).toEqual([...levels, "no-bulk", "no-bulk", "open"]);
    // As far as images are evicted.
    expect(levelAt(tiersAt(1).at(-1)?.downTo ?? 1, "full")).toBe("open");
  });

  test("what fills it is the quota, or what the volume leaves", () => {
    using folder = temporaryFolder();
    const room = new Room({ path: folder.path, minFreeBytes: 0, maxBytes: 1000, log: SILENT_LOG });
    room.change(900);
    expect(room.fill).toBeCloseTo(0.9);
    expect(room.above(0.88)).toBe(20);
    expect(room.above(0.95)).toBe(0);
    const full = new Room({ path: folder.path, minFreeBytes: 1e18, maxBytes: 1000, log: SILENT_LOG });
    expect(full.fill).toBe(1);
    expect(full.above(0.95)).toBeGreaterThan(1e15);
  });

  test("images of no item go first, then low scores, then any that is delivered; evidence that is not stays", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context, database } = journal;
    const [high, low, idle] = [
      delivered(journal, { band: "high", at: 1 }),
      delivered(journal, { band: "low", at: 2 }),
      delivered(journal, { band: "high", at: 3 }),
    ];
    journal.hit({ scanId: journal.scan({ at: 0 }), band: "low" }); // not delivered
    database.run(
      "UPDATE scans SET scan = json_set(scan, '$.purpose', 'NON_OPERATIONAL') WHERE scan_id = ?",
      idle,
    );
    const evict = (tier: "idle" | "low" | "any") =>
      OPERATIONS.evictScans(context, { bytes: 1e9, tier, now: 7, reason: "full" }).directories;
    expect(evict("idle")).toEqual([`scans/day/${idle}`]);
    expect(evict("low")).toEqual([`scans/day/${low}`]);
    expect(evict("any")).toEqual([`scans/day/${high}`]);
    expect(OPERATIONS.planeBytes(context)).toBe(100);
    expect(OPERATIONS.figures(context)).toMatchObject({ sequence: 4, scans: { analysed: 4 } });
    journal.close();
  });

  test("each has a tombstone, signed, with the digests that its hits named", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const signer = createSigner(Buffer.from(privateKey.export({ type: "pkcs8", format: "pem" })));
    const context = { ...journal.context, signer };
    const scanId = delivered(journal);
    const images = [{ sha256: "a".repeat(64) }, { sha256: "b".repeat(64) }];
    journal.database.run("UPDATE scans SET analysis = ?", JSON.stringify({ images }));
    OPERATIONS.evictScans(context, { bytes: 1, tier: "any", now: 7, reason: "full" });
    const [stone] = tombstonesIn(journal.database, { subject: scanId, limit: 10 });
    expect(stone).toMatchObject({
      at: 7,
      kind: "images",
      subject: scanId,
      sha256: `${"a".repeat(64)} ${"b".repeat(64)}`,
      bytes: 100,
      reason: "full",
      keyId: signer.keyId,
    });
    if (stone === undefined) throw new Error("no tombstone");
    const signature = Buffer.from(stone.signature ?? "", "base64url");
    expect(verify(null, Buffer.from(tombstoneHash(stone), "hex"), publicKey, signature)).toBe(true);
    expect(
      verify(null, Buffer.from(tombstoneHash({ ...stone, bytes: 1 }), "hex"), publicKey, signature),
    ).toBe(false);
    expect(createHash("sha256").update(tombstoneHash(stone)).digest("hex")).toHaveLength(64);
    journal.close();
  });

  test("bodies of old messages that could not be read go, what was wrong with them stays", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context, database } = journal;
    for (const at of [10, 20])
      OPERATIONS.putDeadLetter(context, {
        letter: { source: "declaration", reason: "not JSON", pointer: null, bytes: 3 },
        body: new Uint8Array(3),
        at,
      });
    expect(OPERATIONS.dropLetterBodies(context, { before: 15, now: 30 })).toBe(1);
    expect(OPERATIONS.dropLetterBodies(context, { before: 15, now: 30 })).toBe(0);
    expect(OPERATIONS.deadLetters(context, { limit: 5 })).toHaveLength(2);
    expect(tombstonesIn(database, { limit: 5 })).toMatchObject([{ kind: "letters", subject: "1", bytes: 3 }]);
    journal.close();
  });
});

test("images may be kept for a time, counted in running time since their hits were delivered", () => {
  using folder = temporaryFolder();
  const journal = openTestJournal(folder.path);
  const { context } = journal;
  const first = delivered(journal, { life: 100, at: 2 });
  delivered(journal, { life: 200, at: 1 });
  journal.hit();
  const old = (life: number) => OPERATIONS.evictOld(context, { life, keepMs: 50, now: 0 }).directories;
  expect(old(150)).toEqual([`scans/day/${first}`]);
  expect(old(249)).toEqual([]);
  expect(old(250)).toHaveLength(1);
  expect(old(1e12)).toEqual([]);
  journal.close();
});

test("an almost full spool drops delivered images of low scores and says what it does", async () => {
  using folder = temporaryFolder();
  const scanBytes = 2 * 4 * 4 * 2;
  const spool = await openTestSpool(folder.path, { maxBytes: scanBytes * 20 });
  await spool.setReceiptsExpected(true);
  for (let seed = 0; seed < 19; seed += 1) await storeHit(spool, seed);
  const alert = await until("the alert", 90_000, async () =>
    (await spool.list(50)).find(({ kind }) => kind === "alert"),
  );
  expect(alert.state).toBe("unpublished");
  const [said] = await spool.due({ limit: 1, receipts: true, now: 0, inFlight: new Set(sequences(19)) });
  expect(JSON.parse(said?.event ?? "").data).toMatchObject({
    code: "SPOOL_FILLING",
    details: { fill: 0.95 },
  });
  await spool.receipt({ journal: spool.journal, upToSequence: 2 });
  await until("room", 90_000, async () => (await spool.figures()).usedBytes <= scanBytes * 18);
  expect(spool.admission("lane-1").ok).toBe(true);
  expect((await spool.figures()).scans.analysed).toBe(19);
  await spool.stop();
});

test("P-60 on an almost full volume no bulk is taken and the space held back is the journal's; both are said", async () => {
  using folder = temporaryFolder();
  const ballastBytes = 1 << 20;
  const minFreeBytes = freeBytes(folder.path) * 2;
  const spool = await openTestSpool(folder.path, { ballastBytes, minFreeBytes });
  const alerts = await until("the alerts", 90_000, async () => {
    const rows = await spool.recent("alert", 5);
    return rows.length === 2 && rows.map(({ event }) => JSON.parse(event).data.code);
  });
  expect(alerts).toEqual(["BALLAST_RELEASED", "DISK_LOW"]);
  expect(existsSync(join(folder.path, "ballast-first"))).toBe(false);
  expect(existsSync(join(folder.path, "ballast"))).toBe(true);
  expect(spool.takesBulk()).toBe(false);
  const never = () => Promise.reject(new Error("nothing is to be brought"));
  const commands = modelCommandsOf({ install: never, activate: never, rollBack: never }, spool);
  const context = { id: "1", signal: new AbortController().signal } as CommandContext;
  await expect(commands["models.install"]?.({ target: "a-1.0.0.tar.gz" }, context)).rejects.toMatchObject({
    code: "BUSY",
  });
  expect(await queuesTake(spool, folder.path)).toEqual([false, true]);
  expect((await spool.figures()).care).toMatchObject({ level: "full", damagedScans: 0 });
  await spool.stop();
  // What it gave up is no room for images.
  const room = new Room({
    path: folder.path,
    minFreeBytes: 0,
    maxBytes: 1e15,
    ballastBytes: 1e15,
    log: SILENT_LOG,
  });
  room.change(1);
  expect(room.level).toBe("full");
});

/** Whether archives with and without images take more. */
async function queuesTake(spool: Spool, spoolPath: string): Promise<readonly boolean[]> {
  const archive = { address: "127.0.0.1:1", aeTitle: "ARCHIVE" };
  const archives = [true, false].map((images) => ({ ...archive, id: images ? "with" : "without", images }));
  const { output } = await reportsOf(reportsSchema.parse({ archives }), {
    spoolPath,
    site: "NLRTM-EX",
    gateway: "gw-01",
    env: {},
    spool,
    alerts: { raise: async () => undefined },
    clock: Date.now,
    log: SILENT_LOG,
  });
  for (const id of ["with", "without"]) await new FolderQueue(join(spoolPath, "dicom", "out", id)).start();
  return Promise.all(output.destinations.map((destination) => destination.hasRoom()));
}

function sequences(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

test("a scan whose planes the disk lost is kept apart with what is left of it, and said; it still gets its hit", async () => {
  using folder = temporaryFolder();
  const before = await openTestSpool(folder.path);
  const captures = [];
  for (let seed = 0; seed < 3; seed += 1) {
    const capture = await captureScan(before, { scanRef: `scan-${seed}`, seed });
    captures.push((await before.accept(capture, BARE_ITEM)).scan);
  }
  await before.stop();
  const [cut, gone, whole] = captures;
  if (cut === undefined || gone === undefined || whole === undefined) throw new Error("no scans");
  truncateSync(join(cut.directory, "v0-e1.u16"), 10);
  rmSync(gone.directory, { recursive: true });
  const spool = await openTestSpool(folder.path);
  const rows = await spool.due({ limit: 9, receipts: false, now: Date.now(), inFlight: new Set() });
  const said = rows.map(({ event }) => JSON.parse(event).data);
  expect(said).toMatchObject([
    { code: "PLANE_DAMAGED", scanId: cut.scanId, details: { files: "v0-e1.u16" } },
    { code: "PLANE_DAMAGED", scanId: gone.scanId, details: { folder: "" } },
  ]);
  expect(existsSync(join(folder.path, "quarantine", cut.scanId, "v0-e0.u16"))).toBe(true);
  const stored = await spool.unfinished();
  expect(stored.map(({ scan }) => scan.scanId)).toEqual(captures.map(({ scanId }) => scanId));
  expect(stored[0]?.scan.directory).toBe(join(folder.path, "quarantine", cut.scanId));
  const { scanId } = cut;
  const data = hitData({ scanId, revision: 1 });
  await spool.commitHit({ scanId, lane: "lane-1", revision: 1, data, state: "analysed" });
  await spool.stop();
  // Nothing is swept, and it is not said twice.
  const again = await openTestSpool(folder.path);
  expect(existsSync(join(folder.path, "quarantine", cut.scanId, "v0-e0.u16"))).toBe(true);
  expect(existsSync(whole.directory)).toBe(true);
  await again.stop();
});
