import { describe, expect, it } from "vitest";
import { judgeQuality, type QualityInput } from "../../device/image/quality.ts";
import { parcelPlane, planeOf } from "../fixtures/image-files.ts";

const AIR = 60_000;

function judge(more: Partial<QualityInput> = {}) {
  return judgeQuality({
    width: 128,
    height: 96,
    airLevel: AIR,
    low: parcelPlane(128, 96, AIR, 0.3),
    high: parcelPlane(128, 96, AIR, 0.5),
    air: { estimated: false, doubtful: false, inverted: false, noise: 0.005 },
    bits: 16,
    marked: false,
    ...more,
  });
}

const codes = (verdict: ReturnType<typeof judge>) => verdict.problems.map((problem) => problem.code);

describe("image quality", () => {
  it("is full for a calibrated 16-bit scan, and less for each thing that is not known", () => {
    expect(judge()).toEqual({ quality: 1, usable: true, problems: [] });
    const air = { estimated: true, doubtful: false, inverted: false, noise: 0.005 };
    expect(judge({ air }).quality).toBeLessThan(1);
    expect(judge({ air, bits: 8 }).quality).toBeLessThan(judge({ air }).quality);
    expect(judge({ air: { ...air, doubtful: true } }).problems[0]?.text).toMatch(/No air is visible/);
    expect(judge({ air: { ...air, inverted: true } }).problems[0]?.text).toMatch(/inverted/);
    expect(judge({ air: { ...air, noise: 0.06 } }).problems[0]?.text).toMatch(/6\.0 % in air/);
    expect(judge({ marked: true }).problems[0]?.text).toMatch(/marks/);
  });

  it("says that planes seem exchanged", () => {
    const { low, high } = { low: parcelPlane(128, 96, AIR, 0.5), high: parcelPlane(128, 96, AIR, 0.3) };
    expect(judge({ low, high }).problems[0]?.text).toMatch(/exchanged/);
  });

  it("says a calibration of another day does not fit", () => {
    const air = { estimated: false, doubtful: true, inverted: false, noise: 0 };
    expect(judge({ air }).problems[0]?.text).toMatch(/another calibration/);
  });

  it("names opaque parts with their share, single dark pixels not", () => {
    const block = planeOf(128, 96, (x, y) => (x < 32 && y < 32 ? 100 : x < 64 ? 30_000 : AIR));
    const verdict = judge({ low: block, high: block });
    expect(codes(verdict)).toEqual(["OPAQUE_REGION"]);
    expect(verdict.problems[0]?.text).toMatch(/^17 %/);
    const pepper = planeOf(128, 96, (x, y) => ((x + y * 3) % 29 === 0 ? 0 : 30_000));
    expect(codes(judge({ low: pepper, high: pepper }))).toEqual([]);
  });

  it.each([
    ["blank", { low: planeOf(128, 96, () => 7), high: planeOf(128, 96, () => 7) }],
    ["dark", { low: planeOf(128, 96, (x) => x % 5), high: planeOf(128, 96, (x) => x % 5) }],
    ["too small", { width: 8, height: 8, low: planeOf(8, 8, (x) => x), high: planeOf(8, 8, (x) => x) }],
  ])("shows no model an image in which nothing can be seen: %s", (_, planes) => {
    const verdict = judge(planes);
    expect(verdict).toMatchObject({ quality: 0, usable: false });
    expect(codes(verdict)).toEqual(["IMAGE_QUALITY"]);
  });

  it("never trusts a pseudo-colour image in full", () => {
    const { low: _low, high: _high, ...rest } = { low: undefined, high: undefined, width: 32, height: 32 };
    const rgb = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => i % 251);
    const air = { estimated: false, doubtful: false, inverted: false, noise: 0 };
    const verdict = judgeQuality({ ...rest, airLevel: 255, rgb, air, bits: 8, marked: false });
    expect(verdict).toEqual({ quality: 0.6, usable: true, problems: [] });
  });
});
