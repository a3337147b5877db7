import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeScan } from "../../device/image/decode.ts";
import { IMAGE_LIMITS } from "../../device/image/limits.ts";
import { inputOf } from "../../device/image/naming.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import {
  parcelPlane,
  planeOf,
  temporaryFolder,
  writeGrey16,
  writePngHeader,
  writeRgb,
  writeTiffHeader,
} from "../fixtures/image-files.ts";

const decode = (argument: string) => decodeScan(inputOf(argument, () => false));

/** Greys with `share` of the pixels of an object painted orange. */
function painted(width: number, height: number, share: number): Uint8Array {
  const rgb = new Uint8Array(width * height * 3).fill(120);
  for (let i = 0; i < width * height * share; i++) rgb.set([240, 150, 30], i * 3);
  return rgb;
}

describe("decoding images", () => {
  it.each(["png", "tif"])("keeps every 16-bit count of a %s", async (extension) => {
    await using folder = await temporaryFolder();
    const plane = planeOf(37, 23, (x, y) => (x * 2963 + y * 7919) % 65_536);
    const file = join(folder.path, `scan.${extension}`);
    await writeGrey16(file, plane, 37);
    const scan = await decode(file);
    expect(scan).toMatchObject({ kind: "single-energy", name: "scan", width: 37, height: 23, bits: 16 });
    expect(scan.single).toEqual(plane);
  });

  it("reads a pair named by its low and high plane, with the air level of its sidecar", async () => {
    await using folder = await temporaryFolder();
    const [low, high] = [join(folder.path, "bag.low.tif"), join(folder.path, "bag.high.tif")];
    await writeGrey16(low, parcelPlane(40, 30, 50_000, 0.3), 40);
    await writeGrey16(high, parcelPlane(40, 30, 50_000, 0.5), 40);
    await writeFile(join(folder.path, "bag.json"), '{"airLevel": 51000, "vendor": "anything"}');
    const scan = await decode(`${low},${high}`);
    expect(scan).toMatchObject({ kind: "dual-energy", name: "bag", bits: 16, sidecar: { airLevel: 51_000 } });
    expect(scan.low?.[15 * 40 + 20]).toBeLessThan(scan.high?.[15 * 40 + 20] ?? 0);
  });

  it.each(["png", "jpg"])(
    "tells pseudo-colour from grey by its pixels, not by its channels (%s)",
    async (extension) => {
      await using folder = await temporaryFolder();
      const [colour, grey, marked] = ["colour", "grey", "marked"].map((name) =>
        join(folder.path, `${name}.${extension}`),
      );
      await writeRgb(colour!, painted(64, 64, 0.4), 64);
      await writeRgb(grey!, painted(64, 64, 0), 64);
      await writeRgb(marked!, painted(64, 64, 0.03), 64);
      expect(await decode(colour!)).toMatchObject({ kind: "pseudo-colour", bits: 8, marked: false });
      expect(await decode(grey!)).toMatchObject({ kind: "single-energy", bits: 8, marked: false });
      expect(await decode(marked!)).toMatchObject({ kind: "single-energy", bits: 8, marked: true });
    },
  );

  it("stores 8-bit grey as counts of the full range", async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "grey.png");
    const grey = Uint8Array.from({ length: 256 }, (_, value) => value);
    await sharp(grey, { raw: { width: 16, height: 16, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toFile(file);
    const scan = await decode(file);
    expect(scan.single).toEqual(Uint16Array.from(grey, (value) => value * 257));
  });

  it("looks at content, not at the extension", async () => {
    await using folder = await temporaryFolder();
    const plane = parcelPlane(32, 32, 60_000, 0.5);
    await writeGrey16(join(folder.path, "real.png"), plane, 32);
    const misnamed = join(folder.path, "misnamed.tif");
    await writeFile(misnamed, await readFile(join(folder.path, "real.png")));
    expect((await decode(misnamed)).single).toEqual(plane);
  });
});

/** Each bad input: how it is made, and what is said of it. */
const BAD: readonly (readonly [string, string, (file: string) => Promise<void>])[] = [
  ["nothing.png", "LYN_IMAGE_SIZE", (file) => writeFile(file, "")],
  ["zero.png", "LYN_IMAGE_SIZE", (file) => writePngHeader(file, 0, 0)],
  ["zero-wide.png", "LYN_IMAGE_SIZE", (file) => writePngHeader(file, 0, 100)],
  ["absurd.png", "LYN_IMAGE_SIZE", (file) => writePngHeader(file, 100_000, 100_000)],
  ["absurd.tif", "LYN_IMAGE_SIZE", (file) => writeTiffHeader(file, 100_000, 100_000)],
  ["over-the-bound.png", "LYN_IMAGE_SIZE", (file) => writePngHeader(file, 8193, 8192)],
  ["zero.tif", "LYN_IMAGE_UNREADABLE", (file) => writeTiffHeader(file, 0, 0)],
  ["text.png", "LYN_IMAGE_FORMAT", (file) => writeFile(file, "this is not an image\n".repeat(100))],
  [
    "binary.tif",
    "LYN_IMAGE_FORMAT",
    (file) =>
      writeFile(
        file,
        Uint8Array.from({ length: 500 }, (_, i) => i * 7),
      ),
  ],
  ["object.dcs", "LYN_IMAGE_FORMAT", (file) => writeFile(file, `${"\0".repeat(128)}DICM\u0002\0`)],
  ["cut.tif", "LYN_IMAGE_UNREADABLE", (file) => cut(file, 0.5)],
  ["cut.png", "LYN_IMAGE_UNREADABLE", (file) => cut(file, 0.5)],
  ["cut.jpg", "LYN_IMAGE_UNREADABLE", (file) => cut(file, 0.5)],
  ["header-only.png", "LYN_IMAGE_UNREADABLE", (file) => cut(file, 0.002)],
  ["pages.tif", "LYN_IMAGE_UNREADABLE", twoPages],
  ["float.tif", "LYN_IMAGE_UNREADABLE", floatSamples],
];

async function cut(file: string, share: number): Promise<void> {
  const noise = planeOf(120, 90, (x, y) => (x * x * 31 + y * y * 17 + x * y * 7) % 65_536);
  if (file.endsWith(".jpg"))
    await writeRgb(
      file,
      Uint8Array.from({ length: 120 * 90 * 3 }, (_, i) => noise[i % noise.length]! >> 8),
      120,
    );
  else await writeGrey16(file, noise, 120);
  await truncate(file, Math.max(40, Math.floor((await readFile(file)).length * share)));
}

async function twoPages(file: string): Promise<void> {
  const stacked = Buffer.alloc(20 * 40, 90);
  await sharp(stacked, { raw: { width: 20, height: 40, channels: 1, pageHeight: 20 } })
    .tiff()
    .toFile(file);
}

async function floatSamples(file: string): Promise<void> {
  const image = sharp(new Uint8Array(400).fill(9), { raw: { width: 20, height: 20, channels: 1 } });
  await writeFile(file, await image.toColourspace("scrgb").tiff({ compression: "none" }).toBuffer());
}

describe("bad images", () => {
  it.each(BAD)("%s costs a typed error that names file, reason and remedy: %s", async (name, code, make) => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, name);
    await make(file);
    const error = await decode(file).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!isLynceusError(error)) throw new Error(`${name}: ${String(error)}`);
    expect(error.code).toBe(code);
    expect(error.message).toContain(file);
    expect(error.remedy.length).toBeGreaterThan(10);
  });

  it("a missing file is said to be missing", async () => {
    await expect(decode("/nowhere/at-all.png")).rejects.toMatchObject({ code: "LYN_PATH_MISSING" });
  });

  it("takes an image of exactly the largest size in its header, and refuses one pixel column more", async () => {
    await using folder = await temporaryFolder();
    const side = Math.sqrt(IMAGE_LIMITS.maxPixels);
    const file = join(folder.path, "largest.png");
    await writePngHeader(file, side, side);
    await expect(decode(file)).rejects.toMatchObject({ code: "LYN_IMAGE_UNREADABLE" });
    await writePngHeader(file, side + 1, side);
    await expect(decode(file)).rejects.toMatchObject({ code: "LYN_IMAGE_SIZE" });
  });

  it.each([
    ["sizes", 40, 41, "tif"],
    ["kinds", 40, 40, "jpg"],
  ])("a pair of different %s is refused", async (_, lowWidth, highWidth, extension) => {
    await using folder = await temporaryFolder();
    const [low, high] = [join(folder.path, "a.low.tif"), join(folder.path, `a.high.${extension}`)];
    await writeGrey16(low, parcelPlane(lowWidth, 30, 50_000, 0.3), lowWidth);
    if (extension === "jpg") await writeRgb(high, painted(highWidth, 30, 0.5), highWidth);
    else await writeGrey16(high, parcelPlane(highWidth, 30, 50_000, 0.3), highWidth);
    const error = await decode(`${low},${high}`).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "LYN_IMAGE_PAIR" });
    expect(String(error)).toContain(high);
  });

  it("half of a pair says which half is missing", async () => {
    const input = { name: "a", files: ["/scans/a.low.tif", null] as const, sidecar: "/scans/a.json" };
    await expect(decodeScan(input)).rejects.toMatchObject({
      code: "LYN_IMAGE_PAIR",
      message: /no high-energy plane/,
    });
  });

  it.each(["not json", '{"airLevel": "bright"}', '{"airLevel": 0}', '{"airLevel": 70000}'])(
    "a sidecar that cannot be used is never silently dropped: %s",
    async (sidecar) => {
      await using folder = await temporaryFolder();
      await writeGrey16(join(folder.path, "a.png"), parcelPlane(32, 32, 50_000, 0.5), 32);
      await writeFile(join(folder.path, "a.json"), sidecar);
      await expect(decode(join(folder.path, "a.png"))).rejects.toMatchObject({ code: "LYN_IMAGE_SIDECAR" });
    },
  );

  it("bounds the size of a sidecar", async () => {
    await using folder = await temporaryFolder();
    await writeGrey16(join(folder.path, "a.png"), parcelPlane(32, 32, 50_000, 0.5), 32);
    await writeFile(
      join(folder.path, "a.json"),
      JSON.stringify({ note: "x".repeat(IMAGE_LIMITS.maxSidecarBytes) }),
    );
    await expect(decode(join(folder.path, "a.png"))).rejects.toMatchObject({ code: "LYN_IMAGE_SIDECAR" });
  });
});
