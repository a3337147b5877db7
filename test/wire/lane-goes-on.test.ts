import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Alerts } from "../../device/alerts.ts";
import { fusionSettings } from "../../device/fusion/settings.ts";
import { InferenceSupervisor } from "../../device/inference/supervisor.ts";
import { Lane } from "../../device/lane/lane.ts";
import { Scorer } from "../../device/lane/scorer.ts";
import { Tracker } from "../../device/lane/tracker.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { MachineWatch } from "../../device/profile/watch.ts";
import { createFolderDriver } from "../../device/scanner/folder/driver.ts";
import type { ScanStore } from "../../device/spool/port.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { parcelPlane, temporaryFolder, writeGrey16 } from "../fixtures/image-files.ts";
import { until } from "../fixtures/processes.ts";
import { openTestSpool } from "../fixtures/uplink.ts";

it("a lane whose driver fails once says so and takes the next capture", async () => {
  await using folder = await temporaryFolder();
  await using spoolFolder = await temporaryFolder();
  const spool = await openTestSpool(spoolFolder.path);
  const errors: string[] = [];
  const log = { ...SILENT_LOG, error: (_fields: object, message: string) => void errors.push(message) };
  let refusals = 1;
  const store: ScanStore = {
    admission: (lane) => spool.admission(lane),
    begin: (options) => spool.begin(options),
    find: (lane, key) => {
      const busy = new LynceusError("LYN_SPOOL_OVERLOADED", "too much waits", { remedy: "Wait." });
      return refusals-- > 0 ? Promise.reject(busy) : spool.find(lane, key);
    },
  };
  const inference = new InferenceSupervisor({ models: { names: [], folders: [] }, log: SILENT_LOG });
  await inference.start();
  const lane = new Lane({
    watch: new MachineWatch({
      path: join(tmpdir(), "lynceus-none", "standard.json"),
      limits: {},
      log: SILENT_LOG,
    }),
    id: "lane-1",
    deadlineMs: 5000,
    driver: createFolderDriver({
      lane: "lane-1",
      path: folder.path,
      store,
      maxScanBytes: 1e6,
      clock: Date.now,
      log: SILENT_LOG,
      timings: { pollMs: 20, quietMs: 100, pairMs: 200, retryMs: 50 },
    }),
    peripherals: [],
    tracker: new Tracker({ expects: [] }),
    spool,
    inference,
    scorer: new Scorer({
      spool,
      site: "NLRTM-EX",
      gateway: "gw-01",
      lanes: new Map([["lane-1", { settings: fusionSettings(), decideOnSynthetic: true }]]),
      clock: Date.now,
      clockState: () => ({ synchronised: false, offsetMs: null }),
      log: SILENT_LOG,
    }),
    alerts: new Alerts({ spool, log: SILENT_LOG }),
    clock: Date.now,
    log,
    work: { captured: 0, captureFailed: 0, analysed: 0, analysisFailed: 0, scored: 0, scoreFailed: 0 },
  });
  await lane.start([]);
  await writeGrey16(join(folder.path, "bag.tif"), parcelPlane(40, 30, 50_000, 0.3), 40);
  await until("the hit", 20_000, async () => (await spool.figures()).sequence === 1);
  expect(errors).toEqual(["the lane's driver failed; it is asked again"]);
  await lane.stop();
  await inference.stop();
  await spool.stop();
});
