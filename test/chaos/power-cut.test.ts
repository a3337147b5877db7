import { describe, expect, test } from "vitest";
import { recordWorkload } from "../fixtures/power-cut/record.ts";
import { type CutReport, survey } from "../fixtures/power-cut/survey.ts";
import { BARE_ITEM, captureScan, hitData } from "../fixtures/scans.ts";
import { openTestSpool } from "../fixtures/uplink.ts";

const CUTS = 200;
/** Enough to find what a missing fsync loses. */
const MUTATION_CUTS = 60;
/** Cuts after which the whole spool is started and goes on. */
const RESTARTS = 4;

const recording = recordWorkload({ scans: 120 });

function lossy(reports: readonly CutReport[]): readonly CutReport[] {
  return reports.filter(({ losses }) => losses.length > 0);
}

describe("power cuts", () => {
  test(`P-01 ${CUTS} cuts take nothing that was acknowledged`, async () => {
    let restarts = 0;
    const reports = await survey(recording, {
      cuts: CUTS,
      seed: 1,
      visit: async (spool, at) => {
        if (restarts >= RESTARTS || at % 7 !== 0) return;
        restarts += 1;
        await goOn(spool);
      },
    });
    expect(reports).toHaveLength(CUTS);
    expect(lossy(reports)).toEqual([]);
    expect(restarts).toBe(RESTARTS);
    // The run is long enough to copy the log into the journal and begin it anew.
    expect(recording.operations.some(({ kind, offset }) => kind === "truncate" && offset === 0)).toBe(true);
  });

  /** The fsyncs of the spool by what they make durable; leaving out any one must be found out. */
  const fsyncs: readonly { name: string; of: (path: string) => boolean }[] = [
    { name: "a plane", of: (path) => path.endsWith(".u16") },
    { name: "a scan's folder", of: (path) => /\/scans\/\d{8}\/[^/]+$/.test(path) },
    { name: "a day's folder", of: (path) => /\/scans\/\d{8}$/.test(path) },
    { name: "the folder of all scans", of: (path) => path.endsWith("/scans") },
    { name: "the spool's folder", of: (path) => path === "var/lynceus" },
    { name: "a parent of the spool's folder", of: (path) => path === "var" },
    { name: "the parent above it", of: (path) => path === "" },
    { name: "the journal's log", of: (path) => path.endsWith("journal.db-wal") },
    { name: "the journal", of: (path) => path.endsWith("journal.db") },
  ];

  test.each(fsyncs)("without the fsync of $name a cut loses something", async ({ of }) => {
    expect(recording.operations.length).toBeGreaterThan(1000);
    const reports = await survey(recording, {
      cuts: MUTATION_CUTS,
      seed: 2,
      ignoredSync: of,
      untilLoss: true,
    });
    expect(lossy(reports).length).toBeGreaterThan(0);
  });

  test("with synchronous = NORMAL a cut loses something", async () => {
    const normal = recordWorkload({ scans: 40, imports: ["normal.mjs"] });
    const reports = await survey(normal, { cuts: MUTATION_CUTS, seed: 3, untilLoss: true });
    expect(lossy(reports).length).toBeGreaterThan(0);
  });
});

/** After the cut the spool starts, takes the next scan, and its chain goes on. */
async function goOn(path: string): Promise<void> {
  const spool = await openTestSpool(path);
  try {
    const before = (await spool.figures()).sequence;
    const capture = await captureScan(spool, { scanRef: "after the cut", seed: 1 });
    const { scan, outcome } = await spool.accept(capture, BARE_ITEM);
    expect(outcome).toBe("new");
    const { scanId } = scan;
    const data = hitData({ scanId, revision: 1 });
    const row = await spool.commitHit({ scanId, lane: "lane-1", revision: 1, data, state: "analysed" });
    expect(row.sequence).toBe(before + 1);
  } finally {
    await spool.stop();
  }
}
