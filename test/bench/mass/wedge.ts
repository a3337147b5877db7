import type { MeasuredStep } from "../../../device/image/mass-calibration.ts";
import type { SimulatedWedge } from "../../../simulator/wedge.ts";

/** Mean transmission of each step, as whoever calibrates a machine reads it off the image. */
export function measureSteps(wedge: SimulatedWedge, airLevel: number): readonly MeasuredStep[] {
  return wedge.steps.map(({ material, arealDensity, box }) => {
    const mean = (plane: Uint16Array) => {
      let sum = 0;
      for (let y = box.y; y < box.y + box.height; y++) {
        for (let x = box.x; x < box.x + box.width; x++) sum += plane[y * wedge.width + x]!;
      }
      return sum / (box.width * box.height * airLevel);
    };
    return { material, arealDensity, low: mean(wedge.low), high: mean(wedge.high) };
  });
}
