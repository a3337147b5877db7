import { type Peripheral, READING_OF, type Reading } from "../peripheral/port.ts";
import type { Capture } from "../scan.ts";
import type { ScanEnded, ScanLost } from "../scanner/port.ts";
import { type ItemKnowledge, isEvidence, saysTheSame, tie, unbound } from "./item.ts";
import type { Binding, ItemTracker, LateReading } from "./item-tracker.ts";

/** Tolerances of the lane, ms. */
export interface TrackerTolerances {
  /** A reading older than this when a scan starts is not of its item. */
  readonly maxLeadMs: number;
  /** The reader's socket may lag the detector's by this: a reading that is still missing may come so long after the end. */
  readonly graceMs: number;
  /**
   * A reading that comes later than the grace, but so soon after the end, is the scan's if no other item claims it. A scan
   * that the gateway hears of so long after its end was re-sent.
   */
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
  /** Its readings cannot be told from another item's, or are gone. */
  uncertain: boolean;
  readonly readings: Reading[];
  capture: Capture | null;
}

/**
 * Ties identifiers and masses to scans, and says when it cannot. Pure: every time is passed in, gateway clock ms.
 *
 * An item passes reader and scale before the X-ray plane, so its readings arrive after the end of the scan before it and at
 * the latest `graceMs` after the end of its own. Held to that, the tracker never ties another item's reading, as long as:
 * while an item lacks a reading of a device, the next item's does not arrive before the grace is over; all labels of an item
 * that has several arrive before its end; re-sent scans come before live ones on a new connection.
 *
 * It says `trackingAmbiguous` and ties nothing where the interval holds two identifiers of a scheme or two masses, where
 * scans overlap, for the first scan after an item went by without a capture, and where a scan was re-sent after a lost link
 * and its readings are gone.
 */
export class Tracker implements ItemTracker {
  readonly #expects: ReadonlySet<Reading["kind"]>;
  readonly #tolerances: TrackerTolerances;
  #pending: Pending[] = [];
  #open: Tracked[] = [];
  /** The live scan that ended last. */
  #last: Tracked | null = null;
  #lastEnd = Number.NEGATIVE_INFINITY;
  /** When an item last went by without a capture, until a later one has ended. */
  #lostAt: number | null = null;
  #lastLabel: Reading | null = null;

  /** @param expects the kinds of peripherals the lane has. */
  constructor(options: {
    readonly expects: readonly Peripheral["kind"][];
    readonly tolerances?: Partial<TrackerTolerances>;
  }) {
    this.#expects = new Set(options.expects.map((kind) => READING_OF[kind]));
    this.#tolerances = { ...TRACKER_TOLERANCES, ...options.tolerances };
  }

  /** When {@link settle} has something to do, gateway clock ms; null: not before the next reading or scan. */
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
    const inGrace = last !== null && reading.at <= endOf(last) + this.#tolerances.graceMs;
    if (last === null || !inGrace || (!isDoubtful(last) && !lacks(last, reading.kind))) {
      this.#push({ reading, uncertain: false });
      return null;
    }
    if (!isDoubtful(last) && !this.#isOccupied()) return this.#add(last, [reading]);
    // Another scan has begun within the grace, or what the last one has may be another's: the reading may be either's.
    last.uncertain = true;
    this.#push({ reading, uncertain: true });
    return this.#add(last, []);
  }

  /** The first frame of a scan came. */
  scanStarted(at: number): void {
    const scan = newTracked(at);
    for (const other of this.#open) {
      if (other.endedAt === null) other.overlapped = scan.overlapped = true;
    }
    this.#open.push(scan);
    if (this.#open.length > MAX_OPEN) this.#open.shift();
  }

  /** The item has left the detector: the interval of its readings ends. Drivers that do not say so end it with the capture. */
  scanEnded(end: ScanEnded): void {
    const scan = this.#open.find((each) => each.beganAt === end.beganAt && each.endedAt === null);
    if (scan !== undefined) this.#close(scan, end.capturedAt, end.at);
  }

  /** An item went by without a capture: the readings so far are not the next item's, and it is unknown which of those that follow are. */
  scanLost(loss: ScanLost): void {
    const index = this.#open.findIndex((each) => each.beganAt === loss.beganAt && each.capture === null);
    if (index >= 0) this.#open.splice(index, 1);
    this.#pending = this.#pending.filter(({ reading }) => reading.at > loss.at);
    this.#lostAt = loss.at;
    this.#last = null;
  }

  /** Ties what has come to a finished capture. */
  bind(capture: Capture): Binding {
    const found = this.#open.find((each) => each.beganAt === capture.beganAt && each.capture === null);
    const scan = found ?? newTracked(capture.beganAt);
    if (scan.endedAt === null) this.#close(scan, capture.capturedAt, capture.receivedAt);
    this.#open = this.#open.filter((each) => each !== scan);
    scan.capture = capture;
    const known = this.#knowledge(scan, capture);
    return { ...known, settled: this.#isSettled(scan, known) };
  }

  /**
   * To be called at {@link settleAt}: a reading that came late, and that no item has claimed since, is of the scan before it.
   * Until then it may be the next item's, whose label is read before its scan starts.
   */
  settle(now: number): LateReading | null {
    const { maxLeadMs, lateMs } = this.#tolerances;
    if (this.#isOccupied()) return null;
    const old = this.#pending.filter(({ reading }) => reading.at + maxLeadMs <= now);
    this.#pending = this.#pending.filter((pending) => !old.includes(pending));
    const last = this.#last;
    if (last === null || isDoubtful(last)) return null;
    const late = old.filter(({ reading, uncertain }) => {
      return !uncertain && reading.at <= endOf(last) + lateMs && lacks(last, reading.kind);
    });
    return late.length === 0
      ? null
      : this.#add(
          last,
          late.map(({ reading }) => reading),
        );
  }

  /** Whether an item is under the detector. */
  #isOccupied(): boolean {
    return this.#open.some((scan) => scan.endedAt === null);
  }

  #add(scan: Tracked, readings: readonly Reading[]): LateReading | null {
    scan.readings.push(...readings);
    // Not captured yet: its lines are still being asked for, and `bind` will see the reading.
    if (scan.capture === null) return null;
    return { scanId: scan.capture.scanId, update: this.#knowledge(scan, scan.capture) };
  }

  #knowledge(scan: Tracked, capture: Capture): ItemKnowledge {
    if (scan.uncertain) return unbound(capture.identifiers, this.#expects.size > 0);
    if (scan.overlapped && scan.readings.length > 0) return unbound(capture.identifiers, true);
    return tie(capture.identifiers, scan.readings);
  }

  #isSettled(scan: Tracked, known: ItemKnowledge): boolean {
    if (known.trackingAmbiguous || scan !== this.#last) return true;
    return [...this.#expects].every((kind) => !lacks(scan, kind));
  }

  /** Ends the interval of a scan: what arrived since the one before is its item's. */
  #close(scan: Tracked, capturedAt: number, heardAt: number): void {
    const { maxLeadMs, lateMs, graceMs } = this.#tolerances;
    const old = heardAt - capturedAt > lateMs;
    // A scan that ended before one that is closed already was re-sent as well.
    const resent = old || capturedAt < this.#lastEnd;
    scan.endedAt = capturedAt;
    this.#lastEnd = Math.max(this.#lastEnd, capturedAt);
    // A re-sent scan gets no reading: those within its grace are spent with it.
    const until = old ? capturedAt + graceMs : capturedAt;
    const taken = this.#pending.filter(({ reading }) => reading.at <= until);
    this.#pending = this.#pending.filter(({ reading }) => reading.at > until);
    const own = taken.filter(({ reading }) => reading.at >= Math.min(scan.beganAt, capturedAt) - maxLeadMs);
    scan.readings.push(...own.map(({ reading }) => reading));
    scan.uncertain ||= resent || this.#lostAt !== null || own.some(({ uncertain }) => uncertain);
    if (this.#lostAt !== null && capturedAt >= this.#lostAt) this.#lostAt = null;
    if (scan.overlapped && own.length > 0) this.#spreadDoubt(scan);
    if (!resent) this.#last = scan;
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
  return { beganAt, endedAt: null, overlapped: false, uncertain: false, readings: [], capture: null };
}

function endOf(scan: Tracked): number {
  return scan.endedAt ?? Number.POSITIVE_INFINITY;
}

function isDoubtful(scan: Tracked): boolean {
  return scan.uncertain || scan.overlapped;
}

function lacks(scan: Tracked, kind: Reading["kind"]): boolean {
  return !scan.readings.some((reading) => reading.kind === kind);
}
