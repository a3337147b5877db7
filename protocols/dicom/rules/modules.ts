import { TAG } from "../tags.ts";

/** An attribute that an object of some kind must have. */
export interface Requirement {
  readonly rule: string;
  readonly tag: number;
  /** 1: present with a value; 2: present, may be empty. */
  readonly type: 1 | 2;
  /** Values it may have, where they are enumerated. */
  readonly values?: readonly string[];
  /** Only from this DICOS version on. */
  readonly since?: "V03";
  /** Reference files leave it out or write other values: said, not refused. */
  readonly lenient?: boolean;
}

const YES_NO = ["YES", "NO"];
const MODALITIES = "CT XRAY DX TDR AIT AIT2D AIT3D QR HDAIT WAIT ETD DPC XRD".split(" ");
export const ACQUISITION_STATUSES = "SUCCESSFUL JAM OVERSIZE SLIP INCOMPLETE CUT MERGED STITCHED".split(" ");
export const ABORT_REASONS =
  "OVERSIZE_BAG CLIPPED_BAG INCOMPLETE_SCAN FAILED_RECON TIMEOUT NOT_REVIEWED UNKNOWN_DATATYPE USER_INTERRUPT OUT_OF_BOUNDS".split(
    " ",
  );
export const THREAT_CATEGORIES = "EXPLOSIVE PI CONTRABAND ANOMALY LAPTOP OTHER PHARMACEUTICAL".split(" ");

/** What every DICOS object has: SOP Common, OOI, General Scan, Series and Equipment (IIC 1 v03, 4.1, 5.1, 6.1, 14). */
export const COMMON: readonly Requirement[] = [
  { rule: "SOP-01", tag: TAG.sopClass, type: 1 },
  { rule: "SOP-02", tag: TAG.sopInstance, type: 1 },
  { rule: "SOP-03", tag: TAG.instanceDate, type: 1 },
  { rule: "SOP-04", tag: TAG.instanceTime, type: 1 },
  { rule: "SOP-05", tag: TAG.dicosVersion, type: 1, values: ["V02", "V02A", "V03"] },
  { rule: "OOI-01", tag: TAG.ooiId, type: 1 },
  { rule: "OOI-02", tag: TAG.ooiAuthority, type: 1 },
  { rule: "OOI-03", tag: TAG.ooiIdType, type: 1, values: ["TEXT", "RFID", "BARCODE", "MRP"] },
  {
    rule: "OOI-04",
    tag: TAG.ooiType,
    type: 1,
    values: ["BIO_SAMPLE", "CARGO", "BAGGAGE", "ANIMAL", "OTHER", "PERSON"],
  },
  { rule: "OOI-05", tag: TAG.routingCodes, type: 2 },
  { rule: "SCAN-01", tag: TAG.scanUid, type: 1 },
  { rule: "SCAN-02", tag: TAG.scanDate, type: 1 },
  { rule: "SCAN-03", tag: TAG.scanTime, type: 1 },
  { rule: "SCAN-04", tag: TAG.scanType, type: 1, values: ["OPERATIONAL", "NON_OPERATIONAL"] },
  { rule: "SCAN-05", tag: TAG.scanId, type: 1 },
  { rule: "SER-01", tag: TAG.seriesUid, type: 1 },
  { rule: "SER-02", tag: TAG.seriesDate, type: 1 },
  { rule: "SER-03", tag: TAG.seriesTime, type: 1 },
  { rule: "SER-04", tag: TAG.modality, type: 1, values: MODALITIES },
  { rule: "SER-05", tag: TAG.acquisitionStatus, type: 1, values: ACQUISITION_STATUSES },
  { rule: "EQ-01", tag: TAG.manufacturer, type: 1 },
  { rule: "EQ-02", tag: TAG.machineLocation, type: 1 },
  { rule: "EQ-03", tag: TAG.machineAddress, type: 1 },
  { rule: "EQ-04", tag: TAG.machineId, type: 1 },
  { rule: "EQ-05", tag: TAG.model, type: 1 },
  { rule: "EQ-06", tag: TAG.serial, type: 1 },
  { rule: "EQ-07", tag: TAG.software, type: 1 },
  { rule: "EQ-08", tag: TAG.calibrationDate, type: 1 },
  { rule: "EQ-09", tag: TAG.calibrationTime, type: 1 },
];

/** What describes pixels in any image object, DICOM's or DICOS's. */
export const IMAGE: readonly Requirement[] = [
  { rule: "IMG-01", tag: TAG.samplesPerPixel, type: 1 },
  { rule: "IMG-02", tag: TAG.photometric, type: 1 },
  { rule: "IMG-03", tag: TAG.rows, type: 1 },
  { rule: "IMG-04", tag: TAG.columns, type: 1 },
  { rule: "IMG-05", tag: TAG.bitsAllocated, type: 1 },
];

/** DX IOD of DICOS (IIC 1 v03, 8.2.1). */
export const DX: readonly Requirement[] = [
  { rule: "DX-01", tag: TAG.presentationIntent, type: 1, values: ["FOR PRESENTATION", "FOR PROCESSING"] },
  { rule: "DX-02", tag: TAG.imageType, type: 1 },
  { rule: "DX-03", tag: TAG.instanceNumber, type: 1 },
  { rule: "DX-04", tag: TAG.contentDate, type: 1 },
  { rule: "DX-05", tag: TAG.contentTime, type: 1 },
  { rule: "DX-06", tag: TAG.intensityRelationship, type: 1, values: ["LIN", "LOG"] },
  { rule: "DX-07", tag: TAG.intensitySign, type: 1 },
  { rule: "DX-08", tag: TAG.rescaleSlope, type: 1 },
  { rule: "DX-09", tag: TAG.rescaleIntercept, type: 1 },
  { rule: "DX-10", tag: TAG.rescaleType, type: 1 },
  { rule: "DX-11", tag: TAG.presentationLutShape, type: 1, values: ["IDENTITY", "INVERSE"] },
  { rule: "DX-12", tag: TAG.burnedIn, type: 1, values: YES_NO },
  { rule: "DX-13", tag: TAG.lossy, type: 1, values: ["00", "01"] },
  {
    rule: "DX-14",
    tag: TAG.imageOrigin,
    type: 1,
    values: ["MACHINE", "SYNTHETIC", "AUGMENTED"],
    since: "V03",
  },
  { rule: "DX-15", tag: TAG.coordinateSystem, type: 1, values: ["LHS", "RHS"], since: "V03" },
  { rule: "DX-16", tag: TAG.detectorType, type: 2 },
  { rule: "DX-17", tag: TAG.kvp, type: 1 },
  { rule: "DX-18", tag: TAG.tubeCurrent, type: 1 },
  { rule: "DX-19", tag: TAG.imageOrientation, type: 1 },
  { rule: "DX-20", tag: TAG.imagePosition, type: 1 },
  { rule: "DX-21", tag: TAG.effectiveEnergy, type: 1, since: "V03" },
  { rule: "DX-22", tag: TAG.acquisitionContext, type: 2 },
];

/** TDR IOD (IIC 1 v03, clause 12). */
export const TDR: readonly Requirement[] = [
  { rule: "TDR-01", tag: TAG.referencedScan, type: 1, lenient: true },
  { rule: "TDR-02", tag: TAG.frameOfReference, type: 1 },
  { rule: "TDR-03", tag: TAG.positionReference, type: 2 },
  { rule: "TDR-04", tag: TAG.instanceNumber, type: 1 },
  { rule: "TDR-05", tag: TAG.contentDate, type: 1 },
  { rule: "TDR-06", tag: TAG.contentTime, type: 1 },
  {
    rule: "TDR-07",
    tag: TAG.tdrType,
    type: 1,
    values: ["MACHINE", "OPERATOR", "GROUND TRUTH", "AGGREGATE", "MOD_AGGREGATE", "UNDEFINED"],
  },
  { rule: "TDR-08", tag: TAG.decisionTime, type: 1 },
  { rule: "TDR-09", tag: TAG.decision, type: 1, values: ["ALARM", "CLEAR", "UNKNOWN"] },
  { rule: "TDR-10", tag: TAG.abortFlag, type: 1, values: ["ABORT", "SUCCESS"] },
  { rule: "TDR-11", tag: TAG.totalObjects, type: 1 },
  { rule: "TDR-12", tag: TAG.processingTime, type: 1 },
  { rule: "TDR-13", tag: TAG.additionalScreening, type: 1, values: YES_NO },
];

/** An item of the Threat Sequence (IIC 1 v03, table 70). */
export const THREAT: readonly Requirement[] = [
  { rule: "PTO-01", tag: TAG.ptoId, type: 1 },
  { rule: "PTO-02", tag: TAG.assessments, type: 1 },
  { rule: "PTO-03", tag: TAG.ptoStart, type: 1, since: "V03" },
  { rule: "PTO-04", tag: TAG.ptoEnd, type: 1, since: "V03" },
  { rule: "PTO-05", tag: TAG.ptoMilliseconds, type: 1, since: "V03" },
];

/** An item of the ATD Assessment Sequence. */
export const ASSESSMENT: readonly Requirement[] = [
  { rule: "PTO-06", tag: TAG.ability, type: 1, values: ["NO_INTERFERENCE", "SHIELD"] },
  {
    rule: "PTO-07",
    tag: TAG.assessmentFlag,
    type: 1,
    values: ["HIGH_THREAT", "THREAT", "NO_THREAT", "UNKNOWN"],
  },
];
