import { fitMass, type MassCalibration } from "../../../device/image/mass-calibration.ts";
import { areaFactorOf, measureStep } from "../../../device/image/mass-wedge.ts";
import { AIR_LEVEL } from "../../../simulator/physics/detector.ts";
import { type Machine, simulateWedge } from "../../../simulator/wedge.ts";

/** The calibration of a simulated machine from one scan of its test piece: nothing else of the machine is known. */
export function calibrated(machine: Machine, seed: number): MassCalibration {
  const wedge = simulateWedge(machine, seed);
  const image = { ...wedge, airLevel: AIR_LEVEL };
  const steps = wedge.steps.map((step) => measureStep(image, step));
  const curves = fitMass(steps);
  const areas = wedge.plates.map((plate) => ({
    heightMm: plate.heightMm,
    factor: areaFactorOf(image, plate, curves),
  }));
  return fitMass(steps, areas);
}
