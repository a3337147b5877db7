import {
  type ItemOnBelt,
  mayMeet,
  newItem,
  passageOf,
  type Slip,
  type Stretch,
  slackOf,
} from "./item-on-belt.ts";
import type { BeltPosition } from "./odometer.ts";

/** Items that are remembered, those long past the machine included; the oldest gives way. */
export const MAX_ITEMS = 512;
/** An item that is nearer than this to where it should be has not slipped, mm. */
const NO_SLIP_MM = 10;

/** The items that came past the entry photo-eye, oldest first. Pure. */
export class BeltItems {
  readonly #slip: Slip;
  #items: ItemOnBelt[] = [];
  /** Nothing is known of items that entered before the belt stood here. */
  #knownFrom = Number.POSITIVE_INFINITY;
  /** Every item that entered before the belt stood here is known: the eyes are asked after the encoder, so it is told one sample late. */
  #knownTo = Number.NEGATIVE_INFINITY;
  /** Where the belt stood when the encoder was last asked. */
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(slip: Slip) {
    this.#slip = slip;
  }

  /** The encoder begins, or begins again: where the items on the belt are is not known, nor which. */
  startAfresh(mm: number): void {
    for (const item of this.#items) item.doubtful = true;
    this.#items = [];
    this.#knownFrom = mm;
    this.#knownTo = mm;
    this.#askedAt = mm;
  }

  /** The encoder goes on: the eyes have been asked since the sample before. */
  moved(mm: number): void {
    this.#knownTo = this.#askedAt;
    this.#askedAt = mm;
  }

  /** The entry eye turned dark: the front of an item. */
  enter(position: BeltPosition): void {
    const open = this.#items.at(-1);
    // Two fronts without a back between them: the eye missed one.
    if (open !== undefined && open.back === null) this.#closeDoubtful(open, position);
    this.#items.push(newItem(position));
    if (this.#items.length > MAX_ITEMS) this.#items.shift();
  }

  /** The entry eye turned light: the back of the item. */
  entered(position: BeltPosition): void {
    const open = this.#items.at(-1);
    if (open !== undefined && open.back === null) {
      open.back = position.mm;
      open.within = Math.max(open.within, position.within);
      return;
    }
    // It stood in the eye when the encoder began: only its back is known.
    const item = newItem({ mm: Math.min(this.#knownFrom, position.mm), within: position.within });
    this.#items.push({ ...item, back: position.mm, doubtful: true });
  }

  /** A later eye turned dark: the item whose front it can be is where the eye is. */
  seenAgain(station: number, position: BeltPosition): void {
    const here: Stretch = { from: position.mm - position.within, to: position.mm + position.within };
    const due = this.#items.filter((item) => item.seenAt < station && this.#frontMayBe(item, station, here));
    const [item] = due;
    if (item === undefined || due.length > 1) return;
    const moved = position.mm - (item.front + station);
    if (Math.abs(moved) > NO_SLIP_MM + item.within + position.within) item.findings.add("SLIP");
    item.front += moved;
    if (item.back !== null) item.back += moved;
    item.within = Math.max(item.within, position.within);
    item.seenAt = station;
  }

  /** Items some part of which may pass the station within the stretch. */
  near(station: number, stretch: Stretch): ItemOnBelt[] {
    return this.#items.filter((item) =>
      mayMeet(passageOf(item, station), stretch, slackOf(item, station, this.#slip)),
    );
  }

  /** Whether what passes the station within the stretch may have entered before anything was known. */
  mayBeUnknown(station: number, stretch: Stretch): boolean {
    return stretch.from < this.#knownFrom + station + this.#mostSlip;
  }

  /** Whether what passes the station within the stretch may be an item of which the entry eye has not told yet. */
  mayBeYetUnseen(station: number, stretch: Stretch): boolean {
    return stretch.to > this.#knownTo + station - this.#mostSlip;
  }

  get #mostSlip(): number {
    return (this.#slip.eyes.length + 1) * this.#slip.mm;
  }

  #frontMayBe(item: ItemOnBelt, station: number, here: Stretch): boolean {
    const front = item.front + station;
    return mayMeet({ from: front, to: front }, here, slackOf(item, station, this.#slip));
  }

  #closeDoubtful(item: ItemOnBelt, position: BeltPosition): void {
    item.back = position.mm;
    item.doubtful = true;
  }
}
