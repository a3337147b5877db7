import { readFile } from "node:fs/promises";
import { readPart10 } from "../../../protocols/dicom/part10.ts";
import { TAG } from "../../../protocols/dicom/tags.ts";
import { itemsOf, numberOf, textOf } from "../../../protocols/dicom/values.ts";
import type { DicomObject } from "../../image/dicom/scan.ts";
import type { ScannerEvent } from "../port.ts";

/** Bytes of a report that are read; bitmaps of whole volumes make larger ones, whose head is enough. */
const MAX_REPORT_BYTES = 16 * 1024 * 1024;

/** What a threat detection report of the machine says, for the people at central; its objects stay in the file. */
export async function reportEvent(object: DicomObject, bytes: number): Promise<ScannerEvent> {
  const { dataset } = bytes > MAX_REPORT_BYTES ? object.head : readPart10(await readFile(object.path));
  const decision = textOf(dataset, TAG.decision) ?? "UNKNOWN";
  const type = textOf(dataset, TAG.tdrType) ?? "UNDEFINED";
  const alarm = decision === "ALARM";
  return {
    code: "REPORT_RECEIVED",
    severity: alarm ? "warning" : "info",
    message: `A ${type} threat detection report came with the decision ${decision}`,
    remedy: alarm ? "Compare it with the hit of the same scan; it is kept on the gateway." : "None needed.",
    details: {
      scanInstanceUid: object.info.scanUid,
      sopInstanceUid: object.info.sopInstance,
      decision,
      type,
      abort: textOf(dataset, TAG.abortFlag),
      objects: numberOf(dataset, TAG.totalObjects) ?? itemsOf(dataset, TAG.threats).length,
      alarms: numberOf(dataset, TAG.alarmObjects),
    },
  };
}
