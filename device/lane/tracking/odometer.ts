/** Where the belt stood, mm since the encoder's zero, and how far off that may be. */
export interface BeltPosition {
  readonly mm: number;
  /** Half width of the uncertainty, mm. */
  readonly within: number;
}

/** Points of the belt's path that are kept; a steady belt needs a point each time its speed changes. */
export const MAX_POINTS = 4096;
/** A sample may lie so far off the straight line through its neighbours and still be left out, mm. */
const STRAIGHT_MM = 0.5;

export interface OdometerOptions {
  /** Faster than this no belt runs, mm/s: a jump beyond it is an encoder that was reset or replaced. */
  readonly maxSpeedMmS: number;
  /** Without a sample for so long the belt's position is unknown, ms. */
  readonly maxGapMs: number;
}

interface Point {
  readonly at: number;
  readonly mm: number;
  /** How far off `at` may be, ms. */
  readonly withinMs: number;
}

/** A time between two samples: nothing else that came in it is told from what came at its end. */
interface Silence {
  readonly from: number;
  readonly to: number;
}

/** A time between samples that is no longer is how a plant is polled, ms. */
const BRIEF_MS = 40;
/** Longer ones that are remembered; the oldest gives way. */
const MAX_SILENCES = 64;
/** The clock ticks so often, ms. */
const TICK_MS = 1;

/**
 * The belt's position at any time of its recent past, from encoder samples. Pure: times are passed in, gateway clock ms.
 * Between two samples the belt is taken to have moved evenly; the uncertainty is what it could have moved otherwise.
 */
export class Odometer {
  readonly #options: OdometerOptions;
  #points: Point[] = [];
  #silences: Silence[] = [];
  #samples = 0;

  constructor(options: OdometerOptions) {
    this.#options = options;
  }

  /** Samples taken so far. */
  get samples(): number {
    return this.#samples;
  }

  /**
   * Takes a sample; returns whether the belt's path is unbroken since the one before. A sample from the past is dropped.
   * @param fresh the path to it was not seen, however near it lies.
   * @param withinMs how far off `at` may be: the plant says where the belt is some time between question and answer.
   */
  sample(at: number, mm: number, fresh = false, withinMs = 0): boolean {
    this.#samples += 1;
    const last = this.#points.at(-1);
    const { maxGapMs } = this.#options;
    if (last !== undefined && at <= last.at && last.at - at <= maxGapMs) return true;
    const point = { at, mm, withinMs };
    if (last !== undefined && (fresh || this.#isBroken(last, point))) {
      // Another count, or another time: a place of before is none of now.
      this.#points = [point];
      this.#silences = [];
      return false;
    }
    if (last !== undefined) this.#remember(last.at + last.withinMs, at + withinMs);
    const previous = this.#points.at(-2);
    if (last !== undefined && previous !== undefined && liesBetween(previous, last, point))
      this.#points.pop();
    this.#points.push(point);
    if (this.#points.length > MAX_POINTS) this.#points = this.#points.slice(MAX_POINTS / 4);
    return true;
  }

  /** Where the belt stood; null where that is not known. */
  positionAt(at: number): BeltPosition | null {
    const next = this.#firstFrom(at);
    if (next === 0) return this.#points[0]?.at === at ? exact(this.#points[0].mm) : null;
    const before = this.#points[next - 1] as Point;
    const after = this.#points[next];
    if (after === undefined) return this.#beyond(before, at);
    const share = (at - before.at) / (after.at - before.at);
    const speed = Math.abs(after.mm - before.mm) / (after.at - before.at);
    const within = STRAIGHT_MM + speed * Math.max(before.withinMs, after.withinMs);
    return { mm: before.mm + share * (after.mm - before.mm), within };
  }

  #remember(from: number, to: number): void {
    if (to - from <= BRIEF_MS) return;
    this.#silences.push({ from, to });
    if (this.#silences.length > MAX_SILENCES) this.#silences.shift();
  }

  /**
   * How long the gateway had heard nothing of the belt by then, ms: what else it heard at that time, or up to `lagMs` before,
   * may have waited as long for a machine that was busy. 0 where it was polled as ever.
   */
  silentMs(at: number, lagMs: number): number {
    const last = this.#points.at(-1);
    const since = last === undefined ? 0 : at - last.at - last.withinMs;
    let longest = since > BRIEF_MS ? since : 0;
    for (let index = this.#silences.length - 1; index >= 0; index--) {
      const { from, to } = this.#silences[index] as Silence;
      if (to < at - lagMs) break;
      if (from < at) longest = Math.max(longest, to - from);
    }
    return longest;
  }

  /** Index of the first point that is later than `at`, by halving. */
  #firstFrom(at: number): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#points[middle] as Point).at <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** After the last sample: as fast as before, give or take all of it. */
  #beyond(last: Point, at: number): BeltPosition | null {
    const gap = at - last.at;
    if (gap > this.#options.maxGapMs) return null;
    const previous = this.#points.at(-2);
    if (previous === undefined) return { mm: last.mm, within: (gap * this.#options.maxSpeedMmS) / 1000 };
    const speed = (last.mm - previous.mm) / (last.at - previous.at);
    const moved = gap * speed;
    return {
      mm: last.mm + moved,
      within: STRAIGHT_MM + Math.abs(moved) + Math.abs(speed) * last.withinMs,
    };
  }

  #isBroken(last: Point, { at, mm, withinMs }: Point): boolean {
    const { maxGapMs, maxSpeedMmS } = this.#options;
    const gap = at - last.at;
    // An answer that was slow to come may be of a moment before or after: no belt is called too fast for that.
    const atMost = gap + withinMs + last.withinMs + TICK_MS;
    return gap <= 0 || gap > maxGapMs || Math.abs(mm - last.mm) * 1000 > maxSpeedMmS * atMost;
  }
}

function exact(mm: number): BeltPosition {
  return { mm, within: 0 };
}

function liesBetween(before: Point, middle: Point, { at, mm }: Point): boolean {
  const share = (middle.at - before.at) / (at - before.at);
  return Math.abs(before.mm + share * (mm - before.mm) - middle.mm) <= STRAIGHT_MM;
}
