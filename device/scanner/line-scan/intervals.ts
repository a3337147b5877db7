/** A range of lines: `from` inclusive, `to` exclusive. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

/** Separate ranges a set keeps, at most: a stream with more holes than that is asked for again bit by bit. */
export const MAX_INTERVALS = 4096;

/** Which lines of a plane have come: disjoint ranges in order, bounded by {@link MAX_INTERVALS}. */
export class IntervalSet {
  #ranges: LineRange[] = [];

  /** Separate ranges held. */
  get size(): number {
    return this.#ranges.length;
  }

  /** One past the highest line that has come, 0 when none. */
  get end(): number {
    return this.#ranges.at(-1)?.to ?? 0;
  }

  /**
   * Notes that the lines of a range have come; ranges that touch become one.
   * @returns false when there is no room for one more separate range: the lines count as missing and are asked for again.
   */
  add(from: number, to: number): boolean {
    if (to <= from) return true;
    const first = this.#firstEndingAtOrAfter(from);
    let last = first;
    let low = from;
    let high = to;
    for (; last < this.#ranges.length; last++) {
      const range = this.#ranges[last];
      if (range === undefined || range.from > to) break;
      low = Math.min(low, range.from);
      high = Math.max(high, range.to);
    }
    if (last === first && this.#ranges.length >= MAX_INTERVALS) return false;
    this.#ranges.splice(first, last - first, { from: low, to: high });
    return true;
  }

  /** The ranges of 0 … `lines` that have not come, at most `limit` of them. */
  missing(lines: number, limit: number): readonly LineRange[] {
    const holes: LineRange[] = [];
    let at = 0;
    for (const range of this.#ranges) {
      if (holes.length >= limit || at >= lines) return holes;
      if (range.from > at) holes.push({ from: at, to: Math.min(range.from, lines) });
      at = range.to;
    }
    if (at < lines && holes.length < limit) holes.push({ from: at, to: lines });
    return holes;
  }

  #firstEndingAtOrAfter(line: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.to ?? 0) < line) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
