/**
 * The vendor kit, `import … from "lynceus/driver"`: the port of a scanner driver, what it is given, and `linkDriver`, which does
 * all of it but the protocol. README.md beside this file shows a whole driver.
 */
export { isLynceusError, LynceusError } from "../../../protocols/errors.ts";
export type { AcquisitionStatus } from "../../../protocols/vocabulary.ts";
export type { Log } from "../../log.ts";
export {
  type Calibration,
  type CalibrationLines,
  calibrate,
  correct,
  isStale,
} from "../../profile/calibration.ts";
export type {
  Capture,
  Energy,
  ItemIdentifier,
  PlaneRecord,
  ScanKey,
  ScanKind,
  ScanView,
} from "../../scan.ts";
export type { Admission, KnownScan, ScanStore, ScanWriter } from "../../spool/port.ts";
export type { Link, LinkState, Transport } from "../../transport/port.ts";
export type {
  ScanEnded,
  ScanLost,
  ScannerDriver,
  ScannerEvent,
  ScannerState,
  ScanResult,
} from "../port.ts";
export {
  type ConformancePeer,
  DRIVER_API,
  type DriverContext,
  type DriverModule,
  type PeerScan,
} from "./api.ts";
export {
  type Delivery,
  type DriverScan,
  type DriverSession,
  type FinishedScan,
  linkDriver,
} from "./link-driver.ts";
