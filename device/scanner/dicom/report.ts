import type { DataSet } from "../../../protocols/dicom/model.ts";
import type { ObjectInfo } from "../../../protocols/dicom/object.ts";
import { TAG } from "../../../protocols/dicom/tags.ts";
import { itemsOf, numberOf, textOf } from "../../../protocols/dicom/values.ts";
import { readShortHeadOf } from "../../image/dicom/file.ts";
import type { ScannerEvent } from "../port.ts";

/** What a threat detection report says, in DICOS's own words; a word that DICOS does not have is the last of its list. */
export interface ReportFacts {
  readonly decision: string;
  readonly type: string;
  readonly abort: string | null;
  readonly objects: number;
  readonly alarms: number | null;
}

const DECISIONS = ["ALARM", "CLEAR", "UNKNOWN"] as const;
const TYPES = ["MACHINE", "OPERATOR", "GROUND TRUTH", "AGGREGATE", "MOD_AGGREGATE", "UNDEFINED"] as const;
const ABORTS = ["ABORT", "SUCCESS"] as const;

export function reportFacts(dataset: DataSet): ReportFacts {
  const abort = textOf(dataset, TAG.abortFlag);
  return {
    decision: oneOf(DECISIONS, textOf(dataset, TAG.decision)) ?? "UNKNOWN",
    type: oneOf(TYPES, textOf(dataset, TAG.tdrType)) ?? "UNDEFINED",
    abort: oneOf(ABORTS, abort),
    objects: numberOf(dataset, TAG.totalObjects) ?? itemsOf(dataset, TAG.threats).length,
    alarms: numberOf(dataset, TAG.alarmObjects),
  };
}

/** Reads a report; a long one, whose bitmaps may be of a whole volume, in another thread. @throws LYN_DICOM_… */
export async function readReport(
  path: string,
  worker: { report(path: string): Promise<ReportFacts> },
): Promise<ReportFacts> {
  const head = await readShortHeadOf(path);
  return head === null ? worker.report(path) : reportFacts(head.dataset);
}

function oneOf<T extends string>(words: readonly T[], said: string | null): T | null {
  return words.find((word) => word === said) ?? null;
}

/** A report of the machine, for the people at central; its objects stay in the file. */
export function reportEvent({ scanUid, sopInstance }: ObjectInfo, facts: ReportFacts): ScannerEvent {
  const { decision, type } = facts;
  const alarm = decision === "ALARM";
  return {
    code: "REPORT_RECEIVED",
    severity: alarm ? "warning" : "info",
    message: `A ${type} threat detection report came with the decision ${decision}`,
    remedy: alarm ? "Compare it with the hit of the same scan; it is kept on the gateway." : "None needed.",
    details: { scanInstanceUid: scanUid, sopInstanceUid: sopInstance, ...facts },
  };
}
