import type { LynceusError } from "../../../protocols/errors.ts";
import type { Peer } from "../../dicom-net/association.ts";
import type { DicomFile } from "../../image/dicom/scan.ts";
import type { ScannerEvent } from "../port.ts";
import type { Announced } from "./receiver.ts";

/** An object was refused while it came. Sizes in bytes. */
export function tooLarge(
  { sopInstance, aeTitle }: Announced,
  bytes: number,
  maxScanBytes: number,
): ScannerEvent {
  return {
    code: "SCAN_TOO_LARGE",
    severity: "warning",
    message: `An object of over ${bytes} bytes was refused while it came`,
    remedy: "Raise scanner.maxScanBytes of the lane if such objects are meant to come.",
    details: { sopInstanceUid: sopInstance, aeTitle, bytes, maxScanBytes },
  };
}

/** A peer that may not store tried to. */
export function notAllowed({ aeTitle, address }: Peer): ScannerEvent {
  return {
    code: "SCANNER_REFUSED",
    severity: "warning",
    message: "A DICOM peer whose AE title is not allowed tried to store an object",
    remedy: "Add its AE title to scanner.allow.aeTitles if it is the scanner's.",
    details: { aeTitle, address },
  };
}

/** The pixels of a kept object cannot be read. */
export function unreadable({ info }: DicomFile, error: LynceusError): ScannerEvent {
  return {
    code: "IMAGE_UNREADABLE",
    severity: "warning",
    message: `The pixels of an object cannot be read: ${error.message}`,
    remedy: error.remedy,
    details: { code: error.code, sopInstanceUid: info.sopInstance, scanInstanceUid: info.scanUid },
  };
}
