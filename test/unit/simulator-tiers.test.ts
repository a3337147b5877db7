import { describe, expect, it } from "vitest";
import { Random } from "../../simulator/random.ts";
import { type EnergyPair, tierOf, type VisibilityInput, visibilityOf } from "../../simulator/tiers.ts";

const SIDE = 24;
const PHOTONS = 50_000;

/** A target of transmission `target` over the middle of a scan whose transmission is `rest(x, y)`. */
function seen(target: number, rest: (x: number, y: number) => number, electronic = 0): VisibilityInput {
  const mask = new Uint8Array(SIDE * SIDE);
  const pair = (): EnergyPair => ({
    with: new Float32Array(SIDE * SIDE),
    without: new Float32Array(SIDE * SIDE),
    photons: PHOTONS,
  });
  const low = pair();
  const high = pair();
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const i = y * SIDE + x;
      mask[i] = x >= 4 && x < 20 && y >= 8 && y < 16 ? 1 : 0;
      for (const { with: own, without } of [low, high]) {
        without[i] = rest(x, y);
        own[i] = rest(x, y) * (mask[i] ? target : 1);
      }
    }
  }
  return { width: SIDE, height: SIDE, mask, low, high, electronic };
}

describe("the tier of a target", () => {
  it("is clear from a contrast of 5 with at most 30 % occluded, hidden below 2 or over 80 %, else partial", () => {
    expect(tierOf({ contrast: 5, occluded: 0.3 })).toBe("clear");
    expect(tierOf({ contrast: 4.99, occluded: 0 })).toBe("partial");
    expect(tierOf({ contrast: 90, occluded: 0.31 })).toBe("partial");
    expect(tierOf({ contrast: 2, occluded: 0.8 })).toBe("partial");
    expect(tierOf({ contrast: 1.99, occluded: 0 })).toBe("hidden");
    expect(tierOf({ contrast: 90, occluded: 0.81 })).toBe("hidden");
  });
});

describe("how well a target can be seen", () => {
  it("is its attenuation over the noise where nothing else is", () => {
    const { contrast, occluded } = visibilityOf(seen(0.9, () => 1));
    const noise = Math.sqrt((2 / (PHOTONS * 0.9)) * 0.25);
    expect(contrast).toBeCloseTo(-Math.log(0.9) / noise, 1);
    expect(occluded).toBe(0);
  });

  it("falls with clutter as busy as the target is dense, not with an even cover", () => {
    const even = visibilityOf(seen(0.9, () => 0.5));
    const busy = visibilityOf(seen(0.9, (x, y) => (((x >> 1) + (y >> 1)) % 2 === 0 ? 0.7 : 0.4)));
    expect(even.contrast).toBeGreaterThan(15);
    expect(busy.contrast).toBeLessThan(1);
    expect(busy.occluded).toBe(1);
    expect(tierOf(busy)).toBe("hidden");
  });

  it("counts as occluded what lies behind something opaque", () => {
    const half = visibilityOf(seen(0.1, (x) => (x < 12 ? 1 : 0.001)));
    expect(half.occluded).toBeGreaterThanOrEqual(0.5);
    expect(half.occluded).toBeLessThan(0.8);
    expect(visibilityOf(seen(0.1, () => 0.005)).occluded).toBe(1);
  });

  it("falls with electronic noise where little comes through", () => {
    const quiet = visibilityOf(seen(0.7, () => 0.02));
    const loud = visibilityOf(seen(0.7, () => 0.02, 0.004));
    expect(loud.contrast).toBeLessThan(quiet.contrast / 2);
  });

  it("is the median of its pixels, even or odd in number", () => {
    const random = new Random(3, "median");
    for (let count = 1; count <= 12; count++) {
      const input = seen(0.5, () => random.pick([1, 0.8, 0.31]));
      const own = input.mask.map((_, i) => (i % 7 === 3 && i < 7 * count ? 1 : 0));
      const each = [...own.keys()]
        .filter((i) => own[i] === 1)
        .map((i) => visibilityOf({ ...input, mask: own.map((_, k) => (k === i ? 1 : 0)) }).contrast)
        .sort((a, b) => a - b);
      const middle = ((each[(count - 1) >> 1] as number) + (each[count >> 1] as number)) / 2;
      expect(visibilityOf({ ...input, mask: own }).contrast).toBe(middle);
    }
  });

  it("is not defined for a target that no pixel shows", () => {
    const input = seen(0.5, () => 1);
    input.mask.fill(0);
    expect(() => visibilityOf(input)).toThrow(RangeError);
  });
});
