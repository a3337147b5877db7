import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadRecording, recordWorkload, saveRecording } from "../fixtures/power-cut/record.ts";
import { type CutReport, survey } from "../fixtures/power-cut/survey.ts";
import { lostVersions } from "../fixtures/power-cut/versions.ts";
import { ROOT } from "../fixtures/project.ts";
import { BARE_ITEM, captureScan, hitData } from "../fixtures/scans.ts";
import { openTestSpool } from "../fixtures/uplink.ts";

/** `npm run campaign` sets more, another seed each time, and a kept recording to look at a loss again. */
const CUTS = Number(process.env["LYNCEUS_CUTS"] ?? 2000);
const SEED = Number(process.env["LYNCEUS_SEED"] ?? 1);
const KEPT = process.env["LYNCEUS_RECORDING"];
/** Enough to find what a missing fsync loses. */
const MUTATION_CUTS = 60;
/** Cuts after which the whole spool is started and goes on. */
const RESTARTS = 4;

const recording = KEPT === undefined ? recordWorkload({ scans: 120 }) : loadRecording(KEPT);

function lossy(reports: readonly CutReport[]): readonly CutReport[] {
  return reports.filter(({ losses }) => losses.length > 0);
}

/** Keeps the recording of a cut that took something, and says how to look at it again. */
function keep(reports: readonly CutReport[]): void {
  if (lossy(reports).length === 0 || KEPT !== undefined) return;
  const file = join(ROOT, "test/.cache/campaign", `recording-${SEED}.bin`);
  saveRecording(recording, file);
  process.stdout.write(
    `again: LYNCEUS_RECORDING=${file} LYNCEUS_SEED=${SEED} LYNCEUS_CUTS=${CUTS} npm test -- test/chaos/power-cut.test.ts -t P-01\n`,
  );
}

describe("power cuts", { timeout: 120_000 + CUTS * 500 }, () => {
  test(`P-01 ${CUTS} cuts take nothing that was acknowledged`, async () => {
    let restarts = 0;
    const reports = await survey(recording, {
      cuts: CUTS,
      seed: SEED,
      visit: async (spool, at) => {
        if (restarts >= RESTARTS || at % 7 !== 0) return;
        restarts += 1;
        await goOn(spool);
      },
    });
    keep(reports);
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

  const replacing = recordWorkload({ scans: 60, workload: "replace.ts" });

  test("P-41 a file that is replaced is the old or the new one, whole, and the new one once that was told", async () => {
    const reports = await survey(replacing, { cuts: 300, seed: SEED, losses: lostVersions });
    expect(lossy(reports)).toEqual([]);
  });

  test.each([
    { name: "its content", of: (path: string) => path.endsWith(".part") },
    { name: "its folder", of: (path: string) => path === "var/lynceus" },
  ])("without the fsync of $name a cut takes a file that was replaced", async ({ of }) => {
    const options = { cuts: MUTATION_CUTS, seed: 4, ignoredSync: of, untilLoss: true, losses: lostVersions };
    expect(lossy(await survey(replacing, options)).length).toBeGreaterThan(0);
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
