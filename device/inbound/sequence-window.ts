/** Numbers below the highest that are told apart; older ones count as seen. */
export const WINDOW = 16_384;
const HEADER_BYTES = 8;

/**
 * Which numbers of a sequence were seen: the highest, and one bit for each of the numbers below it (as IPsec does, RFC 4303,
 * §3.4.3). Bounded, whatever is sent, and whatever order it comes in.
 */
export class SequenceWindow {
  #highest = 0;
  readonly #bits = new Uint8Array(WINDOW / 8);

  /** seen: there before; old: so far below the highest that nobody knows. */
  state(number: number): "new" | "seen" | "old" {
    if (number > this.#highest) return "new";
    if (number <= this.#highest - WINDOW) return "old";
    return this.#bit(number) ? "seen" : "new";
  }

  mark(number: number): void {
    if (number <= this.#highest - WINDOW) return;
    // Numbers that are passed over on the way up were not seen: their places were those of numbers that are old now.
    const from = Math.max(this.#highest + 1, number - WINDOW + 1);
    for (let at = from; at < number; at += 1) this.#set(at, false);
    this.#highest = Math.max(this.#highest, number);
    this.#set(number, true);
  }

  toBytes(): Uint8Array {
    const bytes = new Uint8Array(HEADER_BYTES + this.#bits.length);
    new DataView(bytes.buffer).setFloat64(0, this.#highest, true);
    bytes.set(this.#bits, HEADER_BYTES);
    return bytes;
  }

  /** Null where the bytes are none of a window. */
  static of(bytes: Uint8Array): SequenceWindow | null {
    const window = new SequenceWindow();
    if (bytes.length !== HEADER_BYTES + window.#bits.length) return null;
    const highest = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
    if (!Number.isSafeInteger(highest) || highest < 0) return null;
    window.#highest = highest;
    window.#bits.set(bytes.subarray(HEADER_BYTES));
    return window;
  }

  #bit(number: number): boolean {
    const place = number % WINDOW;
    return ((this.#bits[place >> 3] ?? 0) & (1 << (place & 7))) !== 0;
  }

  #set(number: number, on: boolean): void {
    const place = number % WINDOW;
    const byte = this.#bits[place >> 3] ?? 0;
    const mask = 1 << (place & 7);
    this.#bits[place >> 3] = on ? byte | mask : byte & ~mask;
  }
}
