/**
 * Writes `device/image/mass-usual.ts`: the calibration of a usual 160 kV sandwich machine, from step wedges simulated on 64
 * machines of the training physics, their steps averaged. Run it again when the simulator's physics changes.
 */
import { writeFileSync } from "node:fs";
import { fitMass, type MeasuredStep } from "../../../device/image/mass-calibration.ts";
import { AIR_LEVEL } from "../../../simulator/physics/detector.ts";
import { drawSettings } from "../../../simulator/physics/settings.ts";
import { Random } from "../../../simulator/random.ts";
import { simulateWedge } from "../../../simulator/wedge.ts";
import { measureSteps } from "./wedge.ts";

const MACHINES = 64;
const SEED = 160;

function meanSteps(): readonly MeasuredStep[] {
  const each = Array.from({ length: MACHINES }, (_, machine) => {
    const settings = drawSettings(new Random(SEED, `machine/${machine}`));
    return measureSteps(simulateWedge({ settings, seed: SEED + machine }), AIR_LEVEL);
  });
  return each[0]!.map((step, at) => {
    const mean = (member: "low" | "high") =>
      each.reduce((sum, steps) => sum + steps[at]![member], 0) / MACHINES;
    return { ...step, low: mean("low"), high: mean("high") };
  });
}

const round = (_key: string, value: unknown) =>
  typeof value === "number" ? Number(value.toPrecision(5)) : value;
const text = JSON.stringify(fitMass(meanSteps()), round);
const file = new URL("../../../device/image/mass-usual.ts", import.meta.url);
writeFileSync(
  file,
  `import type { MassCalibration } from "./mass-calibration.ts";

/**
 * What a usual 160 kV sandwich machine makes of a step wedge (written by \`test/bench/mass/usual.ts\`): good for an order of
 * magnitude on a machine that nobody calibrated.
 */
export const USUAL_MASS: MassCalibration = ${text};
`,
);
