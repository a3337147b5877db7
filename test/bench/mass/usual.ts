/**
 * Writes `device/image/mass-usual.ts`: the calibration of a usual 160 kV sandwich machine, from step wedges simulated on 64
 * machines of the training physics, their steps averaged. Run it again when the simulator's physics changes.
 */
import { writeFileSync } from "node:fs";
import { fitMass, type MeasuredStep } from "../../../device/image/mass-calibration.ts";
import { measureStep } from "../../../device/image/mass-wedge.ts";
import { AIR_LEVEL } from "../../../simulator/physics/detector.ts";
import { machineOf, simulateWedge } from "../../../simulator/wedge.ts";

const MACHINES = 64;
const SEED = 160;

function meanSteps(): readonly MeasuredStep[] {
  const each = Array.from({ length: MACHINES }, (_, index) => {
    const wedge = simulateWedge(machineOf({ seed: SEED, index }), SEED + index);
    return wedge.steps.map((step) => measureStep({ ...wedge, airLevel: AIR_LEVEL }, step));
  });
  return each[0]!.map((step, at) => {
    const mean = (member: "low" | "high") =>
      Math.exp(each.reduce((sum, steps) => sum + Math.log(steps[at]![member]), 0) / MACHINES);
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
