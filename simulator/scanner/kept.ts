import type { ScanFaults } from "./faults.ts";
import type { PreparedScan } from "./prepared.ts";

/** Lines a gateway says it lacks, `to` exclusive. */
export interface MissingLines {
  readonly view: number;
  readonly energy: number;
  readonly from: number;
  readonly to: number;
}

/** What has to be done next for a scan that is not acknowledged. */
export type Due =
  /** Nothing: its answer is awaited. */
  | { readonly kind: "none" }
  /** Send all of it. */
  | { readonly kind: "whole" }
  /** Send these lines, then SCAN_END again. */
  | { readonly kind: "lines"; readonly missing: readonly MissingLines[] }
  /** Send SCAN_END with `final`: the missing lines are lost for good. */
  | { readonly kind: "final" };

/** A scan in the scanner's own store: kept until the gateway has acknowledged it. */
export interface KeptScan {
  readonly prepared: PreparedScan;
  readonly faults: ScanFaults;
  /** The scanner's own id of the scan. */
  readonly scanRef: string;
  /** RFC 3339; with `scanRef` and the serial number the key of the scan, so it never changes. */
  readonly startedAt: string;
  /** Encoder counts at the first line. */
  readonly encoder: number;
  /** Monotonic clock at the first line, ns. */
  readonly startedNs: bigint;
  /** RFC 3339 once the acquisition is over. */
  endedAt: string | null;
  acquisition: readonly string[];
  due: Due;
  /** u32 on the present connection. */
  number: number;
  /** Not to be sent before this, `performance.now()` ms. */
  notBefore: number;
  /** When an answer to SCAN_END is overdue, `performance.now()` ms. */
  answerBy: number;
  /** The gateway lost sync while this scan was on its way. */
  suspect: boolean;
  /** Refusals and unanswered attempts so far; a lost link does not count. */
  refusals: number;
  /** Times it was sent whole. */
  transmissions: number;
}

/** A new scan, about to be acquired. */
export function keep(options: {
  prepared: PreparedScan;
  faults: ScanFaults;
  scanRef: string;
  startedAt: string;
  encoder: number;
  startedNs: bigint;
}): KeptScan {
  return {
    ...options,
    endedAt: null,
    acquisition: [],
    due: { kind: "none" },
    number: 0,
    notBefore: 0,
    answerBy: Number.POSITIVE_INFINITY,
    suspect: false,
    refusals: 0,
    transmissions: 0,
  };
}
