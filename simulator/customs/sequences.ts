/** Sequence numbers above a gap that are remembered per journal, at most; beyond it a gap is given up as lost. */
const MAX_BEYOND = 100_000;

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
    if (this.#beyond.size < MAX_BEYOND) this.#beyond.add(sequence);
    while (this.#beyond.delete(this.#contiguous + 1)) this.#contiguous += 1;
  }
}
