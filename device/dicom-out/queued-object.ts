import { basename } from "node:path";
import { encodeDataSet } from "../../protocols/dicom/writer.ts";
import { openObject } from "../image/dicom/scan.ts";

/** What is needed of a queued file to send it. */
export interface QueuedObject {
  readonly path: string;
  /** File name in the queue. */
  readonly name: string;
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly transferSyntax: string;
  /** Byte at which the data set begins. */
  readonly datasetAt: number;
}

/** Reads the head of a queued file and keeps none of it. @throws LYN_DICOM_…, and what reading the file throws. */
export async function openQueued(path: string): Promise<QueuedObject> {
  const { head, info } = await openObject(path);
  const { sopClass, sopInstance, transferSyntax } = info;
  // Behind preamble, `DICM` and the file meta information, which is always explicit.
  const datasetAt = 132 + encodeDataSet(head.meta, { explicit: true }).length;
  return { path, name: basename(path), sopClass, sopInstance, transferSyntax, datasetAt };
}
