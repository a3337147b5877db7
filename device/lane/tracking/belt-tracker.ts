import type { Reading } from "../../peripheral/port.ts";
import type { Capture } from "../../scan.ts";
import type { ScanEnded, ScanLost } from "../../scanner/port.ts";
import { type ItemKnowledge, isEvidence, saysTheSame, tie, unbound } from "../item.ts";
import type { Binding, ItemTracker, LateReading } from "../item-tracker.ts";
import { BeltItems } from "./belt-items.ts";
import { type ItemOnBelt, passageOf, type Slip, type Stretch, slackOf } from "./item-on-belt.ts";
import { type BeltPosition, Odometer, type OdometerOptions } from "./odometer.ts";
import { type Imaged, imagedBy, NOTHING_IMAGED } from "./scanned.ts";

/** Where things stand along the belt, mm from the entry photo-eye, and how well that is known. */
export interface BeltLayout {
  /** Readers and scales by device id: a reading is of an item that is within `windowMm` of `atMm`. */
  readonly stations: ReadonlyMap<string, { readonly atMm: number; readonly windowMm: number }>;
  /** Photo-eyes after the entry, by name. */
  readonly eyes: ReadonlyMap<string, number>;
  /** The X-ray plane. */
  readonly xrayMm: number;
  /** An item may slide or lag on the belt by this at most between two places where it is seen. */
  readonly slipMm: number;
  /** A reading or frame reaches the gateway this late at most, ms. */
  readonly lagMs: number;
}

/** Events that no item could be found for, or more than one. */
export interface BeltCounts {
  items: number;
  ambiguousReadings: number;
  unclaimedReadings: number;
  ambiguousScans: number;
  encoderBreaks: number;
}

interface BoundScan {
  readonly capture: Capture;
  readonly item: ItemOnBelt;
}

/** An item that went by without a capture, under a name of its own. */
interface LostItem {
  readonly name: string;
  readonly item: ItemOnBelt;
}

/** A station, and the stretch of belt that passed it when something was read there. */
interface Place {
  readonly atMm: number;
  readonly stretch: Stretch;
}

/** Scans whose item may still be told more, at most. */
const MAX_BOUND = 256;
/** Readings that wait for the entry eye, at most; the oldest gives way, as one of which it is not known whose it is. */
const MAX_HELD = 64;
/** Whether the entry eye has told of all is looked at again after so long, ms. */
const LOOK_AGAIN_MS = 10;

/**
 * Ties readings and scans to items by where the belt carries them: an item enters past a photo-eye, and every later event is
 * of the item that the belt brought to its place. Where slip, lag and windows leave two items possible, nothing is tied and
 * `trackingAmbiguous` says so.
 *
 * What it ties is right as long as each item darkens the entry eye by itself, no item slides further than `slipMm` between
 * two eyes, and no reading comes later than `lagMs`, not counting what it waits for a busy gateway: that shows in the encoder,
 * which is silent as long. A reading that is heard before the eye's word of its item waits for that word.
 */
export class BeltTracker implements ItemTracker {
  readonly #layout: BeltLayout;
  readonly #expects: ReadonlySet<string>;
  readonly #odometer: Odometer;
  readonly #slip: Slip;
  readonly #items: BeltItems;
  #bound: BoundScan[] = [];
  #late: LateReading[] = [];
  #lost: LostItem[] = [];
  /** Readings that wait for the entry eye's word, oldest first. */
  #held: Reading[] = [];
  #lookAt = 0;
  /** When the encoder was last heard. */
  #beltAt = Number.NEGATIVE_INFINITY;
  readonly #holdMs: number;
  readonly counts: BeltCounts = {
    items: 0,
    ambiguousReadings: 0,
    unclaimedReadings: 0,
    ambiguousScans: 0,
    encoderBreaks: 0,
  };

  /** @param expects device ids of the readers and scales that the lane has. */
  constructor(options: {
    readonly layout: BeltLayout;
    readonly expects: readonly string[];
    readonly odometer: OdometerOptions;
  }) {
    this.#layout = options.layout;
    this.#expects = new Set(options.expects);
    this.#odometer = new Odometer(options.odometer);
    this.#holdMs = options.odometer.maxGapMs;
    const { slipMm, eyes } = options.layout;
    this.#slip = { mm: slipMm, eyes: [...eyes.values()] };
    this.#items = new BeltItems(this.#slip);
  }

  /** Due at once while an earlier binding has turned out to be doubtful, and soon while a reading waits for the entry eye. */
  get settleAt(): number | null {
    if (this.#late.length > 0) return 0;
    return this.#held.length > 0 ? this.#lookAt : null;
  }

  /**
   * An encoder sample: the belt stood at `mm` at `at`, gateway clock ms, give or take `withinMs`.
   * @param fresh what came before it was not seen.
   */
  belt(at: number, mm: number, fresh = false, withinMs = 0): void {
    const unbroken = this.#odometer.sample(at, mm, fresh, withinMs);
    this.#beltAt = at;
    if (unbroken && this.#odometer.samples > 1) {
      this.#items.moved(mm);
      return;
    }
    if (!unbroken) this.counts.encoderBreaks += 1;
    this.#items.startAfresh(mm);
  }

  /** A photo-eye turned dark or light, not before `after`. The eye that the layout does not name is the entry. */
  eye(name: string, at: number, dark: boolean, after = at): void {
    const position = this.#positionBetween(after, at);
    if (position === null) return;
    const station = this.#layout.eyes.get(name);
    if (station !== undefined) {
      if (dark) this.#items.seenAgain(station, position);
    } else if (dark) {
      this.#items.enter(position);
      this.counts.items += 1;
    } else this.#items.entered(position);
  }

  reading(reading: Reading): LateReading | null {
    if (!isEvidence(reading)) return null;
    this.#held.push(reading);
    this.#release(reading.at);
    return this.#late.shift() ?? null;
  }

  scanStarted(_at: number): void {}

  scanEnded(_end: ScanEnded): void {}

  scanLost(_loss: ScanLost): void {}

  bind(capture: Capture): Binding {
    this.#release(capture.receivedAt);
    const imaged = this.#imaged(capture);
    for (const item of imaged.touched) this.#take(item, capture);
    if (imaged.item === null) {
      this.counts.ambiguousScans += 1;
      for (const item of imaged.merged) item.findings.add("MERGED");
      const acquisition = imaged.merged.length > 1 ? (["MERGED"] as const) : [];
      return { ...unbound(capture.identifiers, this.#expects.size > 0), settled: true, acquisition };
    }
    const { item } = imaged;
    if (item.doubtful) this.counts.ambiguousScans += 1;
    if (imaged.cut) item.findings.add("CUT");
    this.#bound = [
      ...this.#bound.filter((each) => each.capture.scanId !== capture.scanId),
      { capture, item },
    ].slice(-MAX_BOUND);
    const known = this.#knowledge(item, capture);
    return {
      ...known,
      settled: this.#isSettled(item, known, capture.receivedAt),
      acquisition: [...item.findings],
    };
  }

  settle(now: number): LateReading | null {
    this.#release(now);
    return this.#late.shift() ?? null;
  }

  /** Names the item that was at the X-ray plane when a scan was lost, for {@link passage}; it may not be known which. */
  nameLost(at: number): string {
    const name = `lost ${at}`;
    const here = this.#stretch(this.#earliest(at), at, 0);
    const near = here === null ? [] : this.#items.near(this.#layout.xrayMm, here);
    const [item] = near;
    if (item !== undefined && near.length === 1)
      this.#lost = [...this.#lost, { name, item }].slice(-MAX_BOUND);
    return name;
  }

  /** Belt positions between which the scan's item passes a place, mm; null when that is not known. For a diverter. */
  passage(scanId: string, placeMm: number): Stretch | null {
    const bound =
      this.#bound.find(({ capture }) => capture.scanId === scanId) ??
      this.#lost.find(({ name }) => name === scanId);
    if (bound === undefined || bound.item.doubtful || bound.item.back === null) return null;
    const slack = slackOf(bound.item, placeMm, this.#slip);
    const { from, to } = passageOf(bound.item, placeMm);
    return { from: from - slack, to: to + slack };
  }

  /** Where on the belt, and at which station, what was read can be; null: that is not known. */
  #placeOf(reading: Reading): Place | null {
    const station = this.#layout.stations.get(reading.device);
    if (station === undefined) return null;
    // A portal speaks when the item is through: its reading is of all the belt that went by meanwhile.
    const since = reading.kind === "radiation" ? Math.min(reading.beganAt, reading.at) : reading.at;
    const stretch = this.#stretch(this.#earliest(since), reading.at, station.windowMm);
    return stretch === null ? null : { atMm: station.atMm, stretch };
  }

  /**
   * Ties those readings of which the entry eye has told all by now, and all when the belt has been silent too long; a busy
   * gateway may hear a reading before the eye's word of the item that it is of. While the belt is heard of, that word will
   * come, however slowly it moves.
   */
  #release(now: number): void {
    const held = this.#held;
    this.#held = [];
    this.#lookAt = now + LOOK_AGAIN_MS;
    for (const reading of held) {
      const place = this.#placeOf(reading);
      const waits = place !== null && this.#items.mayBeYetUnseen(place.atMm, place.stretch);
      if (waits && now < Math.max(reading.at, this.#beltAt) + this.#holdMs) this.#held.push(reading);
      else this.#tieTo(place, reading);
    }
    const [oldest] = this.#held;
    if (oldest === undefined || this.#held.length <= MAX_HELD) return;
    this.#held = this.#held.slice(1);
    this.#tieTo(this.#placeOf(oldest), oldest);
  }

  /** Ties a reading to the one item that it can be of, and doubts it of several. */
  #tieTo(place: Place | null, reading: Reading): void {
    if (place === null) {
      this.counts.unclaimedReadings += 1;
      return;
    }
    const { atMm, stretch } = place;
    const candidates = this.#items.near(atMm, stretch);
    const holder = candidates.find((item) => item.readings.some((each) => saysTheSame(each, reading)));
    if (reading.kind === "identifier" && holder !== undefined) return;
    const [only] = candidates;
    const unknown = this.#items.mayBeUnknown(atMm, stretch) || this.#items.mayBeYetUnseen(atMm, stretch);
    if (only !== undefined && candidates.length === 1 && !unknown) {
      this.#give(only, reading);
      return;
    }
    if (only === undefined) this.counts.unclaimedReadings += 1;
    else this.counts.ambiguousReadings += 1;
    for (const item of candidates) item.doubted.add(reading.kind);
    this.#tellAgain(candidates);
  }

  #give(item: ItemOnBelt, reading: Reading): void {
    item.readings.push(reading);
    if (item.readings.length > MAX_READINGS) {
      // An alarm is never forgotten for what comes after it.
      const oldest = item.readings.findIndex((each) => !isAlarm(each));
      item.readings.splice(Math.max(0, oldest), 1);
    }
    this.#tellAgain([item]);
  }

  /** Scans that are bound already learn what has changed of their items. */
  #tellAgain(items: readonly ItemOnBelt[]): void {
    for (const { capture, item } of this.#bound) {
      if (!items.includes(item)) continue;
      this.#late = this.#late.filter(({ scanId }) => scanId !== capture.scanId);
      this.#late.push({ scanId: capture.scanId, update: this.#knowledge(item, capture) });
    }
  }

  /** Two scans of one item: two items that darkened the eye as one, or one that was cut. Neither scan keeps its readings. */
  #take(item: ItemOnBelt, capture: Capture): void {
    item.scans.add(capture.key.scanRef);
    if (item.scans.size < 2 || item.doubtful) return;
    item.doubtful = true;
    item.findings.add("CUT");
    this.#tellAgain([item]);
  }

  #knowledge(item: ItemOnBelt, capture: Capture): ItemKnowledge {
    if (item.doubtful) return unbound(capture.identifiers, this.#expects.size > 0);
    const sure = item.readings.filter(({ kind }) => !item.doubted.has(kind));
    const known = tie(capture.identifiers, sure);
    return { ...known, trackingAmbiguous: known.trackingAmbiguous || item.doubted.size > 0 };
  }

  /** Whether no reading of the item can still come from a place that it has passed or is passing. */
  #isSettled(item: ItemOnBelt, known: ItemKnowledge, now: number): boolean {
    if (known.trackingAmbiguous) return true;
    if (this.#held.length > 0) return false;
    const { stations } = this.#layout;
    const gone = this.#odometer.positionAt(this.#earliest(now));
    return [...this.#expects].every((device) => {
      const station = stations.get(device);
      if (station === undefined || item.readings.some((reading) => reading.device === device)) return true;
      const { from, to } = passageOf(item, station.atMm);
      const slack = slackOf(item, station.atMm, this.#slip) + station.windowMm;
      return gone !== null && (to + slack < gone.mm || from - slack > gone.mm);
    });
  }

  #imaged(capture: Capture): Imaged {
    const { xrayMm } = this.#layout;
    const ended = this.#odometer.positionAt(capture.capturedAt);
    if (ended === null) return NOTHING_IMAGED;
    const length = lengthMm(capture);
    const resent = capture.beganAt >= capture.capturedAt;
    const began = resent ? null : this.#odometer.positionAt(capture.beganAt);
    const from = began === null ? length && ended.mm - length : began.mm;
    if (from === null) return NOTHING_IMAGED;
    const earliest = this.#odometer.positionAt(this.#earliest(capture.beganAt));
    const latest = this.#odometer.positionAt(this.#earliest(capture.capturedAt));
    const possible: Stretch = {
      from: resent || earliest === null ? from - ended.within : earliest.mm - earliest.within,
      to: ended.mm + ended.within,
    };
    const sure: Stretch = { from, to: latest === null ? from : Math.max(from, latest.mm) };
    if (this.#items.mayBeUnknown(xrayMm, possible) || this.#items.mayBeYetUnseen(xrayMm, possible))
      return NOTHING_IMAGED;
    return imagedBy(this.#items.near(xrayMm, possible), {
      possible,
      sure,
      xrayMm,
      slip: this.#slip,
    });
  }

  /** When that happened which the gateway heard at `at`, at the earliest: its way takes time, and so does a busy machine. */
  #earliest(at: number): number {
    const { lagMs } = this.#layout;
    return at - lagMs - this.#odometer.silentMs(at, lagMs);
  }

  #positionBetween(after: number, at: number): BeltPosition | null {
    const last = this.#odometer.positionAt(at);
    const first = this.#odometer.positionAt(after);
    if (last === null || first === null) return null;
    const within = Math.abs(last.mm - first.mm) / 2 + Math.max(first.within, last.within);
    return { mm: (first.mm + last.mm) / 2, within };
  }

  /** Belt positions that an event between two times can be of; null where the belt's position is not known at either. */
  #stretch(from: number, to: number, window: number): Stretch | null {
    const last = this.#odometer.positionAt(to);
    const first = this.#odometer.positionAt(from);
    if (last === null || first === null) return null;
    return {
      from: Math.min(first.mm, last.mm) - Math.max(first.within, last.within) - window,
      to: Math.max(first.mm, last.mm) + last.within + window,
    };
  }
}

/** Readings kept of one item, at most: a scale may say the same for as long as the item lies on it. */
const MAX_READINGS = 64;

function isAlarm(reading: Reading): boolean {
  return reading.kind === "radiation" && (reading.gamma === "alarm" || reading.neutron === "alarm");
}

function lengthMm(capture: Capture): number | null {
  const view = capture.views[0];
  return view?.pixelPitchMm ? view.width * view.pixelPitchMm.x : null;
}
