import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { probeProfile } from "../../device/cli/doctor/profile.ts";
import { loadConfig } from "../../device/config/load.ts";
import { driverOf } from "../../device/gateway-parts.ts";
import { readPlanes } from "../../device/inference/planes.ts";
import { NOTHING_MEASURED } from "../../device/lane/item.ts";
import { SILENT_LOG } from "../../device/log.ts";
import type { Capture } from "../../device/scan.ts";
import type { ScannerDriver, ScannerEvent } from "../../device/scanner/port.ts";
import { AcmePeer } from "../fixtures/acme/peer.ts";
import { type SpoolRig, spoolRig } from "../fixtures/capture-rig.ts";
import { temporaryFolder, writeGrey16 } from "../fixtures/image-files.ts";
import { until } from "../fixtures/processes.ts";
import { ROOT } from "../fixtures/project.ts";

const WIDTH = 40;
const DETECTOR = 24;
const AIR_LEVEL = 60_000;
const HOUR_MS = 3_600_000;
const DEAD = 11;

/** Raw counts of pixel y at a transmission: an offset and a gain of its own; one pixel is dead. */
function raw(y: number, transmission: number): number {
  if (y === DEAD) return 900;
  return Math.round(700 + 30 * (y % 5) + (30_000 - 400 * (y % 7)) * transmission);
}

/** An image of `width` lines, the detector along its height. */
function image(width: number, transmission: (x: number, y: number) => number): Uint16Array {
  return Uint16Array.from({ length: width * DETECTOR }, (_, at) => {
    const y = Math.floor(at / width);
    return raw(y, transmission(at % width, y));
  });
}

const GOODS = (x: number, y: number) => (x >= 10 && x < 30 && y >= 6 && y < 18 ? 0.4 : 1);

describe("a lane whose scanner has a profile", () => {
  let spool: SpoolRig;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let driver: ScannerDriver | null = null;
  let taken: Capture[] = [];
  let events: ScannerEvent[] = [];

  beforeEach(async () => {
    spool = await spoolRig();
    folder = await temporaryFolder();
    taken = [];
    events = [];
    await mkdir(join(folder.path, "in"));
  });
  afterEach(async () => {
    await driver?.stop();
    await spool.stop();
    await folder[Symbol.asyncDispose]();
  });

  const at = (...names: readonly string[]) => join(folder.path, ...names);

  /** The driver as the gateway makes it from a configuration, and a lane that stores what comes. */
  async function start(scanner: string, profile: unknown): Promise<void> {
    await writeFile(at("profile.json"), JSON.stringify(profile));
    await writeFile(
      at("lynceus.yaml"),
      `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1883" }
spool: { path: spool }
lanes:
  - { id: lane-1, scanner: { ${scanner}, profile: profile.json } }
`,
    );
    const [lane] = (await loadConfig(at("lynceus.yaml"))).lanes;
    if (lane === undefined) throw new Error("no lane");
    const site = { spoolPath: at("spool"), env: {} };
    const made = await driverOf(lane, spool.spool, Date.now, SILENT_LOG, site);
    driver = made;
    made.onEvent((event) => events.push(event));
    await made.start();
    void (async () => {
      for await (const capture of made.captures()) {
        const item = { lane: lane.id, identifiers: [], measured: NOTHING_MEASURED, trackingAmbiguous: false };
        const { scan } = await spool.spool.accept(capture, item);
        await made.acknowledge(capture, scan);
        taken.push(capture);
      }
    })();
  }

  async function old(file: string, hours: number): Promise<void> {
    const then = new Date(Date.now() - hours * HOUR_MS);
    await utimes(file, then, then);
  }

  async function drop(name: string, samples: Uint16Array): Promise<void> {
    await writeGrey16(at("in", name), samples, WIDTH);
    await old(at("in", name), 0.01);
  }

  describe("that delivers raw counts into a folder", () => {
    const profile = {
      schema: "lynceus-scanner/1",
      machine: { vendor: "Example", model: "raw" },
      views: [
        {
          view: 0,
          name: "top",
          energies: ["single"],
          detectorPixels: DETECTOR,
          pixelPitchMm: { x: 2, y: 1 },
          frames: { single: { dark: "frames/dark.png", air: "frames/air.png" } },
        },
      ],
      raw: { maxAge: "24h" },
    };

    beforeEach(async () => {
      await mkdir(at("frames"));
      await writeGrey16(
        at("frames", "dark.png"),
        image(16, () => 0),
        16,
      );
      await writeGrey16(
        at("frames", "air.png"),
        image(16, () => 1),
        16,
      );
    });

    it("stores counts: evened out, dead pixels bridged, with the pitch that the profile states", async () => {
      await start(`driver: folder, path: in`, profile);
      await drop("bag.png", image(WIDTH, GOODS));
      await until("a capture", 20_000, () => taken.length === 1);
      const [capture] = taken as [Capture];
      expect(capture).toMatchObject({
        airLevel: AIR_LEVEL,
        views: [{ name: "top", width: WIDTH, height: DETECTOR, pixelPitchMm: { x: 2, y: 1 } }],
      });
      const { single } = readPlanes(capture).views[0] ?? {};
      const off = (single ?? new Uint16Array()).map((count, index) => {
        const [x, y] = [index % WIDTH, Math.floor(index / WIDTH)];
        return Math.abs(count - AIR_LEVEL * GOODS(x, y));
      });
      expect(off).toHaveLength(WIDTH * DETECTOR);
      expect(Math.max(...off)).toBeLessThan(0.01 * AIR_LEVEL);
      expect(events).toEqual([]);
      expect(await readdir(at("in", "done"))).toEqual(["bag.png"]);
    });

    it("is looked at by the doctor: its frames, what is dead in them, and how old they are", async () => {
      await writeFile(at("profile.json"), JSON.stringify(profile));
      const look = () => probeProfile("lane-1 profile", at("profile.json"), Date.now());
      expect(await look()).toMatchObject({
        state: "ok",
        found: "Example raw; frames 0 h old: view 0 single 1 dead of 24 pixels",
      });
      await old(at("frames", "dark.png"), 30);
      expect(await look()).toMatchObject({ state: "warning", found: expect.stringMatching(/30 h old/) });
      await rm(at("frames", "dark.png"));
      await expect(look()).rejects.toThrow(/dark\.png/);
    });

    it("says when its frames are too old, estimates the air, and takes new frames without a restart", async () => {
      await old(at("frames", "air.png"), 25);
      await start(`driver: folder, path: in`, profile);
      await drop("one.png", image(WIDTH, GOODS));
      await drop("two.png", image(WIDTH, GOODS));
      await until("two captures", 20_000, () => taken.length === 2);
      expect(taken.map(({ airLevel }) => airLevel)).toEqual([null, null]);
      expect(events.map(({ code }) => code)).toEqual(["CALIBRATION_OLD"]);
      await writeGrey16(
        at("frames", "air.png"),
        image(16, () => 1),
        16,
      );
      await drop("three.png", image(WIDTH, GOODS));
      await until("the third", 20_000, () => taken.length === 3);
      expect(taken[2]?.airLevel).toBe(AIR_LEVEL);
      expect(events).toHaveLength(1);
    });

    it("analyses a scan as it came where its frames are missing or of another detector, and says so once", async () => {
      await rm(at("frames", "dark.png"));
      await start(`driver: folder, path: in`, profile);
      await drop("one.png", image(WIDTH, GOODS));
      await drop("two.png", image(WIDTH, GOODS));
      await until("two captures", 20_000, () => taken.length === 2);
      expect(taken.map(({ airLevel }) => airLevel)).toEqual([null, null]);
      expect(events.map(({ code, severity }) => [code, severity])).toEqual([
        ["CALIBRATION_MISSING", "critical"],
      ]);
      for (const name of ["dark.png", "air.png"])
        await writeGrey16(
          at("frames", name),
          Uint16Array.from({ length: 16 * 7 }, () => (name === "dark.png" ? 10 : 9000)),
          16,
        );
      await drop("three.png", image(WIDTH, GOODS));
      await until("the third", 20_000, () => taken.length === 3);
      expect(events[1]?.message).toMatch(/of 7 pixels, the scan has 24/);
      const { single } = readPlanes(taken[2] as Capture).views[0] ?? {};
      expect(single).toEqual(image(WIDTH, GOODS));
    });
  });

  it("is turned, scaled and resampled on the lane of a vendor's module, and another machine is noticed", async () => {
    const peer = new AcmePeer();
    const { url } = await peer.start();
    const module = join(ROOT, "test/fixtures/acme/driver.ts");
    try {
      await start(`driver: module, module: ${module}, options: { url: "${url}" }`, {
        schema: "lynceus-scanner/1",
        machine: { vendor: "Acme", model: "upside down, 12 bits" },
        views: [{ view: 0, detectorPixels: 48, pixelPitchMm: { x: 2, y: 1 }, orientation: { turn: 180 } }],
        airLevel: 62_000,
        resample: { pitchMm: 1 },
        quirks: { fullScale: 4095 },
      });
      const [width, height] = [30, 48];
      // The first lines and the last pixels are dark: turned round, the last columns and the first rows.
      const samples = Uint16Array.from({ length: width * height }, (_, index) => {
        const [x, y] = [Math.floor(index / height), index % height];
        return x < 10 && y >= 40 ? 1000 : 3900;
      });
      await peer.send({ scanRef: "turned", width, height, samples });
      await until("a capture", 20_000, () => taken.length === 1);
      const [capture] = taken as [Capture];
      expect(capture).toMatchObject({
        airLevel: 62_000,
        views: [{ width: 60, height: 48, pixelPitchMm: { x: 1, y: 1 } }],
      });
      const { single = new Uint16Array() } = readPlanes(capture).views[0] ?? {};
      const value = (x: number, y: number) => single[y * 60 + x];
      expect([value(50, 4), value(50, 20), value(10, 4)]).toEqual([16_004, 62_414, 62_414]);
      expect(events).toEqual([]);
      await peer.send({ scanRef: "other", width, height: 32, samples: samples.slice(0, width * 32) });
      await until("the other", 20_000, () => taken.length === 2);
      expect(events).toEqual([
        expect.objectContaining({
          code: "SCANNER_PROFILE_MISMATCH",
          message: expect.stringMatching(/none of them 48/),
        }),
      ]);
    } finally {
      await driver?.stop();
      await peer.stop();
    }
  });
});
