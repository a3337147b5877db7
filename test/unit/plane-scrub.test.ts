import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeImages } from "../../device/inference/evidence.ts";
import { readPlanes } from "../../device/inference/planes.ts";
import { PlaneVault } from "../../device/keys/plane-vault.ts";
import type { Analysis, Scan } from "../../device/scan.ts";
import { OPERATIONS } from "../../device/spool/operations/index.ts";
import type { Spool } from "../../device/spool/port.ts";
import { openTestJournal } from "../fixtures/journal.ts";
import { until } from "../fixtures/processes.ts";
import { BARE_ITEM, captureScan, hitData } from "../fixtures/scans.ts";
import { openTestSpool, temporaryFolder } from "../fixtures/uplink.ts";

const WAIT_MS = 60_000;
/** Two planes of 8 × 8 samples. */
const SCAN_BYTES = 256;

/** A scan with its hit, whose analysis names the digests of its planes. */
async function storeAnalysed(spool: Spool, seed: number): Promise<Scan> {
  const capture = await captureScan(spool, { scanRef: `scan-${seed}`, seed, lines: 8, height: 8 });
  const { scan } = await spool.accept(capture, BARE_ITEM);
  const { scanId } = scan;
  const analysis: Analysis = {
    detections: [],
    contents: [],
    quality: 1,
    airEstimated: false,
    images: describeImages(readPlanes(scan)),
    models: [],
    analysed: true,
    problems: [],
  };
  const data = hitData({ scanId, revision: 1 });
  await spool.commitHit({ scanId, lane: "lane-1", revision: 1, data, state: "analysed", analysis });
  return scan;
}

/** As a bad cell of the disk does: the file keeps its length. */
function flip(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
}

const alertsOf = async (spool: Spool) =>
  (await spool.recent("alert", 10)).map(({ event }) => JSON.parse(event).data);
const care = async (spool: Spool) => (await spool.figures()).care;

describe("stored planes", () => {
  test("P-61 that change on the disk are found by themselves, kept apart and said", async () => {
    using folder = temporaryFolder();
    const options = { vault: new PlaneVault([new Uint8Array(32)]), delayMs: 0, bytesASecond: 1e9 };
    const before = await openTestSpool(folder.path, { ...options, delayMs: 1e8 });
    const scans = [];
    for (let seed = 0; seed < 3; seed += 1) scans.push(await storeAnalysed(before, seed));
    await before.stop();
    const [whole, rotten, last] = scans as [Scan, Scan, Scan];
    flip(join(rotten.directory, "v0-e1.u16"));
    const spool = await openTestSpool(folder.path, options);
    await until("the alert", WAIT_MS, async () => (await alertsOf(spool)).length > 0);
    const kept = join("quarantine", rotten.scanId);
    expect(await alertsOf(spool)).toMatchObject([
      { code: "PLANE_DAMAGED", scanId: rotten.scanId, details: { files: "v0-e1.u16", folder: kept } },
    ]);
    expect(existsSync(join(folder.path, kept, "v0-e0.u16"))).toBe(true);
    expect((await spool.scan(rotten.scanId))?.scan.directory).toBe(join(folder.path, kept));
    await until(
      "the end of the pass",
      WAIT_MS,
      async () => (await care(spool))?.scrubbedBytes === 3 * SCAN_BYTES,
    );
    for (const { directory } of [whole, last]) expect(existsSync(directory)).toBe(true);
    expect(await care(spool)).toMatchObject({ damagedScans: 1 });
    expect((await spool.figures()).usedBytes).toBe(2 * SCAN_BYTES);
    await spool.stop();
    // It is remembered, not said again, and never removed.
    const again = await openTestSpool(folder.path, options);
    await until("another pass", WAIT_MS, async () => (await care(again))?.scrubbedBytes === 2 * SCAN_BYTES);
    expect(await care(again)).toMatchObject({ damagedScans: 1 });
    expect(await alertsOf(again)).toHaveLength(1);
    expect(existsSync(join(folder.path, kept, "v0-e1.u16"))).toBe(true);
    await again.stop();
  });

  test("are left alone while scans are taken, and read on from where the last run came to", async () => {
    using folder = temporaryFolder();
    const before = await openTestSpool(folder.path, { delayMs: 1e8 });
    for (let seed = 0; seed < 2; seed += 1) await storeAnalysed(before, seed);
    await before.stop();
    // So slow that the pause after the first plane outlives the test.
    const spool = await openTestSpool(folder.path, { delayMs: 1000, bytesASecond: 0.001 });
    const writer = await spool.begin({ lane: "lane-1", maxBytes: 1e6 });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await care(spool)).toMatchObject({ scrubbedBytes: 0 });
    await writer.discard();
    await until(
      "the first plane",
      WAIT_MS,
      async () => (await care(spool))?.scrubbedBytes === SCAN_BYTES / 2,
    );
    await spool.stop();
  });

  test("are read in the order in which they came, those that are kept and analysed, and the place is kept", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context, database } = journal;
    const [second, first, evicted] = [5, 5, 1].map((at) => {
      const scanId = journal.scan({ at });
      journal.hit({ scanId });
      return scanId;
    });
    journal.scan({ at: 7 }); // not analysed
    database.run("UPDATE scans SET evicted = 1 WHERE scan_id = ?", evicted ?? "");
    const order: string[] = [];
    let place = OPERATIONS.scrubPlace(context);
    for (let next = OPERATIONS.nextToScrub(context, place); next !== null; ) {
      order.push(next.stored.scan.scanId);
      place = next.place;
      OPERATIONS.keepScrubPlace(context, place);
      next = OPERATIONS.nextToScrub(context, OPERATIONS.scrubPlace(context));
    }
    expect(order).toEqual([second, first]);
    journal.close();
  });
});
