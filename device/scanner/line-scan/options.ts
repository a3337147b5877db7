import type { BackoffLimits } from "../../backoff.ts";
import type { Log } from "../../log.ts";
import type { ScanStore } from "../../spool/port.ts";
import type { Transport } from "../../transport/port.ts";

/** Times of `line-scan.md`, ms. Tests shorten them. */
export interface LineScanTimings {
  /** A HEARTBEAT is sent this often. */
  readonly heartbeatMs: number;
  /** Without a good frame for so long the link is lost. */
  readonly silenceMs: number;
  /** A frame unfinished for so long is given up. */
  readonly unfinishedMs: number;
  /** A peer that has not said HELLO by then is let go. */
  readonly helloMs: number;
}

export const LINE_SCAN_TIMINGS: LineScanTimings = {
  heartbeatMs: 5_000,
  silenceMs: 15_000,
  unfinishedMs: 5_000,
  helloMs: 15_000,
};

/**
 * LINES frames a scanner may send ahead. One is being written, one may be half decoded, and 128 KiB wait in the stream: with
 * six on their way a connection stays within the eight frames of `line-scan.md`.
 */
export const LINES_CREDIT = 6;
/** Credit is given back in pairs, so that FLOW does not double the number of frames. */
export const CREDIT_STEP = 2;

/** A line-scan scanner of one lane. */
export interface LineScanOptions {
  readonly lane: string;
  readonly transport: Transport;
  readonly store: ScanStore;
  /** Serial numbers that may connect; none: any. */
  readonly serials?: readonly string[] | undefined;
  /** Bytes of image data a scan may have. */
  readonly maxScanBytes: number;
  /** An air calibration older than this is reported, ms; absent: never. */
  readonly maxCalibrationAgeMs?: number | undefined;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
  readonly timings?: Partial<LineScanTimings>;
  readonly backoff?: BackoffLimits;
  /** 0 ≤ x < 1, for the jitter of reconnecting. */
  readonly random?: () => number;
}
