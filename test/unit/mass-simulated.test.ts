import { describe, expect, it } from "vitest";
import { MOST_OPAQUE, weighView } from "../../device/image/mass.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { machineOf } from "../../simulator/wedge.ts";
import { calibrated } from "../bench/mass/machine.ts";

const SCANS = 10;

describe("mass by X-ray of simulated scans", () => {
  it("is near the truth on machines nobody trained for, each calibrated by its test piece alone", () => {
    const errors: number[] = [];
    for (let index = 0; index < SCANS; index++) {
      const options = { seed: 4711, index, scenario: "baggage", mix: "traffic", physics: "shifted" } as const;
      const scan = simulateScan(options);
      const [low, high] = [0, 1].map(
        (energy) => scan.planes.find((plane) => plane.energy === energy)!.samples,
      );
      const { kg, opaqueShare } = weighView(
        { ...scan, low: low!, high: high! },
        calibrated(machineOf(options), index),
      );
      if (opaqueShare <= MOST_OPAQUE) errors.push(Math.abs(kg / scan.truth.massKg - 1));
    }
    errors.sort((a, b) => a - b);
    const median = errors[Math.floor(errors.length / 2)]!;
    process.stdout.write(
      `mass by X-ray, shifted physics: median error ${(100 * median).toFixed(1)} % of ${errors.length}\n`,
    );
    expect(errors.length).toBeGreaterThan(SCANS / 2);
    expect(median).toBeLessThan(0.07);
  });
});
