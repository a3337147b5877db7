import { describe, expect, it } from "vitest";
import { calibrate, correct, isStale } from "../../device/profile/calibration.ts";
import { Dice } from "../fixtures/mutate.ts";

const PIXELS = 64;
const LINES = 40;
const AIR_LEVEL = 60_000;

/** A detector with a dark offset and a gain of each pixel's own, brighter in the middle. */
const dark = Float64Array.from({ length: PIXELS }, (_, at) => 800 + (at % 7) * 40);
const span = Float64Array.from(
  { length: PIXELS },
  (_, at) => 40_000 - 300 * Math.abs(at - 32) - (at % 5) * 500,
);
const DEAD = [10, 11, 40];

function frame(
  transmission: (pixel: number) => number,
  lines: number,
  noise: number,
  dice: Dice,
): Uint16Array {
  return Uint16Array.from({ length: lines * PIXELS }, (_, at) => {
    const pixel = at % PIXELS;
    if (pixel === 40) return dice.below(60_000); // flickers
    const gain = DEAD.includes(pixel) ? 0.02 : 1;
    const wobble = (dice.below(2001) - 1000) / 1000;
    return Math.round((dark[pixel] ?? 0) + gain * (span[pixel] ?? 0) * transmission(pixel) + wobble * noise);
  });
}

const dice = new Dice(21);
const calibration = calibrate({
  pixels: PIXELS,
  dark: { samples: frame(() => 0, LINES, 20, dice), at: 1_000 },
  air: { samples: frame(() => 1, LINES, 200, dice), at: 5_000 },
});

describe("calibration of raw counts", () => {
  it("finds the pixels that do not answer and those that flicker", () => {
    expect(calibration.dead).toEqual(DEAD);
    expect(calibration.noise).toBeGreaterThan(0.001);
    expect(calibration.noise).toBeLessThan(0.01);
  });

  it("gives the air level in air, the transmission behind goods, and bridges dead pixels", () => {
    const air = correct(
      frame(() => 1, 4, 0, dice),
      calibration,
      AIR_LEVEL,
    );
    for (const count of air) expect(Math.abs(count - AIR_LEVEL)).toBeLessThan(0.01 * AIR_LEVEL);
    const step = (pixel: number) => (pixel < 32 ? 0.5 : 0.1);
    const goods = correct(frame(step, 2, 0, dice), calibration, AIR_LEVEL);
    goods.forEach((count, at) => {
      expect(Math.abs(count - AIR_LEVEL * step(at % PIXELS))).toBeLessThan(0.01 * AIR_LEVEL);
    });
  });

  it("keeps what saturated and never wraps below dark or above the range", () => {
    const raw = new Uint16Array(PIXELS);
    raw[0] = 65_535;
    raw[1] = 0;
    raw[2] = 65_000;
    const counts = correct(raw, calibration, AIR_LEVEL);
    expect([counts[0], counts[1], counts[2]]).toEqual([65_535, 0, 65_534]);
  });

  it("bridges a dead edge from the side that there is, and takes pixels that are known to be dead", () => {
    const known = calibrate({
      pixels: PIXELS,
      dark: { samples: frame(() => 0, LINES, 20, dice), at: 0 },
      air: { samples: frame(() => 1, LINES, 200, dice), at: 0 },
      knownDead: [0, 63, 99],
    });
    expect(known.dead).toEqual([0, ...DEAD, 63]);
    const counts = correct(
      frame(() => 0.5, 1, 0, dice),
      known,
      AIR_LEVEL,
    );
    expect(Math.abs((counts[0] ?? 0) - 30_000)).toBeLessThan(600);
    expect(Math.abs((counts[63] ?? 0) - 30_000)).toBeLessThan(600);
  });

  it("is stale by its older half", () => {
    expect(isStale(calibration, 1_000 + 3_600_000, 3_600_000)).toBe(false);
    expect(isStale(calibration, 1_001 + 3_600_000, 3_600_000)).toBe(true);
  });

  it("refuses frames that do not fit, too few lines, and air taken with the X-rays off", () => {
    const lines = (count: number) => ({ samples: new Uint16Array(count * PIXELS), at: 0 });
    const make = (air: Uint16Array) =>
      calibrate({ pixels: PIXELS, dark: lines(LINES), air: { samples: air, at: 0 } });
    expect(() => make(new Uint16Array(100))).toThrow(/no whole lines/);
    expect(() => make(new Uint16Array(2 * PIXELS))).toThrow(/2 lines/);
    expect(() => make(new Uint16Array(LINES * PIXELS))).toThrow(/dead/);
    expect(() => correct(new Uint16Array(7), calibration, AIR_LEVEL)).toThrow(/no lines/);
  });
});
