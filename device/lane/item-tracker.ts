import type { AcquisitionStatus } from "../../protocols/vocabulary.ts";
import type { Reading } from "../peripheral/port.ts";
import type { Capture } from "../scan.ts";
import type { ScanEnded, ScanLost } from "../scanner/port.ts";
import type { ItemKnowledge } from "./item.ts";

/** A scan's readings, tied. */
export interface Binding extends ItemKnowledge {
  /** False while a reading that the lane expects is missing and may still come within the grace. */
  readonly settled: boolean;
  /** What the belt says of the acquisition (`mqtt.md`, Hit `scan.acquisition`), beside what the scanner says. */
  readonly acquisition?: readonly AcquisitionStatus[];
}

/** A reading that came after its scan was bound. */
export interface LateReading {
  readonly scanId: string;
  readonly update: ItemKnowledge;
}

/**
 * Ties identifiers and measurements to scans, and says when it cannot. Pure: every time is passed in, gateway clock ms.
 * By order and time where the lane has nothing else (`tracker.ts`), by the belt's encoder where it has one
 * (`tracking/belt-tracker.ts`).
 */
export interface ItemTracker {
  /** When {@link settle} has something to do, gateway clock ms; null: not before the next reading or scan. */
  readonly settleAt: number | null;
  /** Takes a reading; returns the update of a scan that is bound already, when the reading belongs to it. */
  reading(reading: Reading): LateReading | null;
  /** The first frame of a scan came. */
  scanStarted(at: number): void;
  /** The item has left the detector. */
  scanEnded(end: ScanEnded): void;
  /** An item went by without a capture. */
  scanLost(loss: ScanLost): void;
  /** Ties what has come to a finished capture. */
  bind(capture: Capture): Binding;
  /** To be called at {@link settleAt}. */
  settle(now: number): LateReading | null;
}
