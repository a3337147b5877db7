import { createHash } from "node:crypto";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { digestPng, encodePng } from "../../device/inference/png16.ts";
import { planeOf } from "../fixtures/image-files.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("the PNG whose digest is evidence", () => {
  it.each([
    [1, 1],
    [7, 5],
    [384, 512],
    [5000, 3],
    [3, 33_000],
  ])("holds every 16-bit sample of %i × %i pixels", async (width, height) => {
    const grey16 = planeOf(width, height, (x, y) => (x * 2963 + y * 7919) % 65_536);
    const png = encodePng({ width, height, grey16 });
    const { data, info } = await sharp(png)
      .toColourspace("grey16")
      .raw({ depth: "ushort" })
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width, height, channels: 1 });
    expect(new Uint16Array(data.buffer, data.byteOffset, data.length / 2)).toEqual(grey16);
  });

  it("holds every byte of a colour plane", async () => {
    const rgb8 = Uint8Array.from({ length: 30 * 20 * 3 }, (_, i) => (i * 37) % 256);
    const { data } = await sharp(encodePng({ width: 30, height: 20, rgb8 }))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(Uint8Array.from(data)).toEqual(rgb8);
  });

  it("never changes: these digests are in hits that were already sent", () => {
    const grey16 = planeOf(300, 200, (x, y) => (x * 2963 + y * 7919) % 65_536);
    expect(sha256(encodePng({ width: 300, height: 200, grey16 }))).toBe(
      "064d9dda5bd94e70d33c3da5e62507a69f2bd44075823e77dadeb579d037cc26",
    );
    const rgb8 = Uint8Array.from({ length: 300 * 200 * 3 }, (_, i) => (i * 37) % 256);
    expect(sha256(encodePng({ width: 300, height: 200, rgb8 }))).toBe(
      "d08f29ab74b85519fac59763a1e040f592cec3f0c6ded21b00e2c4fa68d9be6f",
    );
  });

  it.each([
    [1, 1],
    [384, 512],
    [5000, 40],
    [3, 33_000],
  ])("has the digest and size that are made without holding it, %i × %i", (width, height) => {
    const grey16 = planeOf(width, height, (x, y) => (x * 2963 + y * 7919) % 65_536);
    const rgb8 = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 256);
    for (const plane of [
      { width, height, grey16 },
      { width, height, rgb8 },
    ]) {
      const png = encodePng(plane);
      expect(digestPng(plane)).toEqual({ sha256: sha256(png), bytes: png.length });
    }
  });

  it("leaves the plane as it was", () => {
    const grey16 = Uint16Array.of(1, 2, 3, 4);
    encodePng({ width: 2, height: 2, grey16 });
    expect(grey16).toEqual(Uint16Array.of(1, 2, 3, 4));
  });
});
