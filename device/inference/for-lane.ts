import type { MassCalibration } from "../image/mass-calibration.ts";
import type { Inference } from "./port.ts";

/** The shared inference as one lane uses it: with what was measured of its machine, and told which lane asks. */
export function inferenceForLane(
  inference: Inference,
  massCalibration: MassCalibration | null,
  lane?: string,
): Inference {
  const own = {
    ...(lane === undefined ? {} : { lane }),
    ...(massCalibration === null ? {} : { massCalibration }),
  };
  return {
    start: () => inference.start(),
    analyse: (request, signal) => inference.analyse({ ...request, ...own }, signal),
    remember: (scanId, embedding) => inference.remember(scanId, embedding),
    get state() {
      return inference.state;
    },
    onState: (listener) => inference.onState(listener),
    stop: () => inference.stop(),
  };
}
