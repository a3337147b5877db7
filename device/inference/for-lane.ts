import type { MassCalibration } from "../image/mass-calibration.ts";
import type { Inference } from "./port.ts";

/** The shared inference as one lane uses it: with what was measured of its own machine. */
export function inferenceForLane(inference: Inference, massCalibration: MassCalibration | null): Inference {
  if (massCalibration === null) return inference;
  return {
    start: () => inference.start(),
    analyse: (request, signal) => inference.analyse({ ...request, massCalibration }, signal),
    remember: (scanId, embedding) => inference.remember(scanId, embedding),
    get state() {
      return inference.state;
    },
    onState: (listener) => inference.onState(listener),
    stop: () => inference.stop(),
  };
}
