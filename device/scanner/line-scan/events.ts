import type { NakCode } from "../../../protocols/line-scan/index.ts";
import type { ScanKey } from "../../scan.ts";
import type { ScannerEvent } from "../port.ts";

/** What the driver reports beside captures: each becomes an alert of the lane, with its remedy. */

/** A scan or a plane of it is over its bound. */
export function scanTooLarge({ scanRef }: ScanKey, why: string): ScannerEvent {
  return {
    code: "SCAN_TOO_LARGE",
    severity: "warning",
    message: `Scan ${scanRef} was refused: ${why}`,
    remedy: "Raise scanner.maxScanBytes, or let the scanner cut the item into scans.",
    details: { scanRef },
  };
}

/** The disk did not take a scan. */
export function scanNotStored({ scanRef }: ScanKey, why: string): ScannerEvent {
  return {
    code: "SCAN_NOT_STORED",
    severity: "critical",
    message: `Scan ${scanRef} was refused: ${why}`,
    remedy: "See the gateway's disk and log; the scanner keeps the scan and sends it again.",
    details: { scanRef },
  };
}

/** The same reference with another start: a new scan, and a scanner whose counter went back. */
export function scanRefReused({ scanRef, startedAt }: ScanKey, earlierScanId: string): ScannerEvent {
  return {
    code: "SCAN_REF_REUSED",
    severity: "warning",
    message: `The scanner used ${scanRef} again for another scan`,
    remedy: "Check the scanner's counter of scans; both scans are kept.",
    details: { scanRef, startedAt, earlierScanId },
  };
}

/** The stream loses sync too often. */
export function linkErrors(lastMinute: number, total: number, peer: string): ScannerEvent {
  return {
    code: "SCANNER_LINK_ERRORS",
    severity: "warning",
    message: `The stream of the scanner lost sync ${lastMinute} times within a minute`,
    remedy:
      "Check cable, connectors and shielding of a serial line, or the software that sends; lost lines are asked for again.",
    details: { lastMinute, total, peer },
  };
}

/** A scanner was turned away at HELLO. */
export function scannerRefused(code: NakCode, why: string): ScannerEvent {
  return {
    code: "SCANNER_REFUSED",
    severity: "warning",
    message: `A scanner was refused: ${why}`,
    remedy: "Correct scanner.allow in the configuration, or the scanner's settings.",
    details: { code },
  };
}

/** The emergency stop is pressed. */
export function emergencyStop(at: string): ScannerEvent {
  return {
    code: "SCANNER_ESTOP",
    severity: "warning",
    message: "The emergency stop of the scanner is pressed",
    remedy: "Release it at the machine when it is safe.",
    details: { at },
  };
}
