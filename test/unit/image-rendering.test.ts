import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { type Mark, selectMarks } from "../../device/image/marks.ts";
import { pseudoColour } from "../../device/image/pseudo-colour.ts";
import { renderView } from "../../device/image/render.ts";
import { planeOf } from "../fixtures/image-files.ts";

const AIR = 60_000;

/** A uniform sheet of 20 × 20 pixels with these transmissions. */
function sheet(low: number, high: number) {
  const of = (transmission: number) => planeOf(20, 20, () => Math.round(AIR * transmission));
  return { width: 20, height: 20, airLevel: AIR, low: of(low), high: of(high) };
}

function colourOf(low: number, high: number): readonly [number, number, number] {
  const rgb = pseudoColour(sheet(low, high));
  const at = (10 * 20 + 10) * 3;
  return [rgb[at]!, rgb[at + 1]!, rgb[at + 2]!];
}

/** Attenuations `ratio` × and 1 × `depth`. */
const material = (ratio: number, depth: number) => colourOf(Math.exp(-ratio * depth), Math.exp(-depth));

describe("the usual pseudo-colours", () => {
  it("shows light elements orange, mixed green, metals blue", () => {
    const [r, g, b] = material(1.25, 0.7);
    expect(r).toBeGreaterThan(g);
    expect(g).toBeGreaterThan(b + 40);
    const mixed = material(1.52, 0.5);
    expect(mixed[1]).toBeGreaterThan(mixed[0] + 40);
    expect(mixed[1]).toBeGreaterThan(mixed[2] + 40);
    for (const depth of [0.3, 1, 2]) {
      const metal = material(2, depth);
      expect(metal[2]).toBeGreaterThan(metal[0] + 40);
      expect(metal[2]).toBeGreaterThan(metal[1] + 40);
    }
  });

  it("shows air white, opaque black, and more of a material darker", () => {
    expect(colourOf(1, 1)).toEqual([255, 255, 255]);
    expect(Math.max(...colourOf(0, 0))).toBeLessThan(20);
    const brightness = [0.2, 0.5, 1, 2, 3].map((depth) =>
      material(1.3, depth).reduce((sum, value) => sum + value, 0),
    );
    expect(brightness).toEqual(brightness.toSorted((a, b) => b - a));
  });

  it("shows a single energy grey and a pseudo-colour image as it came", () => {
    const single = planeOf(4, 4, (x) => (x * AIR) / 3);
    const grey = pseudoColour({ width: 4, height: 4, airLevel: AIR, single });
    for (let i = 0; i < grey.length; i += 3) expect(new Set(grey.subarray(i, i + 3)).size).toBe(1);
    const eightBit = Uint16Array.from({ length: 16 }, (_, i) => i * 17 * 257);
    const shown = pseudoColour({ width: 4, height: 4, airLevel: 40_000, single: eightBit });
    expect(shown.filter((_, i) => i % 3 === 0)).toEqual(Uint8Array.from({ length: 16 }, (_, i) => i * 17));
    const rgb = Uint8Array.from({ length: 48 }, (_, i) => i * 5);
    expect(pseudoColour({ width: 4, height: 4, airLevel: 255, rgb })).toEqual(rgb);
  });
});

const mark = (more: Partial<Mark> = {}): Mark => ({
  class: "blade",
  score: 0.87,
  threshold: 0.5,
  alarm: true,
  x: 40,
  y: 60,
  width: 50,
  height: 30,
  ...more,
});

async function rendered(width: number, height: number, marks: readonly Mark[]) {
  const of = () => planeOf(width, height, () => AIR);
  const png = await renderView({ width, height, airLevel: AIR, low: of(), high: of() }, marks);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  return {
    info,
    at: (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)],
  };
}

describe("a rendering", () => {
  it("has the size of the plane, a box around the object and nothing inside of it", async () => {
    const { info, at } = await rendered(200, 160, [mark()]);
    expect(info).toMatchObject({ width: 200, height: 160, channels: 3 });
    expect(at(39, 70)).toEqual([214, 0, 28]);
    expect(at(90, 70)).toEqual([214, 0, 28]);
    expect(at(60, 90)).toEqual([214, 0, 28]);
    expect(at(65, 75)).toEqual([255, 255, 255]);
    expect(at(150, 120)).toEqual([255, 255, 255]);
  });

  it("writes class and score on a plate above the box, without a font of the system", async () => {
    const { at } = await rendered(200, 160, [mark()]);
    const plate = Array.from({ length: 60 }, (_, x) => at(40 + x, 52));
    expect(plate.filter((pixel) => pixel.join() === "214,0,28").length).toBeGreaterThan(20);
    expect(plate.filter((pixel) => pixel.join() === "255,255,255").length).toBeGreaterThan(5);
  });

  it("keeps boxes at the edge visible and labels inside, however small the picture", async () => {
    const { at } = await rendered(200, 160, [mark({ x: 0, y: 0, width: 200, height: 160 })]);
    expect(at(0, 80)).toEqual([214, 0, 28]);
    expect(at(199, 80)).toEqual([214, 0, 28]);
    for (const [width, height] of [
      [1, 1],
      [17, 300],
      [64, 20],
    ] as const) {
      const long = mark({ class: "radioactive-shielding", x: 0, y: 0, width, height });
      expect((await rendered(width, height, [long, mark()])).info).toMatchObject({ width, height });
    }
  });

  it("marks every alarm and only the best of what nearly is one", () => {
    const faint = mark({ alarm: false, score: 0.29 });
    const near = Array.from({ length: 30 }, (_, i) =>
      mark({ alarm: false, score: 0.31 + i / 1000, x: i * 60 }),
    );
    const alarms = Array.from({ length: 30 }, (_, i) => mark({ y: 200, x: i * 60 }));
    const chosen = selectMarks([faint, ...near, ...alarms]);
    expect(chosen.filter((one) => one.alarm)).toHaveLength(20);
    expect(chosen.filter((one) => !one.alarm)).toHaveLength(6);
    expect(chosen).not.toContain(faint);
    expect(selectMarks([mark({ score: 0.6 }), mark({ x: 45 }), mark({ class: "firearm" })])).toHaveLength(2);
  });
});
