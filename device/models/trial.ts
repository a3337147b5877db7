import { ERROR_CODES, type ErrorCode, LynceusError } from "../../protocols/errors.ts";
import { ChildProcessSlot } from "../inference/child-slot.ts";
import type { OpenProcess } from "../inference/process.ts";
import type { InspectedPackage } from "./inspect.ts";
import type { ModelTrust } from "./trust.ts";

/** Bounds of a trial: a process of its own, that may neither grow nor take for ever. */
export interface TrialLimits {
  /** From its start until the golden inputs were answered, ms. */
  readonly readyMs: number;
  readonly residentBytes: number;
}

export const TRIAL_LIMITS: TrialLimits = { readyMs: 60_000, residentBytes: 1_500_000_000 };

/**
 * Loads an inspected package in an analysis process of its own and runs its golden inputs there: what a package does to a
 * process, it does to that one. `open`: where the process runs; absent: a child of this one.
 * @throws LynceusError LYN_MODEL_KNOWN_ANSWER, LYN_MODEL_LOAD_FAILED and what else loading gives
 */
export async function tryPackage(
  { name, version, directory }: Pick<InspectedPackage, "name" | "version" | "directory">,
  trust: ModelTrust,
  open?: OpenProcess,
  limits: TrialLimits = TRIAL_LIMITS,
): Promise<void> {
  const slot = new ChildProcessSlot({ residentLimit: limits.residentBytes, open });
  try {
    const selection = { names: [name], folders: [], pinned: { [name]: directory }, trust };
    const ready = await slot.start(selection, limits.readyMs);
    if (ready === null) {
      const { reason } = await slot.gone;
      throw new LynceusError("LYN_MODEL_LOAD_FAILED", `${name} ${version}: ${reason}`, {
        remedy: "Do not use this package: its process did not survive the golden inputs.",
      });
    }
    const [fault] = ready.faults;
    if (fault !== undefined)
      throw new LynceusError(codeOf(fault.code), fault.message, { remedy: fault.remedy });
  } finally {
    await slot.kill();
  }
}

function codeOf(code: string): ErrorCode {
  return code in ERROR_CODES ? (code as ErrorCode) : "LYN_MODEL_LOAD_FAILED";
}
