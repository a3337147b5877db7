import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../device/config/load.ts";
import { ProfiledImages } from "../../device/profile/in-memory.ts";
import { MAX_PROFILE_BYTES, readProfile } from "../../device/profile/load.ts";
import { recolour, USUAL_HUES } from "../../device/profile/palette.ts";
import { crop, mapped, orient, type Raster, resample, sampleTable } from "../../device/profile/raster.ts";
import { scannerProfileSchema } from "../../device/profile/schema.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { projectFiles, ROOT } from "../fixtures/project.ts";

const folder = mkdtempSync(join(tmpdir(), "lynceus-profile-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MINIMAL = { schema: "lynceus-scanner/1", machine: { vendor: "V", model: "M" } };

function written(profile: unknown, name = "profile.json"): string {
  const file = join(folder, name);
  writeFileSync(file, typeof profile === "string" ? profile : JSON.stringify(profile));
  return file;
}

async function faultsOf(profile: unknown): Promise<string> {
  const error = await readProfile(written(profile)).then(
    () => null,
    (cause: unknown) => cause,
  );
  if (!(error instanceof LynceusError)) throw new Error("no fault");
  expect(error.code).toBe("LYN_SCANNER_PROFILE");
  expect(error.remedy).toMatch(/README/);
  return error.message;
}

describe("a scanner profile", () => {
  it("is valid in each example that comes with the project", async () => {
    const examples = projectFiles("device/profile/examples", ".json");
    expect(examples.length).toBeGreaterThanOrEqual(3);
    for (const example of examples) await readProfile(join(ROOT, example));
  });

  it("says nothing where it names the machine alone", async () => {
    const { profile } = await readProfile(written(MINIMAL));
    expect(profile.views).toEqual([]);
    expect(profile.quirks).toEqual({
      exchangedEnergies: false,
      inverted: false,
      fullScale: 65_535,
      crop: { left: 0, right: 0, top: 0, bottom: 0 },
    });
  });

  it("names every fault with its key, what was found and what is allowed", async () => {
    const view = { view: 0, pixelPitchMm: { x: "1", y: 1 }, orientaton: { turn: 90 } };
    const text = await faultsOf({ ...MINIMAL, views: [view], kVp: 5, quirks: { fullScale: 4095.5 } });
    expect(text).toContain('views[0].pixelPitchMm.x: found: "1"; allowed: number');
    expect(text).toContain('views[0].orientaton: unknown key "orientaton"; did you mean "orientation"?');
    expect(text).toContain("kVp: found: 5; allowed: at least 20");
    expect(text).toMatch(/quirks\.fullScale: found: 4095\.5; allowed: int/);
  });

  it("refuses what contradicts itself, what is no JSON, too large, or not there", async () => {
    const frames = { low: { dark: "d.png", air: "a.png" } };
    expect(await faultsOf({ ...MINIMAL, views: [{ view: 0 }, { view: 0 }] })).toMatch(
      /views whose numbers differ/,
    );
    expect(await faultsOf({ ...MINIMAL, views: [{ view: 0, frames }] })).toMatch(/frames only beside `raw`/);
    expect(await faultsOf({ ...MINIMAL, raw: {} })).toMatch(/raw counts only with the frames/);
    expect(await faultsOf({ ...MINIMAL, views: [{ view: 0, pitchAt: "detector" }] })).toMatch(/a geometry/);
    expect(await faultsOf("{")).toMatch(/not JSON/);
    expect(await faultsOf(" ".repeat(MAX_PROFILE_BYTES + 1))).toMatch(/at most 262144 are read/);
    await expect(readProfile(join(folder, "none.json"))).rejects.toThrow(/ENOENT/);
  });

  it("is checked with the configuration that names it, by its path from there", async () => {
    const config = (profile: string) =>
      `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1883" }
spool: { path: spool }
lanes:
  - { id: lane-1, scanner: { driver: folder, path: in, profile: ${profile} } }
`;
    writeFileSync(join(folder, "lynceus.yaml"), config("good.json"));
    written(MINIMAL, "good.json");
    const { lanes } = await loadConfig(join(folder, "lynceus.yaml"));
    expect(lanes[0]?.scanner).toMatchObject({ profile: join(folder, "good.json") });
    writeFileSync(join(folder, "lynceus.yaml"), config("bad.json"));
    written({ ...MINIMAL, airLevel: 0 }, "bad.json");
    await expect(loadConfig(join(folder, "lynceus.yaml"))).rejects.toThrow(
      /lanes\[0\]\.scanner\.profile airLevel: found: 0/,
    );
    writeFileSync(join(folder, "lynceus.yaml"), config("none.json"));
    await expect(loadConfig(join(folder, "lynceus.yaml"))).rejects.toThrow(
      /lanes\[0\]\.scanner\.profile: .*ENOENT/,
    );
  });

  it("is described key by key in its README", () => {
    const readme = readFileSync(join(ROOT, "device/profile/README.md"), "utf8");
    const { shape } = scannerProfileSchema;
    const keys = [
      ...Object.keys(shape),
      ...Object.keys(shape.views.unwrap().element.shape),
      ...Object.keys(shape.quirks.unwrap().shape),
      ...Object.keys(shape.limits.unwrap().shape),
    ];
    expect(keys.length).toBeGreaterThan(25);
    for (const key of keys) expect(readme).toContain(key);
  });
});

describe("a plane in the form of its profile", () => {
  const plane: Raster = { width: 3, height: 2, channels: 1, data: Uint16Array.of(1, 2, 3, 4, 5, 6) };
  const rows = ({ width, data }: Raster) =>
    Array.from({ length: data.length / width }, (_, y) => [...data.subarray(y * width, (y + 1) * width)]);

  it("is turned clockwise, then mirrored", async () => {
    const turned = async (turn: 0 | 90 | 180 | 270, mirror = false) =>
      rows(await orient(plane, { turn, mirror }));
    expect(await turned(0)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(await turned(90)).toEqual([
      [4, 1],
      [5, 2],
      [6, 3],
    ]);
    expect(await turned(180)).toEqual([
      [6, 5, 4],
      [3, 2, 1],
    ]);
    expect(await turned(270)).toEqual([
      [3, 6],
      [2, 5],
      [1, 4],
    ]);
    expect(await turned(0, true)).toEqual([
      [3, 2, 1],
      [6, 5, 4],
    ]);
    expect(await turned(90, true)).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
  });

  it("loses its edges, and keeps a pixel whatever is cut", async () => {
    expect(rows(await crop(plane, { left: 1, right: 0, top: 1, bottom: 0 }))).toEqual([[5, 6]]);
    const all = await crop(plane, { left: 9, right: 9, top: 9, bottom: 9 });
    expect([all.width, all.height]).toEqual([1, 1]);
  });

  it("keeps its mean when its pixels get larger or smaller", async () => {
    const data = Uint16Array.from(
      { length: 60 * 40 },
      (_, at) => 1000 + ((at % 60) * 500 + Math.floor(at / 60) * 300),
    );
    const wide: Raster = { width: 60, height: 40, channels: 1, data };
    const mean = ({ data: samples }: Raster) =>
      [...samples].reduce((sum, value) => sum + value, 0) / samples.length;
    for (const factor of [
      { x: 0.5, y: 0.25 },
      { x: 0.7, y: 0.9 },
      { x: 2, y: 1.5 },
    ]) {
      const other = await resample(wide, factor);
      expect([other.width, other.height]).toEqual([Math.round(60 * factor.x), Math.round(40 * factor.y)]);
      expect(Math.abs(mean(other) / mean(wide) - 1)).toBeLessThan(0.01);
    }
    expect(rows(await resample(plane, { x: 1 / 3, y: 1 }))).toEqual([[2], [5]]);
  });

  it("is not made larger than a plane may be", async () => {
    expect(await resample(plane, { x: 10_000, y: 10_000 })).toBe(plane);
  });

  it("fills sixteen bits whatever its detector has, and is bright where air is", async () => {
    const samples: Raster = { width: 3, height: 1, channels: 1, data: Uint16Array.of(0, 2048, 4095) };
    const scaled = await mapped(samples, sampleTable({ fullScale: 4095, inverted: false }));
    expect([...scaled.data]).toEqual([0, 32_776, 65_535]);
    const turned = await mapped(samples, sampleTable({ fullScale: 4095, inverted: true }));
    expect([...turned.data]).toEqual([65_535, 32_759, 0]);
  });

  it("shows materials in the usual hues, air white", async () => {
    const colour = (hue: number) => {
      const share = (at: number) => {
        const place = (hue - at + 360) % 360;
        return Math.round(255 * Math.min(1, Math.max(0, 2 - Math.min(place, 360 - place) / 60)));
      };
      return [share(0), share(120), share(240)];
    };
    const palette = { organic: 48, mixed: 140, metal: 260, air: "white" } as const;
    const data = Uint8Array.from([...colour(48), ...colour(140), ...colour(260), 255, 255, 255]);
    const out = await recolour({ width: 4, height: 1, channels: 3, data }, palette);
    const near = (at: number, hue: number) =>
      colour(hue).forEach((value, channel) => {
        expect(Math.abs((out.data[at * 3 + channel] ?? 0) - value)).toBeLessThan(6);
      });
    near(0, USUAL_HUES.organic);
    near(1, USUAL_HUES.mixed);
    near(2, USUAL_HUES.metal);
    expect([...out.data.subarray(9)]).toEqual([255, 255, 255]);
    const black = await recolour(
      { width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 0, 0, 255, 255, 255) },
      { ...palette, air: "black" },
    );
    expect([...black.data]).toEqual([255, 255, 255, 0, 0, 0]);
  });
});

describe("a scan of image files by a scanner profile", () => {
  const scan = {
    kind: "dual-energy",
    views: [
      {
        view: 0,
        width: 2,
        height: 1,
        pixelPitchMm: { x: 2, y: 1 },
        low: Uint16Array.of(1, 2),
        high: Uint16Array.of(3, 4),
      },
    ],
    airLevel: 60_000,
    marked: false,
  } as const;
  const view = {
    view: 0,
    name: "image",
    width: 2,
    height: 1,
    pixelPitchMm: { x: 2, y: 1 },
    energies: [0, 1],
  } as const;
  const apply = async (profile: object) =>
    new ProfiledImages(await readProfile(written({ ...MINIMAL, ...profile }))).apply(scan, [view], 0);

  it("is turned, and has its energies exchanged, as on a lane", async () => {
    const turned = await apply({
      views: [{ view: 0, name: "side", orientation: { turn: 90 } }],
      airLevel: 50_000,
      quirks: { exchangedEnergies: true },
    });
    expect(turned.scan).toEqual({
      ...scan,
      airLevel: 50_000,
      views: [
        {
          view: 0,
          width: 1,
          height: 2,
          pixelPitchMm: { x: 1, y: 2 },
          low: Uint16Array.of(3, 4),
          high: Uint16Array.of(1, 2),
        },
      ],
    });
    expect(turned.views).toEqual([
      { ...view, name: "side", width: 1, height: 2, pixelPitchMm: { x: 1, y: 2 } },
    ]);
    expect(turned.warnings).toEqual([]);
    const exchanged = await apply({ quirks: { exchangedEnergies: true } });
    expect(exchanged.scan.views[0]).toMatchObject({ low: Uint16Array.of(3, 4), high: Uint16Array.of(1, 2) });
  });

  it("says where it is of another machine, and stays as it came without the frames of its raw counts", async () => {
    const frames = { low: { dark: "none.png", air: "none.png" } };
    const other = await apply({ views: [{ view: 0, detectorPixels: 512, frames }], raw: {} });
    expect(other.warnings).toEqual([
      expect.stringContaining("none of them 512"),
      expect.stringContaining("none.png"),
    ]);
    expect(other.scan).toEqual({ ...scan, airLevel: null });
  });
});
