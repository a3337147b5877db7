import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compareAir, estimateAir, invert, rescale } from "../../device/image/air.ts";
import { decodeScan } from "../../device/image/decode.ts";
import { groupImages } from "../../device/image/naming.ts";
import { parcelPlane, planeOf } from "../fixtures/image-files.ts";
import { sharedPath } from "../fixtures/project.ts";

/** Hash noise without a generator: −1 … 1. */
const noise = (x: number, y: number) => (((x * 73_856_093) ^ (y * 19_349_663)) % 1000) / 1000;

describe("air level", () => {
  it("is the level of the air, whatever else is in the plane", () => {
    for (const air of [800, 20_000, 52_000, 54_500, 65_535]) {
      const plane = parcelPlane(200, 150, air - 5, 0.2);
      const estimate = estimateAir(plane, 200);
      expect(Math.abs(estimate.level / air - 1)).toBeLessThan(0.01);
      expect(estimate).toMatchObject({ doubtful: false, inverted: false });
    }
  });

  it("is not drawn up by overshoot at edges, nor by dead or saturated pixels", () => {
    const plane = planeOf(300, 200, (x, y) => {
      if (x < 6) return 54_000 + 300 * noise(x, y);
      if ((x * 131 + y * 17) % 997 === 0) return 65_535;
      if (x > 60 && x < 280 && y > 10 && y < 190) return 20_000 + 12_000 * noise(x, y);
      return 49_700 + 250 * noise(x, y);
    });
    expect(Math.abs(estimateAir(plane, 300).level - 49_700)).toBeLessThan(300);
  });

  it("measures the noise in air", () => {
    const noisy = planeOf(200, 200, (x, y) => 50_000 + 866 * noise(x, y));
    expect(estimateAir(noisy, 200).noise).toBeGreaterThan(0.003);
    expect(estimateAir(noisy, 200).noise).toBeLessThan(0.02);
    expect(
      estimateAir(
        planeOf(200, 200, () => 50_000),
        200,
      ).noise,
    ).toBeLessThan(1e-6);
  });

  it("says when no air can be seen", () => {
    const gradient = planeOf(300, 200, (x, y) => 5000 + 100 * x + 60 * y);
    expect(estimateAir(gradient, 300).doubtful).toBe(true);
  });

  it("turns an inverted plane round, and leaves dark cargo as it is", () => {
    const inside = (x: number, y: number) => x > 50 && x < 150 && y > 40 && y < 110;
    const parcel = planeOf(
      200,
      150,
      (x, y) => 52_000 * (inside(x, y) ? 0.2 + 0.005 * x : 1) + 90 * noise(x, y),
    );
    const inverted = invert(parcel);
    const estimate = estimateAir(inverted, 200);
    expect(estimate.inverted).toBe(true);
    expect(Math.abs(estimate.level / 52_000 - 1)).toBeLessThan(0.01);
    const cargo = planeOf(200, 150, (x, y) => (y < 15 ? 64_000 : x % 40 < 4 ? 30_000 : 900));
    expect(estimateAir(cargo, 200).inverted).toBe(false);
  });

  it("compares a plane with the level stated for it", () => {
    const plane = parcelPlane(200, 150, 52_000, 0.2);
    expect(compareAir(plane, 200, 52_000).brighter).toBe(false);
    expect(compareAir(plane, 200, 52_000).noise).toBeGreaterThan(0);
    expect(compareAir(plane, 200, 40_000)).toEqual({ noise: 0, brighter: true });
  });

  it("scales a plane without running over", () => {
    expect(rescale(Uint16Array.of(0, 100, 60_000), 1.5)).toEqual(Uint16Array.of(0, 150, 65_535));
  });

  it("finds the air of real dual-energy scans, both planes alike", { timeout: 120_000 }, async () => {
    const folder = sharedPath("data", "dual-energy");
    if (folder === null) return;
    for (const input of groupImages(folder, readdirSync(folder))) {
      const { low, high, width } = await decodeScan(input);
      if (!low || !high) throw new Error(`${input.name} is no pair`);
      const [one, other] = [estimateAir(low, width), estimateAir(high, width)];
      for (const { level, inverted } of [one, other]) {
        expect(level, input.name).toBeGreaterThan(48_000);
        expect(level, input.name).toBeLessThan(55_000);
        expect(inverted, input.name).toBe(false);
      }
      expect(Math.abs(one.level / other.level - 1), input.name).toBeLessThan(0.03);
    }
  });
});
