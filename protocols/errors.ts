/**
 * Every stable error code with what it means. A code is never reused for another meaning; `test/unit/error-codes.test.ts`
 * holds this table and the table in `device/README.md` together.
 */
export const ERROR_CODES = {
  LYN_ASPECT: "Registers are not those of an Aspect portal",
  LYN_AUDIT_BROKEN:
    "A journal or an export does not hold what was written: the message names the first broken link",
  LYN_AUDIT_EXPORT: "A folder is no export that can be verified, or a log cannot be exported there",
  LYN_AUTHORITY: "The reference certificate authority cannot do what it was asked",
  LYN_BELT_MAP: "A signal of a conveyor's map is unknown, in the wrong table or too far from the others",
  LYN_BELT_OUTPUT: "A conveyor could not be told to stop or divert",
  LYN_CALIBRATION: "Dark and air frames do not make a calibration, or lines do not fit it",
  LYN_CAMERA: "A camera beside the tunnel cannot be reached, or what it sends is no picture",
  LYN_CANONICAL_JSON:
    "A value has no RFC 8785 canonical form (NaN, Infinity, an integer above 2^53−1, a lone surrogate)",
  LYN_CHAIN_INPUT: "A hash of the integrity chain is not 64 lower-case hex digits",
  LYN_CONFIG_INVALID: "The configuration file does not match its schema",
  LYN_CONFIG_UNREADABLE: "The configuration file cannot be read or is not YAML",
  LYN_DATASET: "A labelled data set lacks a part, or does not hold what its annotations say",
  LYN_DECLARATION_CSV: "A table of declarations is no table, or beyond its bounds",
  LYN_DECLARATION_JSON: "A JSON message of declarations is none, or beyond its bounds",
  LYN_DECLARATION_MAP: "A column map or a key for tokens is not usable",
  LYN_DECLARATION_RECORD: "A stored declaration cannot be unpacked",
  LYN_DECLARATION_XML: "An XML message of declarations is none, or beyond its bounds",
  LYN_DICOM_ASSOCIATION: "A DICOM peer refused, aborted or broke an association",
  LYN_DICOM_CODEC: "Compressed pixel data of a DICOM object cannot be decoded",
  LYN_DICOM_FORMAT: "A file is no DICOM file: no DICM at byte 128, or no transfer syntax",
  LYN_DICOM_INVALID: "A DICOM object breaks the encoding of PS3.5, or a value cannot be encoded",
  LYN_DICOM_LIMIT:
    "A DICOM object is over a bound: depth, elements, fragments, frames or bytes before its pixels",
  LYN_DICOM_PDU: "A DICOM peer sent what is no PDU or message of PS3.7 and PS3.8",
  LYN_DICOM_PIXELS: "The pixel data of a DICOM object does not fit its description",
  LYN_DICOM_STATUS: "A DICOM peer answered an operation with a failure",
  LYN_DICOM_SYNTAX: "A DICOM object has a transfer syntax that is not read",
  LYN_DICOM_TRUNCATED: "A DICOM object ends before what it announces",
  LYN_DRIVER_MODULE: "A driver module is not there, does not load or exports something else",
  LYN_ENROLMENT: "A gateway could not be enrolled: token, authority or folder",
  LYN_ENVELOPE_INVALID: "A message is not a CloudEvents 1.0 structured event of the MQTT contract",
  LYN_EXPORT: "A scan or a data set cannot be exported: no such scan, nothing to export, or a folder in use",
  LYN_FRAME_ENCODE:
    "A line-scan frame cannot be encoded: a field is out of range or the payload is over 1 MiB",
  LYN_HID_AMBIGUOUS: "Several USB devices match a hid:// URL that does not say which is meant",
  LYN_HID_DESCRIPTOR: "A HID report descriptor cannot be read or is not that of a bar code reader",
  LYN_HID_DEVICE: "A USB HID or input device cannot be opened",
  LYN_ID_INPUT: "An identifier cannot be derived: a time, random bytes, a uuid or a number is out of range",
  LYN_IMAGE_FORMAT: "A file is no image of a kind that is read, whatever its name says",
  LYN_IMAGE_PAIR: "Two planes are no dual-energy pair: one is missing, or size or depth differ",
  LYN_IMAGE_PART: "An image part is malformed",
  LYN_IMAGE_SIDECAR: "The sidecar of an image is there but cannot be used",
  LYN_IMAGE_SIZE: "An image is empty, has no pixels or is over the bound on pixels or bytes",
  LYN_IMAGE_UNREADABLE: "An image is damaged, cut short or in a form that is not read",
  LYN_INFERENCE_RESTARTS: "The analysis process keeps failing; it is restarted ever more rarely",
  LYN_INFERENCE_SOCKET:
    "The socket between the gateway and the models' process cannot be used, or carries what neither says",
  LYN_INFERENCE_STOPPED: "An analysis was asked of an inference that is stopped",
  LYN_JOURNAL_VERSION: "The spool was written by a newer version of the program",
  LYN_JWS: "A signed message is no compact JWS with EdDSA, or no trusted key signed it",
  LYN_LEDGER: "Central's file of hits and alerts cannot be written",
  LYN_LINES_PAYLOAD: "A LINES payload is malformed or a field of it is out of range",
  LYN_LINE_SCAN_MESSAGE: "A line-scan message does not match its schema",
  LYN_LINK_ENDED: "A link to a device ended or broke",
  LYN_LINK_NOT_OPEN: "A link to a device has not been opened yet",
  LYN_LINK_SILENT: "A device said nothing for so long that the link counts as lost",
  LYN_LINK_UNREACHABLE: "A device or a broker cannot be reached over the network",
  LYN_LISTEN_FAILED: "The gateway cannot listen on an address",
  LYN_MASS_CALIBRATION: "A step wedge or a mass calibration file cannot be used",
  LYN_MESSAGE_TOO_LARGE: "A message is larger than the MQTT contract allows",
  LYN_MODEL_ARCHIVE: "The archive of a model package is refused: what it holds, or its size",
  LYN_MODEL_DIGEST_MISMATCH: "A file of a model package is not the one that its manifest describes",
  LYN_MODEL_GRAPH: "The graph of a model package uses what is not allowed, or is beyond its bounds",
  LYN_MODEL_KNOWN_ANSWER: "A model does not give its golden outputs on this machine",
  LYN_MODEL_LOAD_FAILED: "The runtime cannot load the graph of a model package",
  LYN_MODEL_MANIFEST_INVALID: "The manifest or golden files of a model package break lynceus-model/1",
  LYN_MODEL_MISSING: "A model that a lane names has no package in the models folders",
  LYN_MODEL_RELEASE: "A step of releasing model packages cannot be done",
  LYN_MODEL_REPOSITORY:
    "A repository of models is refused: its signatures, versions, expiry or sizes, or the clock",
  LYN_MODEL_RUN_FAILED: "A model run failed or gave values that are not numbers",
  LYN_MODEL_SCAN_UNSUPPORTED: "The model cannot read a scan of this kind, size or air level",
  LYN_MODEL_SIGNATURE: "A model package is signed by no key in trust.models and is none of the release",
  LYN_MODEL_SOURCE: "No source of models can be reached, or none has the target",
  LYN_MODEL_STATE:
    "The state of the installed models cannot be read or written, or does not allow what is asked",
  LYN_MODEL_UNREADABLE: "A model package or a file of it cannot be read or is too large",
  LYN_MT_SICS: "A line or command is not MT-SICS",
  LYN_N42: "A document is not ANSI N42.42, or is beyond its bounds",
  LYN_NOTE: "A checkpoint or a witness' signature is no signed note, or says something else",
  LYN_PATH_MISSING: "A path named on the command line does not exist",
  LYN_PAYLOAD_INVALID: "The data of an event does not match its schema",
  LYN_PEER_NOT_ALLOWED: "A peer is not in the list of allowed addresses",
  LYN_PERIPHERAL_PROTOCOL: "A peripheral does not speak the protocol that the configuration names",
  LYN_PKCS11: "A signing key in a token (PKCS#11) is named wrongly, or the token cannot be used",
  LYN_PLANE_INVALID: "Image data does not fit the plane that it is written to",
  LYN_PLANE_SEALED: "A stored plane is encrypted by a key that is not here",
  LYN_PLANE_TOO_LARGE: "A plane is larger than 64 million pixels",
  LYN_PROFILE:
    "A risk profile does not match its schema, is for another site, or is older than the one in force",
  LYN_RECORDING: "A recording of a link cannot be read or holds another device",
  LYN_ROLLOUT: "A model package cannot be brought to a fleet: the broker cannot be reached",
  LYN_SCALE_FRAME: "A frame of a scale does not fit the profile that the configuration gives",
  LYN_SCANNER_PROFILE: "A scanner profile cannot be read or does not match its schema",
  LYN_SCANNER_REFUSED: "The scanner was refused: its protocol version or serial number is not accepted",
  LYN_SCAN_TOO_LARGE: "A scan or one of its planes is larger than the gateway accepts",
  LYN_SCAN_UNKNOWN: "No scan with this id is stored in the spool",
  LYN_SECRET_UNREADABLE: "A secret named in the configuration cannot be read",
  LYN_SERIAL_PORT: "A serial port cannot be opened",
  LYN_SIGNED_MESSAGE: "A signed message of central is of another kind, for another gateway, or not of now",
  LYN_SIGNING_KEY: "The signing key cannot be used",
  LYN_SIGNING_KEY_EXPOSED: "The file of the signing key may be written by others than its owner",
  LYN_SIMULATION: "The simulator could not generate a scan",
  LYN_SPOOL_CLOSED: "The spool is not open",
  LYN_SPOOL_FATAL: "The disk under the spool failed; what was not acknowledged cannot be trusted",
  LYN_SPOOL_FULL: "The disk under the spool, or its quota, is full",
  LYN_SPOOL_KEY: "The key of spool.encryption is none",
  LYN_SPOOL_LOCKED: "Another process has the spool open",
  LYN_SPOOL_MISSING: "There is no spool at this path",
  LYN_SPOOL_OVERLOADED: "More work waits for the spool than it may queue",
  LYN_SPOOL_WRITE: "The spool refused one write",
  LYN_TLS_MATERIAL: "Certificates or keys of a device's TLS link cannot be used",
  LYN_TOPIC: "A topic or a part of it is outside the MQTT contract",
  LYN_TRANSPORT_URL: "A transport URL or its list of allowed addresses cannot be used",
  LYN_TRUSTED_KEY: "A public key that the configuration trusts cannot be read or is not an Ed25519 key",
  LYN_USAGE: "The command line was used wrongly",
  LYN_VM250: "A line is not one of a VM-250-type radiation portal",
} as const satisfies Record<string, string>;

/** A stable error code, `LYN_…`. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What a {@link LynceusError} carries beside its code and message. */
export interface ErrorContext {
  /** What the reader can do about it, in plain words. */
  readonly remedy: string;
  /** Figures and names that help to find the fault; never a secret or personal data. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error class: a stable code, a message that says what and where, and a remedy in plain words. */
export class LynceusError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, context: ErrorContext) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.name = "LynceusError";
    this.code = code;
    this.remedy = context.remedy;
    this.details = context.details ?? {};
  }
}

/** Whether `error` is a {@link LynceusError}, optionally one of the given codes. */
export function isLynceusError(error: unknown, ...codes: readonly ErrorCode[]): error is LynceusError {
  return error instanceof LynceusError && (codes.length === 0 || codes.includes(error.code));
}
