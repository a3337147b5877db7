/** Hands values from one producer to one consumer: `put` returns only when the value was taken, so nothing piles up. */
export class HandOver<T> {
  readonly #waiting: { value: T; taken: (was: boolean) => void }[] = [];
  #consumer: ((result: IteratorResult<T>) => void) | null = null;
  #closed = false;

  /** Resolves true when the consumer took the value, false when the hand-over was closed first. */
  put(value: T): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    if (this.#consumer !== null) {
      const consumer = this.#consumer;
      this.#consumer = null;
      consumer({ value, done: false });
      return Promise.resolve(true);
    }
    return new Promise((taken) => this.#waiting.push({ value, taken }));
  }

  /** Ends the consumer's iteration; values not taken yet stay with the producer. */
  close(): void {
    this.#closed = true;
    this.#consumer?.({ value: undefined, done: true });
    this.#consumer = null;
    for (const { taken } of this.#waiting.splice(0)) taken(false);
  }

  values(): AsyncIterable<T> {
    return { [Symbol.asyncIterator]: () => ({ next: () => this.#next() }) };
  }

  #next(): Promise<IteratorResult<T>> {
    const first = this.#waiting.shift();
    if (first !== undefined) {
      first.taken(true);
      return Promise.resolve({ value: first.value, done: false });
    }
    if (this.#closed) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#consumer = resolve;
    });
  }
}
