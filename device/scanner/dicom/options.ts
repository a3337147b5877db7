import type { ListenerTls } from "../../dicom-net/acceptor.ts";
import type { Log } from "../../log.ts";
import type { ScanStore } from "../../spool/port.ts";

/** Times of the DICOM driver, ms. Tests shorten them. */
export interface DicomTimings {
  /** A set that does not say how large it is, or is not whole, waits so long after its last object (`cli.md`: 10 s). */
  readonly joinMs: number;
  /** An incomplete set is kept so long for an object that comes late. */
  readonly lateMs: number;
  /** A link on which nothing comes is cut. */
  readonly idleMs: number;
  /** An association request must be whole by then. */
  readonly requestMs: number;
  /** After a refusal or a full spool. */
  readonly retryMs: number;
  /** One plane is decoded by then, or the object is given up. */
  readonly decodeMs: number;
}

export const DICOM_TIMINGS: DicomTimings = {
  joinMs: 10_000,
  lateMs: 600_000,
  idleMs: 60_000,
  requestMs: 30_000,
  retryMs: 5_000,
  decodeMs: 120_000,
};

/** Bounds of the DICOM driver; each has a test that reaches it. */
export const DICOM_DRIVER_LIMITS = {
  /** Associations at once; more are rejected as transient. */
  maxAssociations: 128,
  /** Objects of one scan. */
  maxObjectsOfScan: 64,
  /** Scans whose objects are waited for. */
  maxOpenScans: 256,
  /** Bytes of one association, in `maxScanBytes`. */
  associationFactor: 16,
  /** Bytes collected before they are written to the disk, for each association. */
  bufferBytes: 256 * 1024,
  /** Reports kept in the inbox; the oldest go first. */
  maxReports: 10_000,
  /** Days that instances are remembered, so that what is sent again is known. */
  rememberDays: 7,
} as const;

export interface DicomDriverOptions {
  readonly lane: string;
  /** Folder of the lane in the spool: what was received and is not yet a scan. */
  readonly inbox: string;
  readonly host: string;
  readonly port: number;
  readonly aeTitle: string;
  /** Peers must call the lane by its AE title; absent: by any. */
  readonly checkCalledAeTitle?: boolean;
  /** Application contexts that are taken; absent: any, and the one proposed is answered. */
  readonly applicationContexts?: readonly string[];
  /** AE titles that may store; absent: any. */
  readonly aeTitles?: readonly string[];
  /** Addresses that may connect; absent: any. */
  readonly from?: readonly string[];
  readonly tls?: ListenerTls;
  readonly store: ScanStore;
  /** Bytes of one object, and of the planes of a scan. */
  readonly maxScanBytes: number;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
  readonly timings?: Partial<DicomTimings>;
}
