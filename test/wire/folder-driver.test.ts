import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readPlanes } from "../../device/inference/planes.ts";
import { SILENT_LOG } from "../../device/log.ts";
import type { Capture } from "../../device/scan.ts";
import {
  createFolderDriver,
  FOLDER_TIMINGS,
  type FolderTimings,
} from "../../device/scanner/folder/driver.ts";
import type { ScannerDriver, ScannerEvent } from "../../device/scanner/port.ts";
import type { Accepted, ScanStore } from "../../device/spool/port.ts";
import { type SpoolRig, spoolRig } from "../fixtures/capture-rig.ts";
import { parcelPlane, temporaryFolder, writeGrey16, writeRgb } from "../fixtures/image-files.ts";
import { until } from "../fixtures/processes.ts";

const TIMINGS: FolderTimings = { ...FOLDER_TIMINGS, pollMs: 20, quietMs: 400, pairMs: 800, retryMs: 100 };
const LANE = "lane-1";

interface Rig {
  readonly driver: ScannerDriver;
  readonly taken: { capture: Capture; accepted: Accepted }[];
  readonly events: ScannerEvent[];
  stop(): Promise<void>;
}

describe("the folder driver", () => {
  let spool: SpoolRig;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const rigs: Rig[] = [];

  beforeEach(async () => {
    spool = await spoolRig();
    folder = await temporaryFolder();
  });

  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.stop();
    await spool.stop();
    await folder[Symbol.asyncDispose]();
  });

  /** A lane that stores and acknowledges what comes, or what `take` does instead. */
  async function start(
    options: {
      store?: ScanStore;
      take?: (rig: Rig, capture: Capture) => Promise<void>;
      timings?: Partial<FolderTimings>;
    } = {},
  ): Promise<Rig> {
    const store = options.store ?? spool.spool;
    const driver = createFolderDriver({
      lane: LANE,
      path: folder.path,
      store,
      maxScanBytes: 200_000,
      clock: Date.now,
      log: SILENT_LOG,
      timings: { ...TIMINGS, ...options.timings },
    });
    const taken: Rig["taken"] = [];
    const events: ScannerEvent[] = [];
    driver.onEvent((event) => events.push(event));
    await driver.start();
    const rig: Rig = {
      driver,
      taken,
      events,
      stop: async () => {
        await driver.stop();
        await consumed;
      },
    };
    const accept = async (capture: Capture) => {
      const { identifiers } = capture;
      const measured = {
        massKg: null,
        massStable: null,
        xrayMassKg: null,
        xrayMassReliable: null,
        radiation: null,
      };
      const accepted = await spool.spool.accept(capture, {
        lane: LANE,
        identifiers,
        measured,
        trackingAmbiguous: false,
      });
      await driver.acknowledge(capture, accepted.scan);
      taken.push({ capture, accepted });
    };
    const consumed = (async () => {
      for await (const capture of driver.captures())
        await (options.take ? options.take(rig, capture) : accept(capture));
    })();
    rigs.push(rig);
    return rig;
  }

  const at = (...names: readonly string[]) => join(folder.path, ...names);
  const list = async (...names: readonly string[]) => (await readdir(at(...names)).catch(() => [])).sort();
  /** A file that was finished a while ago. */
  async function old(file: string): Promise<void> {
    const minuteAgo = new Date(Date.now() - 60_000);
    await utimes(file, minuteAgo, minuteAgo);
  }

  it("makes a dual-energy scan of a pair, durable before the files are moved to done", async () => {
    const [low, high] = [parcelPlane(40, 30, 50_000, 0.3), parcelPlane(40, 30, 50_000, 0.5)];
    await writeGrey16(at("bag.low.tif"), low, 40);
    await writeGrey16(at("bag.high.tif"), high, 40);
    await writeFile(
      at("bag.json"),
      '{"airLevel": 50000, "pixelPitchMm": {"x": 1.5, "y": 1.5}, "origin": "SYNTHETIC"}',
    );
    const rig = await start();
    await until("the pair", 10_000, () => rig.taken.length === 1);
    const { capture, accepted } = rig.taken[0]!;
    expect(capture).toMatchObject({
      kind: "dual-energy",
      airLevel: 50_000,
      origin: "SYNTHETIC",
      key: { serial: "folder:lane-1", scanRef: "bag.tif" },
      views: [{ view: 0, width: 40, height: 30, pixelPitchMm: { x: 1.5, y: 1.5 }, energies: [0, 1] }],
    });
    expect(accepted.outcome).toBe("new");
    const stored = readPlanes(accepted.scan);
    expect(stored.views[0]?.low).toEqual(low);
    expect(stored.views[0]?.high).toEqual(high);
    await until("the files in done", 5000, async () => (await list("done")).length === 3);
    expect(await list()).toEqual(["done"]);
    expect(rig.driver.state.state).toBe("idle");
  });

  it("stores pseudo-colour as colour and 8-bit grey as counts", async () => {
    const rgb = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => [230, 140, 40][i % 3]! - (i % 50));
    await writeRgb(at("colour.png"), rgb, 40);
    await writeRgb(
      at("grey.png"),
      rgb.map((_, i) => 60 + (Math.floor(i / 3) % 120)),
      40,
    );
    const rig = await start();
    await until("both", 10_000, () => rig.taken.length === 2);
    expect(rig.taken.map(({ capture }) => [capture.key.scanRef, capture.kind])).toEqual([
      ["colour.png", "pseudo-colour"],
      ["grey.png", "single-energy"],
    ]);
    expect(Uint8Array.from(readPlanes(rig.taken[0]!.accepted.scan).views[0]?.rgb ?? [])).toEqual(rgb);
    expect(readPlanes(rig.taken[1]!.accepted.scan).views[0]?.single?.[0]).toBe(60 * 257);
  });

  it("waits until a file that is being written is quiet", async () => {
    await writeGrey16(at("whole.png"), parcelPlane(60, 60, 50_000, 0.5), 60);
    const whole = await readFile(at("whole.png"));
    await rm(at("whole.png"));
    const rig = await start({ timings: { quietMs: 2000 } });
    for (let part = 1; part <= 6; part++) {
      await writeFile(at("slow.png"), whole.subarray(0, (whole.length * part) / 6));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await until("the slow file", 10_000, () => rig.taken.length === 1);
    expect(rig.events).toEqual([]);
    expect(await list("failed")).toEqual([]);
  });

  it("takes a file at once that is renamed into place", async () => {
    await writeGrey16(at("whole.png"), parcelPlane(60, 60, 50_000, 0.5), 60);
    await rename(at("whole.png"), at("whole.png.part"));
    let taken = 0;
    const quietMs = 30_000;
    const rig = await start({
      timings: { quietMs },
      take: async () => {
        taken = performance.now();
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const renamed = performance.now();
    await writeFile(at("touch"), "");
    await utimes(at("whole.png.part"), new Date(), new Date());
    await new Promise((resolve) => setTimeout(resolve, 60));
    await rename(at("whole.png.part"), at("whole.png"));
    await until("the renamed file", 10_000, () => taken > 0);
    expect(rig.driver.state.state).not.toBe("absent");
    expect(taken - renamed).toBeLessThan(quietMs);
  });

  it("puts what cannot be read aside with its reason, and goes on with the rest", async () => {
    await writeFile(at("bad.png"), "no image at all");
    await writeGrey16(at("cut.tif"), parcelPlane(60, 60, 50_000, 0.5), 60);
    await writeFile(at("cut.tif"), (await readFile(at("cut.tif"))).subarray(0, 900));
    await writeGrey16(at("good.png"), parcelPlane(60, 60, 50_000, 0.5), 60);
    await writeGrey16(at("huge.png"), parcelPlane(400, 300, 50_000, 0.5), 400);
    const rig = await start();
    await until("events", 10_000, () => rig.events.length === 3 && rig.taken.length === 1);
    expect(rig.events.map((event) => [event.code, event.details["code"]])).toEqual([
      ["IMAGE_UNREADABLE", "LYN_IMAGE_FORMAT"],
      ["IMAGE_UNREADABLE", "LYN_IMAGE_UNREADABLE"],
      ["IMAGE_UNREADABLE", "LYN_SCAN_TOO_LARGE"],
    ]);
    await until("the reasons", 5000, async () => (await list("failed")).length === 6);
    expect(await readFile(at("failed", "bad.png.reason.txt"), "utf8")).toMatch(/^LYN_IMAGE_FORMAT: .*text/);
    expect(await list()).toEqual(["done", "failed"]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(rig.events).toHaveLength(3);
  });

  it("gives half of a pair time, then says what is missing", async () => {
    await writeGrey16(at("late.low.png"), parcelPlane(40, 30, 50_000, 0.3), 40);
    await writeGrey16(at("lost.high.png"), parcelPlane(40, 30, 50_000, 0.5), 40);
    const rig = await start({ timings: { pairMs: 3000 } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await writeGrey16(at("late.high.png"), parcelPlane(40, 30, 50_000, 0.5), 40);
    await until("the pair and the event", 10_000, () => rig.taken.length === 1 && rig.events.length === 1);
    expect(rig.taken[0]?.capture.kind).toBe("dual-energy");
    expect(rig.events[0]?.message).toMatch(/lost\.high\.png has no low-energy plane/);
    expect(rig.events[0]?.details["code"]).toBe("LYN_IMAGE_PAIR");
  });

  it("does not take a file twice that was stored before a crash but not yet moved", async () => {
    await writeGrey16(at("once.png"), parcelPlane(60, 60, 50_000, 0.5), 60);
    await old(at("once.png"));
    const bytes = await readFile(at("once.png"));
    const first = await start();
    await until("the file", 10_000, () => first.taken.length === 1);
    await until("the move", 5000, async () => (await list("done")).length === 1);
    await first.stop();
    // As after a crash between the spool's commit and the move.
    await rename(at("done", "once.png"), at("once.png"));
    const second = await start();
    await until("the move", 5000, async () => (await list("done")).length === 1);
    expect(second.taken).toEqual([]);
    // The same name with another time is another scan, and nothing is overwritten in done.
    await writeFile(at("once.png"), bytes);
    await until("the new file", 10_000, () => second.taken.length === 1);
    expect(second.taken[0]?.accepted.outcome).toBe("new");
    await until("both in done", 5000, async () => (await list("done")).join() === "once-2.png,once.png");
    const digests = await Promise.all(["once.png", "once-2.png"].map((name) => readFile(at("done", name))));
    expect(new Set(digests.map((one) => createHash("sha256").update(one).digest("hex"))).size).toBe(1);
  });

  it("remembers in the spool what it may not move", async () => {
    await writeFile(at("done"), "a file where the folder should be");
    await writeGrey16(at("stuck.png"), parcelPlane(60, 60, 50_000, 0.5), 60);
    await old(at("stuck.png"));
    const first = await start();
    await until("the file", 10_000, () => first.taken.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(first.taken).toHaveLength(1);
    await first.stop();
    const second = await start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(second.taken).toEqual([]);
    expect(await list()).toEqual(["done", "stuck.png"]);
  });

  it("keeps a refused image and takes it again", async () => {
    await writeGrey16(at("later.png"), parcelPlane(60, 60, 50_000, 0.5), 60);
    let tries = 0;
    const rig = await start({
      take: async ({ driver }, capture) => {
        tries++;
        if (tries < 3) await driver.refuse(capture, "SPOOL_FULL", "no room");
      },
    });
    await until("the third try", 10_000, () => tries === 3);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(tries).toBe(3);
    expect(rig.driver.state.state).toBe("idle");
    expect(await list()).toEqual(["later.png"]);
  });

  it("waits while the spool admits nothing", async () => {
    let full = true;
    const { spool: real } = spool;
    const store: ScanStore = {
      admission: () => (full ? { ok: false, code: "SPOOL_FULL", message: "no room" } : { ok: true }),
      find: (lane, key) => real.find(lane, key),
      begin: (options) => real.begin(options),
    };
    await writeGrey16(at("waiting.png"), parcelPlane(60, 60, 50_000, 0.5), 60);
    const rig = await start({ store });
    await until("the pause", 10_000, () => rig.driver.state.state === "paused");
    expect(rig.driver.state.code).toBe("SPOOL_FULL");
    full = false;
    await until("the image", 10_000, () => rig.taken.length === 1);
    await until("idle again", 5000, () => rig.driver.state.state === "idle");
  });

  it("takes an absent folder for a state, not an error", async () => {
    await rm(folder.path, { recursive: true });
    const rig = await start();
    await until("the state", 10_000, () => rig.driver.state.code === "ENOENT");
    expect(rig.driver.state.state).toBe("absent");
    await mkdir(folder.path);
    await until("idle", 10_000, () => rig.driver.state.state === "idle");
    await writeGrey16(at("back.png"), parcelPlane(60, 60, 50_000, 0.5), 60);
    await until("the image", 10_000, () => rig.taken.length === 1);
  });
});
