import { describe, expect, it } from "vitest";
import { pseudoColour } from "../../device/image/pseudo-colour.ts";
import { judgeQuality, type QualityInput } from "../../device/image/quality.ts";
import { Random } from "../../simulator/random.ts";
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
    expect(judge()).toEqual({ quality: 1, usable: true, subject: "item", problems: [] });
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
    const block = planeOf(128, 96, (x, y) =>
      inside(x, y, 40, 24, 32) ? 100 : inside(x, y, 24, 16, 64) ? 30_000 : AIR,
    );
    const verdict = judge({ low: block, high: block });
    expect(codes(verdict)).toEqual(["OPAQUE_REGION"]);
    expect(verdict.problems[0]?.text).toMatch(/^25 %/);
    const goods = parcelPlane(128, 96, AIR, 0.5);
    const pepper = planeOf(128, 96, (x, y) => ((x + y * 3) % 29 === 0 ? 0 : goods[y * 128 + x]!));
    const low = parcelPlane(128, 96, AIR, 0.4);
    expect(codes(judge({ low, high: pepper }))).not.toContain("OPAQUE_REGION");
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
    const [width, height] = [128, 96];
    const planes = { low: parcelPlane(width, height, AIR, 0.3), high: parcelPlane(width, height, AIR, 0.5) };
    const rgb = pseudoColour({ width, height, airLevel: AIR, ...planes });
    const air = { estimated: false, doubtful: false, inverted: false, noise: 0 };
    const verdict = judgeQuality({ width, height, airLevel: 255, rgb, air, bits: 8, marked: false });
    expect(verdict).toEqual({ quality: 0.6, usable: true, subject: "item", problems: [] });
  });

  it("refuses what is no X-ray image, is turned round, clipped, or the same plane twice", () => {
    const low = grainy(0.3);
    const high = grainy(0.5);
    expect(judge({ low, high })).toMatchObject({ usable: true, subject: "item" });
    const inverted = (plane: Uint16Array) => plane.map((count) => 65_535 - count);
    const clip = (from: number, to: number) => (plane: Uint16Array) => {
      return plane.map((count) => Math.min(to, Math.max(from, count)));
    };
    const refusals: readonly [RegExp, Partial<QualityInput>][] = [
      [/inverted|does not look like/, { low: inverted(low), high: inverted(high) }],
      [/clipped at its bright end/, { low: clip(0, 40_000)(low), high: clip(0, 40_000)(high) }],
      [/clipped at its dark end/, { low: clip(33_000, 65_535)(low), high: clip(33_000, 65_535)(high) }],
      [/same image/, { low: high, high }],
    ];
    for (const [text, planes] of refusals) {
      const verdict = judge(planes);
      expect(verdict).toMatchObject({ quality: 0, usable: false, subject: "none" });
      expect(verdict.problems).toEqual([{ code: "IMAGE_QUALITY", text: expect.stringMatching(text) }]);
    }
  });

  it("leaves thick metal at the dark end of the scale alone", () => {
    const metal = (plane: Uint16Array) =>
      plane.map((count, i) => (inside(i % 128, i >> 7, 50, 40, 20) ? 0 : count));
    const verdict = judge({ low: metal(grainy(0.3)), high: metal(grainy(0.5)) });
    expect(verdict).toMatchObject({ usable: true, subject: "item" });
  });
});

function inside(x: number, y: number, left: number, top: number, side: number): boolean {
  return x >= left && x < left + side && y >= top && y < top + side;
}

/** A parcel as a detector sees it: every value with noise on it. */
function grainy(through: number): Uint16Array {
  const random = new Random(5, `grain ${through}`);
  return parcelPlane(128, 96, AIR, through).map((count) => count + Math.round(120 * random.normal()));
}
