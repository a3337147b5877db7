/** Which bytes of a file have been written: ranges in order, joined where they touch. Bytes that never came read as zero. */
export class Written {
  /** `[from, to)` */
  readonly #ranges: { from: number; to: number }[] = [];

  add(from: number, to: number): void {
    const last = this.#ranges.at(-1);
    // Lines mostly come in their order.
    if (last !== undefined && from >= last.from && from <= last.to) {
      last.to = Math.max(last.to, to);
      return;
    }
    const first = this.#ranges.findIndex((range) => range.to >= from);
    if (first < 0) {
      this.#ranges.push({ from, to });
      return;
    }
    let joined = { from, to };
    let count = 0;
    for (const range of this.#ranges.slice(first)) {
      if (range.from > joined.to) break;
      joined = { from: Math.min(joined.from, range.from), to: Math.max(joined.to, range.to) };
      count += 1;
    }
    this.#ranges.splice(first, count, joined);
  }

  /** Ranges below `end` that were not written. */
  gaps(end: number): { readonly from: number; readonly to: number }[] {
    const gaps: { from: number; to: number }[] = [];
    let at = 0;
    for (const { from, to } of this.#ranges) {
      if (from >= end) break;
      if (from > at) gaps.push({ from: at, to: from });
      at = Math.max(at, to);
    }
    if (at < end) gaps.push({ from: at, to: end });
    return gaps;
  }
}
