import { describe, expect, it } from "vitest";
import type { ModelInput } from "../../models/package.ts";
import type { ScanPlanes } from "../../models/planes.ts";
import { resample } from "../../models/resample.ts";
import {
  acceptsPlanes,
  MAX_PLANE_SIDE,
  planesToTensor,
  toPlaneBox,
  ViewTensors,
} from "../../models/tensor.ts";
import { isLynceusError } from "../../protocols/errors.ts";

const INPUT: ModelInput = {
  name: "transmission",
  kinds: ["dual-energy"],
  layout: "NCHW",
  subjects: ["item"],
  channels: ["low", "high"],
  fit: "pitch",
  multipleOf: 32,
  minimum: { width: 64, height: 64 },
  maximum: { width: 256, height: 192 },
  pixelPitchMm: 1.5,
  padding: 1,
};

function planes(width: number, height: number, change: Partial<ScanPlanes> = {}): ScanPlanes {
  const low = new Uint16Array(width * height).map((_, i) => 10_000 + (i % width));
  const high = new Uint16Array(width * height).map((_, i) => 30_000 + Math.floor(i / width));
  return {
    kind: "dual-energy",
    view: 0,
    width,
    height,
    pixelPitchMm: null,
    airLevel: 60_000,
    low,
    high,
    ...change,
  };
}

function fault(scan: ScanPlanes): unknown {
  try {
    return planesToTensor(scan, INPUT);
  } catch (error) {
    return error;
  }
}

describe("tensors of a view", () => {
  it("are built once for inputs that are described alike, and anew for any other", () => {
    const tensors = new ViewTensors(planes(70, 65));
    const one = tensors.of(INPUT);
    expect(tensors.of(structuredClone(INPUT))).toBe(one);
    expect(one).toEqual(planesToTensor(planes(70, 65), INPUT));
    const other = { ...INPUT, multipleOf: 64 };
    expect(tensors.of(other)).toEqual(planesToTensor(planes(70, 65), other));
  });
});

describe("planes to tensor", () => {
  it("divides by the air level, low before high, and pads with air to a multiple of 32", () => {
    const tensor = planesToTensor(planes(70, 65), INPUT);
    expect(tensor.dims).toEqual([1, 2, 96, 96]);
    const at = (channel: number, y: number, x: number) => tensor.data[(channel * 96 + y) * 96 + x];
    expect(at(0, 3, 5)).toBeCloseTo(10_005 / 60_000, 6);
    expect(at(1, 3, 5)).toBeCloseTo(30_003 / 60_000, 6);
    expect(at(0, 3, 70)).toBe(1);
    expect(at(1, 65, 0)).toBe(1);
  });

  it("keeps noise above air but clamps what no 16-bit scanner of the training could send", () => {
    const low = new Uint16Array(64 * 64).fill(65_535);
    const tensor = planesToTensor(planes(64, 64, { low, airLevel: 30_000 }), INPUT);
    expect(tensor.data[0]).toBeCloseTo(65_535 / 60_000, 6);
  });

  it("grows a small scan to the smallest size by padding", () => {
    expect(planesToTensor(planes(1, 1), INPUT).dims).toEqual([1, 2, 64, 64]);
  });

  it("resamples to the training pitch when the pitch is known and differs", () => {
    const tensor = planesToTensor(planes(40, 50, { pixelPitchMm: { x: 3, y: 1.5 } }), INPUT);
    expect(tensor.scale).toEqual({ x: 2, y: 1 });
    expect(tensor.dims).toEqual([1, 2, 64, 96]);
    expect(planesToTensor(planes(40, 50, { pixelPitchMm: { x: 1.52, y: 1.48 } }), INPUT).scale).toEqual({
      x: 1,
      y: 1,
    });
  });

  it("shrinks what is larger than the model takes and finds the way back to plane pixels", () => {
    const tensor = planesToTensor(planes(1024, 384), INPUT);
    expect(tensor.dims).toEqual([1, 2, 96, 256]);
    expect(toPlaneBox([10, 20, 30, 40], tensor)).toEqual({ x: 40, y: 80, width: 80, height: 80 });
  });

  it("averages when shrinking, so that a thin wire does not vanish between two samples", () => {
    const data = new Uint16Array(400).fill(1000);
    data[201] = 0;
    const small = Array.from(resample({ data, width: 400, height: 1 }, { width: 100, height: 1 }));
    expect(small.reduce((sum, value) => sum + value, 0)).toBeCloseTo(100_000 - 250, 0);
    expect(Math.min(...small)).toBeLessThan(900);
  });

  it("clips boxes to the plane, keeps them at least one pixel large, and drops those in the padding", () => {
    const tensor = planesToTensor(planes(70, 65), INPUT);
    expect(toPlaneBox([-5, -5, 80, 80], tensor)).toEqual({ x: 0, y: 0, width: 70, height: 65 });
    expect(toPlaneBox([10.2, 10.2, 10.3, 10.3], tensor)).toEqual({ x: 10, y: 10, width: 1, height: 1 });
    expect(toPlaneBox([72, 10, 90, 20], tensor)).toBeNull();
  });

  it("refuses with a typed error what it cannot read", () => {
    const wrong = [
      planes(64, 64, { kind: "single-energy" }),
      planes(64, 64, { airLevel: 0 }),
      planes(64, 64, { airLevel: Number.NaN }),
      { ...planes(64, 64), width: 0 },
      { ...planes(64, 64), width: MAX_PLANE_SIDE + 1 },
      { ...planes(64, 64), width: 65_536, height: 65_536 },
      planes(64, 64, { high: new Uint16Array(10) }),
    ];
    for (const scan of wrong) expect(isLynceusError(fault(scan), "LYN_MODEL_SCAN_UNSUPPORTED")).toBe(true);
    const { high: _, ...withoutHigh } = planes(64, 64);
    expect(acceptsPlanes(withoutHigh, INPUT)).toBe(false);
    expect(acceptsPlanes(planes(64, 64), INPUT)).toBe(true);
  });
});
