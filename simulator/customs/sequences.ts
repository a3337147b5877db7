/** Sequence numbers beyond a gap that are remembered per journal, at most; further ones are receipted by their ids alone. */
export const MAX_BEYOND = 100_000;

/** Which sequence numbers of one journal central has: contiguous from 1, and those beyond the first gap. */
export class Sequences {
  #contiguous = 0;
  readonly #beyond = new Set<number>();

  /** 1 … n are here. */
  get contiguous(): number {
    return this.#contiguous;
  }

  /** Numbers beyond the first gap. */
  get beyond(): number {
    return this.#beyond.size;
  }

  add(sequence: number): void {
    if (sequence <= this.#contiguous) return;
    // The number that closes the gap is always welcome.
    if (this.#beyond.size >= MAX_BEYOND && sequence !== this.#contiguous + 1) return;
    this.#beyond.add(sequence);
    while (this.#beyond.delete(this.#contiguous + 1)) this.#contiguous += 1;
  }
}
