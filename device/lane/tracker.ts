import type { Reading } from "../peripheral/port.ts";
import type { Capture } from "../scan.ts";
import type { ScanEnded, ScanLost } from "../scanner/port.ts";
import { type ItemKnowledge, isEvidence, saysTheSame, tie, unbound } from "./item.ts";

/** Tolerances of the lane, ms. */
export interface TrackerTolerances {
  /** A reading older than this when a scan starts is not of its item. */
  readonly maxLeadMs: number;
  /** The reader's socket may lag the detector's by this: a reading that is still missing may come so long after the end. */
  readonly graceMs: number;
  /** A reading that comes later than the grace, but so soon after the end, is the scan's if no other item can claim it. */
  readonly lateMs: number;
  /** The same reading again within this is the reader reading twice. */
  readonly repeatMs: number;
}

export const TRACKER_TOLERANCES: TrackerTolerances = {
  maxLeadMs: 30_000,
  graceMs: 150,
  lateMs: 5_000,
  repeatMs: 1_000,
};

/** Readings that wait for their scan, at most; the oldest gives way, and what follows counts as uncertain. */
export const MAX_PENDING = 256;
/** Scans between their start and their capture, at most. */
export const MAX_OPEN = 16;

/** A scan's readings, tied. */
export interface Binding extends ItemKnowledge {
  /** False while a reading that the lane expects is missing and may still come within the grace. */
  readonly settled: boolean;
}

/** A reading that came after its scan was bound. */
export interface LateReading {
  readonly scanId: string;
  readonly update: ItemKnowledge;
}

interface Pending {
  readonly reading: Reading;
  /** It may be of an item that went by without a capture. */
  readonly uncertain: boolean;
}

interface Tracked {
  readonly beganAt: number;
  /** End of its interval; null while the item is under the detector. */
  endedAt: number | null;
  /** Another scan was open at the same time. */
  overlapped: boolean;
  /** Captured long before the gateway heard of it. */
  resent: boolean;
  uncertain: boolean;
  readonly readings: Reading[];
  capture: Capture | null;
}

/**
 * Ties identifiers and masses to scans, and says when it cannot. Pure: every time is passed in, gateway clock ms.
 *
 * An item passes reader and scale before the X-ray plane, so its readings arrive after the end of the scan before it and at
 * the latest `graceMs` after the end of its own. Held to that, the tracker never ties another item's reading: while an item
 * lacks a reading of a device, the next item's must not arrive before the grace is over. It says `trackingAmbiguous` and
 * ties nothing where the interval holds two identifiers of a scheme or two masses, where scans overlap, where an item went
 * by without a capture just before, and where a scan was re-sent after a lost link and its readings are gone.
 */
export class Tracker {
  readonly #expects: ReadonlySet<Reading["kind"]>;
  readonly #tolerances: TrackerTolerances;
  #pending: Pending[] = [];
  #open: Tracked[] = [];
  /** The scan that ended last, while a late reading may still be its own. */
  #last: Tracked | null = null;
  #uncertainUntil = Number.NEGATIVE_INFINITY;
  #lastLabel: Reading | null = null;

  /** @param expects the kinds of peripherals the lane has. */
  constructor(options: {
    readonly expects: readonly ("barcode" | "scale")[];
    readonly tolerances?: Partial<TrackerTolerances>;
  }) {
    this.#expects = new Set(options.expects.map((kind) => (kind === "barcode" ? "identifier" : "mass")));
    this.#tolerances = { ...TRACKER_TOLERANCES, ...options.tolerances };
  }

  /** When {@link settle} has something to do, gateway clock ms; null: not before the next reading. */
  get settleAt(): number | null {
    const first = this.#pending[0];
    return first === undefined || this.#open.length > 0
      ? null
      : first.reading.at + this.#tolerances.maxLeadMs;
  }

  /** Takes a reading; returns the update of the scan that ended just before, when the reading belongs to it. */
  reading(reading: Reading): LateReading | null {
    if (!isEvidence(reading) || this.#isRepeat(reading)) return null;
    const last = this.#last;
    const inGrace =
      last !== null && reading.at <= endOf(last) + this.#tolerances.graceMs && lacks(last, reading.kind);
    if (last !== null && inGrace && this.#open.length === 0) return this.#add(last, reading);
    // In the grace of one scan, yet another has begun: it may be either's.
    this.#push({ reading, uncertain: inGrace || reading.at <= this.#uncertainUntil });
    return null;
  }

  /** The first frame of a scan came. */
  scanStarted(at: number): void {
    this.#last =
      this.#last !== null && at <= endOf(this.#last) + this.#tolerances.graceMs ? this.#last : null;
    const underDetector = this.#open.filter((scan) => scan.endedAt === null);
    const scan = newTracked(at);
    for (const other of underDetector) other.overlapped = scan.overlapped = true;
    this.#open.push(scan);
    if (this.#open.length > MAX_OPEN) this.#open.shift();
  }

  /** The item has left the detector: the interval of its readings ends. Drivers that do not say so end it with the capture. */
  scanEnded(end: ScanEnded): void {
    const scan = this.#open.find((each) => each.beganAt === end.beganAt && each.endedAt === null);
    if (scan !== undefined) this.#close(scan, end.capturedAt, end.at);
  }

  /** An item went by without a capture: the readings so far are not the next item's, those that follow soon may not be. */
  scanLost(loss: ScanLost): void {
    if (loss.beganAt !== null) {
      const index = this.#open.findIndex((each) => each.beganAt === loss.beganAt && each.capture === null);
      if (index >= 0) this.#open.splice(index, 1);
    }
    this.#pending = this.#pending.filter(({ reading }) => reading.at > loss.at);
    this.#uncertainUntil = Math.max(this.#uncertainUntil, loss.at + this.#tolerances.lateMs);
    this.#last = null;
  }

  /** Ties what has come to a finished capture. */
  bind(capture: Capture): Binding {
    const scan = this.#open.find((each) => each.beganAt === capture.beganAt && each.capture === null);
    const tracked = scan ?? newTracked(capture.beganAt);
    if (tracked.endedAt === null) this.#close(tracked, capture.capturedAt, capture.receivedAt);
    this.#open = this.#open.filter((each) => each !== tracked);
    tracked.capture = capture;
    const known = this.#knowledge(tracked, capture);
    const settled = this.#isSettled(tracked, known);
    return { ...known, settled };
  }

  /**
   * To be called at {@link settleAt}: a reading that came late, and that no item has claimed since, is of the scan before it.
   * Until then it may be the next item's, whose label is read before its scan starts.
   */
  settle(now: number): LateReading | null {
    const { maxLeadMs, lateMs } = this.#tolerances;
    const old = this.#pending.filter(({ reading }) => reading.at + maxLeadMs <= now);
    if (old.length === 0 || this.#open.length > 0) return null;
    this.#pending = this.#pending.filter((pending) => !old.includes(pending));
    const last = this.#last;
    if (last === null) return null;
    const claims = old.filter(({ reading, uncertain }) => !uncertain && reading.at <= endOf(last) + lateMs);
    const missing = claims.filter(({ reading }) => lacks(last, reading.kind));
    if (missing.length === 0) return null;
    return this.#add(last, ...missing.map(({ reading }) => reading));
  }

  #add(scan: Tracked, ...readings: readonly Reading[]): LateReading | null {
    scan.readings.push(...readings);
    // Not captured yet: its lines are still being asked for, and `bind` will see the reading.
    if (scan.capture === null) return null;
    return { scanId: scan.capture.scanId, update: this.#knowledge(scan, scan.capture) };
  }

  #knowledge(scan: Tracked, capture: Capture): ItemKnowledge {
    const doubtful = scan.overlapped || scan.uncertain;
    if (scan.resent) return unbound(capture.identifiers, this.#expects.size > 0);
    if (doubtful && (scan.readings.length > 0 || scan.uncertain)) return unbound(capture.identifiers, true);
    return tie(capture.identifiers, scan.readings);
  }

  #isSettled(scan: Tracked, known: ItemKnowledge): boolean {
    if (known.trackingAmbiguous || scan !== this.#last) return true;
    return [...this.#expects].every((kind) => !lacks(scan, kind));
  }

  /** Ends the interval of a scan: what arrived since the one before is its item's. */
  #close(scan: Tracked, capturedAt: number, heardAt: number): void {
    const { maxLeadMs, lateMs } = this.#tolerances;
    scan.endedAt = capturedAt;
    scan.resent = heardAt - capturedAt > lateMs;
    const taken = this.#pending.filter(({ reading }) => reading.at <= capturedAt);
    this.#pending = this.#pending.filter(({ reading }) => reading.at > capturedAt);
    const own = taken.filter(({ reading }) => reading.at >= Math.min(scan.beganAt, capturedAt) - maxLeadMs);
    scan.readings.push(...own.map(({ reading }) => reading));
    scan.uncertain ||= own.some(({ uncertain }) => uncertain);
    if (scan.overlapped && own.length > 0) this.#spreadDoubt(scan);
    // Only the scan that ended last may get late readings, and only if it was alone and seen live.
    this.#last = scan.resent || scan.overlapped || scan.uncertain ? null : scan;
    if (!scan.resent) this.#uncertainUntil = Number.NEGATIVE_INFINITY;
  }

  /** Readings of scans that lay on the belt together may be of any of them. */
  #spreadDoubt(scan: Tracked): void {
    for (const other of this.#open) if (other !== scan && other.overlapped) other.uncertain = true;
  }

  /** A label read twice in a row: the item still stands before the reader. */
  #isRepeat(reading: Reading): boolean {
    if (reading.kind !== "identifier") return false;
    const before = this.#lastLabel;
    this.#lastLabel = reading;
    return (
      before !== null && reading.at - before.at <= this.#tolerances.repeatMs && saysTheSame(before, reading)
    );
  }

  #push(pending: Pending): void {
    this.#pending.push(pending);
    if (this.#pending.length <= MAX_PENDING) return;
    this.#pending = this.#pending.slice(1).map(({ reading }) => ({ reading, uncertain: true }));
  }
}

function newTracked(beganAt: number): Tracked {
  return {
    beganAt,
    endedAt: null,
    overlapped: false,
    resent: false,
    uncertain: false,
    readings: [],
    capture: null,
  };
}

function endOf(scan: Tracked): number {
  return scan.endedAt ?? Number.POSITIVE_INFINITY;
}

function lacks(scan: Tracked, kind: Reading["kind"]): boolean {
  return !scan.readings.some((reading) => reading.kind === kind);
}
