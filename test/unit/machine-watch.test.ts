import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { imageFigures } from "../../device/image/figures.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { RECENT_SCANS, STANDARD_SCANS } from "../../device/profile/drift.ts";
import type { Limits } from "../../device/profile/limit.ts";
import { MAX_MACHINES } from "../../device/profile/standard-file.ts";
import { MachineWatch } from "../../device/profile/watch.ts";
import type { Analysis, Capture, ImageFigures } from "../../device/scan.ts";
import type { ScanPlanes } from "../../models/planes.ts";
import { Dice } from "../fixtures/mutate.ts";

const AIR = 60_000;
const SOUND: ImageFigures = { noise: 0.006, stripes: 0.001, airShift: 0.002, penetration: 5, ratio: 1.3 };

/** A detector that looks through a wedge of plastic and a block of steel, with faults of its own. */
function planes(
  faults: { noise?: number; stripes?: number; shift?: number; ratio?: number; darkNoise?: number } = {},
): ScanPlanes {
  const { noise = 0.004, stripes = 0, shift = 0, ratio = 1.3, darkNoise = 0.003 } = faults;
  const [width, height] = [200, 96];
  const dice = new Dice(7);
  const normal = () =>
    (dice.below(1000) + dice.below(1000) + dice.below(1000) + dice.below(1000) - 1998) / 577;
  const plane = (energy: "low" | "high") =>
    Uint16Array.from({ length: width * height }, (_, at) => {
      const [x, y] = [at % width, Math.floor(at / width)];
      const goods = x > 60 && x < 140 && y > 20 ? (y < 60 ? 0.4 : 3) : 0;
      const attenuation = goods * (energy === "low" ? ratio : 1);
      const sigma = attenuation > 2 ? darkNoise : noise;
      const gain = 1 + shift + stripes * (y % 2 === 0 ? 1 : -1);
      return Math.max(1, Math.round(AIR * gain * (Math.exp(-attenuation) + sigma * normal())));
    });
  const size = { view: 0, width, height, pixelPitchMm: null, airLevel: AIR };
  return { ...size, kind: "dual-energy", low: plane("low"), high: plane("high") };
}

const measure = (faults: Parameters<typeof planes>[0] = {}) =>
  imageFigures(planes(faults), { stated: AIR, doubtful: false });

describe("what an image says of its machine", () => {
  it("is its noise in air, whatever the stripes", () => {
    expect(measure().noise).toBeCloseTo(0.004, 3);
    expect(measure({ noise: 0.02 }).noise).toBeCloseTo(0.02, 2);
    expect(measure({ stripes: 0.02 }).noise).toBeCloseTo(0.004, 3);
  });

  it("is how far its detector pixels differ, whatever the noise", () => {
    expect(measure().stripes).toBeLessThan(0.001);
    expect(measure({ noise: 0.02 }).stripes).toBeLessThan(0.002);
    for (const stripes of [0.005, 0.02]) {
      const found = measure({ stripes }).stripes ?? 0;
      expect(found / stripes).toBeGreaterThan(0.8);
      expect(found / stripes).toBeLessThan(1.6);
    }
  });

  it("is how far its air has moved from the level that it states", () => {
    expect(Math.abs(measure().airShift ?? 1)).toBeLessThan(0.002);
    expect(measure({ shift: -0.08 }).airShift).toBeCloseTo(-0.08, 2);
    expect(imageFigures(planes(), { stated: null, doubtful: false }).airShift).toBeNull();
  });

  it("is how thick a thing it can look through, and the ratio of its two energies", () => {
    const sound = measure();
    expect(sound.penetration).toBeCloseTo(-Math.log(0.003), 0);
    expect((sound.penetration ?? 0) - (measure({ darkNoise: 0.012 }).penetration ?? 0)).toBeGreaterThan(0.8);
    expect(sound.ratio).toBeCloseTo(1.3, 1);
    expect(measure({ ratio: 1.6 }).ratio).toBeCloseTo(1.6, 1);
  });

  it("is null where the image does not show it", () => {
    const none = { noise: null, stripes: null, airShift: null };
    const all = planes();
    const dark = { ...all, high: new Uint16Array(all.high?.length ?? 0).fill(20_000) };
    expect(imageFigures(dark, { stated: AIR, doubtful: false })).toMatchObject({
      ...none,
      penetration: null,
    });
    expect(imageFigures(all, { stated: null, doubtful: true })).toMatchObject(none);
    const { low: _, high, ...rest } = all;
    const single: ScanPlanes = { ...rest, kind: "single-energy", ...(high && { single: high }) };
    expect(imageFigures(single, { stated: AIR, doubtful: false }).ratio).toBeNull();
  });
});

describe("the watch over a machine", () => {
  let folder = "";
  let path = "";
  const watches: MachineWatch[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-watch-"));
    path = join(folder, "machines", "lane-1.json");
  });
  afterEach(async () => {
    for (const watch of watches.splice(0)) await watch.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(limits: Limits = {}): Promise<MachineWatch> {
    const watch = new MachineWatch({ path, limits, log: SILENT_LOG });
    await watch.start();
    watches.push(watch);
    return watch;
  }

  const scanOf = (serial: string, other: Partial<Pick<Capture, "origin" | "purpose">> = {}) => ({
    key: { serial, scanRef: "1", startedAt: "2026-01-01T00:00:00Z" },
    origin: "MACHINE" as const,
    purpose: "OPERATIONAL" as const,
    ...other,
  });

  /** Feeds scans that wobble a little; returns the codes and figures told. */
  function feed(
    watch: MachineWatch,
    scans: number,
    change: Partial<ImageFigures & { quality: number }> = {},
    scan = scanOf("SN-1"),
  ): string[] {
    const { quality = 0.9, ...figures } = change;
    return Array.from({ length: scans }, (_, at) => {
      const all = { ...SOUND, ...figures };
      const wobbling = { ...all, noise: (all.noise ?? 0) * (1 + 0.02 * (at % 3)) };
      const analysis = { quality: quality + (at % 3) * 0.01, figures: wobbling } as Analysis;
      return watch.take(scan, analysis).map(({ code, details }) => `${code} ${details["figure"]}`);
    }).flat();
  }

  it.each([
    ["quality", { quality: 0.6 }],
    ["noise", { noise: 0.012 }],
    ["airShift", { airShift: -0.035 }],
    ["penetration", { penetration: 4.2 }],
    ["ratio", { ratio: 1.45 }],
    ["stripes", { stripes: 0.007 }],
  ])(
    "tells once that its %s has moved from the machine's own standard, and again after it had recovered",
    async (figure, change) => {
      const watch = await open();
      expect(feed(watch, STANDARD_SCANS)).toEqual([]);
      expect(feed(watch, 2 * RECENT_SCANS)).toEqual([]);
      const told = [`IMAGE_QUALITY_DRIFT ${figure}`];
      expect(feed(watch, 2 * RECENT_SCANS, change)).toEqual(told);
      expect(feed(watch, 2 * RECENT_SCANS)).toEqual([]);
      expect(feed(watch, 2 * RECENT_SCANS, change)).toEqual(told);
    },
  );

  it("is not moved by a few poor scans, by test images, or by figures that an image does not show", async () => {
    const watch = await open();
    feed(watch, STANDARD_SCANS);
    feed(watch, RECENT_SCANS);
    expect(feed(watch, 9, { quality: 0.2, noise: 0.1 })).toEqual([]);
    feed(watch, RECENT_SCANS);
    const others = [scanOf("SN-1", { origin: "SYNTHETIC" }), scanOf("SN-1", { purpose: "NON_OPERATIONAL" })];
    for (const scan of others) expect(feed(watch, RECENT_SCANS, { quality: 0.2 }, scan)).toEqual([]);
    expect(
      feed(watch, RECENT_SCANS, {
        noise: null,
        stripes: null,
        airShift: null,
        penetration: null,
        ratio: null,
      }),
    ).toEqual([]);
  });

  it("keeps the standard over a restart: a machine that has drifted is not its own standard", async () => {
    const first = await open();
    feed(first, STANDARD_SCANS + RECENT_SCANS);
    await first.stop();
    const second = await open();
    expect(feed(second, RECENT_SCANS, { noise: 0.02 })).toEqual(["IMAGE_QUALITY_DRIFT noise"]);
    expect(feed(second, RECENT_SCANS, { noise: 0.02 }, scanOf("SN-2"))).toEqual([]);
  });

  it("keeps a standard that is half learnt, and learns anew where the file was removed or is damaged", async () => {
    const first = await open();
    feed(first, STANDARD_SCANS - 5);
    await first.stop();
    const second = await open();
    feed(second, 5);
    expect(feed(second, RECENT_SCANS, { ratio: 1.6 })).toEqual(["IMAGE_QUALITY_DRIFT ratio"]);
    await second.stop();
    for (const damage of [() => rmSync(path), () => writeFileSync(path, "{")]) {
      damage();
      const third = await open();
      expect(feed(third, STANDARD_SCANS, { ratio: 1.6 })).toEqual([]);
      await third.stop();
      expect(existsSync(path)).toBe(true);
    }
  });

  it("remembers a bounded number of machines, those seen last", async () => {
    const watch = await open();
    for (let n = 0; n < MAX_MACHINES + 3; n++) feed(watch, 1, {}, scanOf(`SN-${n}`));
    await watch.stop();
    const { machines } = JSON.parse(readFileSync(path, "utf8")) as { machines: { machine: string }[] };
    expect(machines.map(({ machine }) => machine)).toEqual(
      Array.from({ length: MAX_MACHINES }, (_, n) => `SN-${n + 3} MACHINE`),
    );
  });

  it("tells at once of stripes and of air that no calibration explains, and of the limits of a profile", async () => {
    const watch = await open({ noise: 0.01, penetration: 4 });
    expect(feed(watch, 10)).toEqual([]);
    expect(feed(watch, 10, { stripes: 0.02 })).toEqual(["IMAGE_STRIPES stripes"]);
    expect(feed(watch, 10, { airShift: -0.07 })).toEqual(["IMAGE_LIMIT airShift"]);
    expect(feed(watch, 10, { noise: 0.015, penetration: 3 }).sort()).toEqual([
      "IMAGE_LIMIT noise",
      "IMAGE_LIMIT penetration",
    ]);
    expect(feed(watch, 10)).toEqual([]);
  });
});
