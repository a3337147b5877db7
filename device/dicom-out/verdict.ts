import { STATUS } from "../../protocols/dicom/net/command.ts";

/**
 * What becomes of an object after an archive's answer: `taken`; `final`, it can never be taken; `doubtful`, it cannot be taken
 * as the archive is set up now, which is believed after some tries; `later`, this object again after a while; `busy`, nothing
 * more on this association.
 */
export type Verdict = "taken" | "final" | "doubtful" | "later" | "busy";

/** Invalid attribute value and invalid instance (PS3.7 annex C): faults of the object itself. */
const INVALID_VALUE = 0x0106;
const INVALID_INSTANCE = 0x0117;
const RESOURCE_LIMIT = 0x0213;

/** The verdict of a C-STORE status (PS3.4 B.2.3, PS3.7 annex C). A duplicate is there already. */
export function verdictOf(status: number): Verdict {
  if (status === STATUS.success || status >> 12 === 0xb || status === STATUS.duplicateInstance)
    return "taken";
  if (status >> 8 === 0xa7 || status === RESOURCE_LIMIT) return "busy";
  if (status >> 8 === 0xa9 || status >> 12 === 0xc) return "final";
  if (status === INVALID_VALUE || status === INVALID_INSTANCE) return "final";
  return status === STATUS.sopClassUnsupported ? "doubtful" : "later";
}
