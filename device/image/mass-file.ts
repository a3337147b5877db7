import { open } from "node:fs/promises";
import { LynceusError } from "../../protocols/errors.ts";
import { type MassCalibration, massCalibrationSchema } from "./mass-calibration.ts";
import { USUAL_MASS } from "./mass-usual.ts";

/** Word for the calibration that comes with the program: for simulated machines, and for those known to be like them. */
export const USUAL = "usual";
/** Largest calibration file, bytes. */
const MAX_BYTES = 1024 * 1024;

/**
 * The calibration that a lane names: a file, or `usual`.
 * @throws LynceusError LYN_MASS_CALIBRATION where the file is missing, too large or not one.
 */
export async function readMassCalibration(reference: string): Promise<MassCalibration> {
  if (reference === USUAL) return USUAL_MASS;
  try {
    await using file = await open(reference, "r");
    const { size } = await file.stat();
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, the limit is ${MAX_BYTES}`);
    return massCalibrationSchema.parse(JSON.parse(await file.readFile("utf8")));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LynceusError(
      "LYN_MASS_CALIBRATION",
      `${reference} is no mass calibration: ${reason}`.slice(0, 500),
      {
        remedy: `Make it with \`lynceus calibrate\` from a scan of a step wedge, or say "${USUAL}" for a machine like the simulated one.`,
        cause,
      },
    );
  }
}
