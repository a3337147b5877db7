import { z } from "zod";
import { SEVERITIES } from "../vocabulary.ts";
import { count, integritySchema, lane, text, uuid } from "./common.ts";

/**
 * Alert codes this version raises, each with what it means. Consumers read an alert whose code they do not know by its
 * message.
 */
export const ALERT_CODES = {
  AUDIT_BROKEN:
    "The journal does not hold what a checkpoint of it says: rows are gone or were changed; details say which",
  BALLAST_RELEASED:
    "The spool's volume is almost full: space that was held back is given to the journal; images have no part in it",
  BELT_ESTOP: "The emergency stop of the belt is pressed",
  BELT_NOT_DIVERTED: "An item should have been set aside and could not; the belt is stopped where it can be",
  BELT_OUTPUT_FAILED: "The belt could not be told to stop or divert",
  BELT_UNDECIDED: "An item reached the diverter before its hit; the belt did what the lane's onFault says",
  ARCHIVE_REFUSES: "A DICOM archive refused an object for good; it is put aside, details say which",
  ARCHIVE_UNCOMMITTED:
    "A DICOM archive does not commit to what it stored; details say whether the gateway keeps the objects",
  ARCHIVE_UNREACHABLE: "A DICOM archive takes no objects; they wait on the gateway",
  BROKER_REFUSES: "The broker refuses the gateway or a message of it; details say with which reason code",
  BROKER_UNTRUSTED:
    "The broker's certificate is not believed, or it speaks no TLS that is allowed; nothing is sent",
  CALIBRATION_DRIFT: "What examinations find is not what the scores claim any more, or the scores have moved",
  CALIBRATION_OLD: "The scanner's dark and air measurement is older than the lane allows",
  CALIBRATION_MISSING: "Raw counts cannot be corrected: dark or air frames are missing or do not fit",
  CERTIFICATE_EXPIRES:
    "A client certificate for the broker expires soon or has expired; details say which and when",
  CERTIFICATE_NOT_RENEWED: "A client certificate for the broker could not be renewed; it is tried again",
  CERTIFICATE_REFUSED: "The broker refuses a client certificate of the gateway; details say why",
  CLOCK_STEPPED: "The system's clock was set by more than a step; details say whether the gateway follows it",
  DECIDING_ON_SYNTHETIC: "A lane decides on synthetic scans as if they were real: test sites only",
  DECLARATION_CONFLICT: "The same aedId and revision came with other content; the first stands",
  DECLARATION_DEAD_LETTER: "A declaration could not be read; details say where",
  DECLARATIONS_FULL:
    "Declarations have all the space that is theirs, or the disk is low: the oldest go for new ones",
  DEVICE_BACK: "A reader, scale, portal or belt that was lost answers again",
  DEVICE_LOST: "A reader, scale, portal or belt does not answer any more; details say which",
  DISK_LOW: "The disk is below its minimum; the scanner is refused until space is freed",
  IMAGE_LIMIT: "A figure of a scanner's images is beyond the limit that its profile sets; details say which",
  IMAGE_QUALITY_DRIFT: "A figure of a scanner's images has moved from its own standard; details say which",
  IMAGE_STRIPES: "Detector pixels differ in air: the calibration does not fit any more",
  IMAGE_UNREADABLE:
    "An image of a folder lane could not be read: it is filed under failed with the reason, no hit is made",
  INBOUND_FLOOD:
    "Messages of a kind come faster, or in a greater number, than the gateway takes them; details say which",
  INBOUND_REFUSED:
    "A message for the gateway is refused for who sent it: forged, replayed or for another; details say which and why",
  JOURNAL_SALVAGED: "The journal was damaged; what could be read was saved into a new one",
  MODEL_ACTIVE: "A model package decides from now on; details {name, version}",
  MODEL_INSTALLED: "A model package is installed and verified; it is on trial before it decides",
  MODEL_REFUSED: "A model package was refused; details say why, and what runs goes on running",
  MODEL_ROLLED_BACK: "A model package was taken back and the one before decides again; details say why",
  MODEL_TRIAL_FAILED:
    "A model package failed its trial beside the active one and does not decide; details say why",
  MODEL_TRIAL_PASSED: "A model package passed a stage of its trial; details say how it compares",
  OUTCOME_DEAD_LETTER: "An outcome could not be read; details say where",
  PLANE_DAMAGED:
    "Image planes of a scan are gone, cut off or changed on the disk; what is left of them is kept apart",
  PROFILE_APPLIED: "A risk profile of central is in force; details {version, validFrom, keyId}",
  PROFILE_REFUSED: "A risk profile is refused and the one before stands; details say why",
  RADIATION_ALARM:
    "A radiation portal alarms, whether or not the item is known; details say on which channel",
  RADIATION_FAULT: "A radiation portal is faulty; its readings say fault, never normal",
  REPORTS_WAIT: "Threat detection reports cannot be handed to a destination; they wait in the journal",
  REPORT_NOT_MADE: "The threat detection report on a hit cannot be made for a destination and is left out",
  READER_FLOOD: "A reader sends more labels than any belt carries; those beyond are dropped",
  REPORT_RECEIVED: "A threat detection report of the machine itself came; details hold its decision",
  SCANNER_ESTOP: "The emergency stop of the scanner is pressed",
  SCANNER_LINK_ERRORS: "The scanner's link loses frames above the tolerated rate",
  SCANNER_PROFILE_MISMATCH: "A scan is not what the profile of its scanner says",
  SCANNER_REFUSED: "A scanner was refused: its serial number, address or protocol version",
  SCAN_NOT_STORED: "A scan could not be stored and is not acknowledged; the scanner keeps it",
  SCAN_REF_REUSED: "A scanner used a scanRef again with another start time; stored as a new scan",
  SCAN_TOO_LARGE: "A scan was larger than the lane accepts and was refused",
  SIGNING_FAILED: "The key of the journal does not sign: its token is gone or refuses",
  SPOOL_FILLING:
    "The spool is almost full: images of delivered scans go, packages and copies for archives wait; details say how full it is",
  UNDELIVERABLE: "A row of the journal cannot be delivered; details {sequence, id, scanId, reason}",
  WITNESS_REFUSED:
    "A co-signature of a checkpoint is refused: it is of another log or tree, or by no trusted key; details say why",
} as const;
export type AlertCode = keyof typeof ALERT_CODES;

/** Details of the alert `UNDELIVERABLE`. */
export const undeliverableDetailsSchema = z.strictObject({
  sequence: count,
  id: uuid,
  scanId: uuid.nullable(),
  reason: text,
});

/** `data` of `…/alert`. */
export const alertSchema = z
  .strictObject({
    code: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/),
    severity: z.enum(SEVERITIES),
    message: text.describe("what happened, plain English, no personal data"),
    remedy: text.describe("what to do about it"),
    lane: lane.optional(),
    scanId: uuid.optional(),
    details: z.record(z.string().max(64), z.json()).describe("figures and names by code"),
    journal: uuid,
    sequence: count.describe("counted with the hits of the journal"),
    integrity: integritySchema,
  })
  .describe("Something an operator should know, in the journal with the hits");
export type Alert = z.output<typeof alertSchema>;
/** An alert before it takes its place in the journal. */
export type UnsealedAlert = Omit<Alert, "integrity">;
