/** PUBLISH, in the upper half of a packet's first byte, and its QoS in the lower. */
const PUBLISH = 3;
/** Bytes of a remaining length at most (MQTT 5, §1.5.5). */
const MAX_LENGTH_BYTES = 4;
/** A packet that began must be whole in this time, ms: the largest one takes 30 s at 140 kbit/s. */
const PACKET_MS = 30_000;

export interface PacketGuardOptions {
  /** The largest packet that is let through, bytes behind its length. */
  readonly maxBytes: number;
  /** Ends the connection. Called once. */
  readonly cut: (why: string) => void;
  readonly packetMs?: number;
}

/**
 * Follows the frames of what a broker sends, beside the client that reads them. MQTT.js buffers a packet whole before it looks at
 * its size, and waits for ever for one that does not end: a hostile broker is cut off before either costs anything. So is a
 * PUBLISH at QoS 2, which we never subscribe at and which would be kept until it is released.
 */
export class PacketGuard {
  readonly #options: PacketGuardOptions;
  /** Bytes still to come of the packet's body. */
  #left = 0;
  /** The length as read so far; null: the next byte begins a packet. */
  #length: { value: number; bytes: number } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #over = false;

  constructor(options: PacketGuardOptions) {
    this.#options = options;
  }

  /** The next bytes from the broker. */
  see(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.#over; ) {
      if (this.#left > 0) {
        const some = Math.min(this.#left, chunk.length - at);
        this.#left -= some;
        at += some;
      } else {
        const wrong = this.#header(chunk[at] ?? 0);
        if (wrong !== null) this.#cut(wrong);
        at += 1;
      }
      // A packet that is whole ends its time; the next one has its own.
      if (this.#left === 0 && this.#length === null) this.#forget();
    }
    if (!this.#over && (this.#left > 0 || this.#length !== null)) this.#watch();
  }

  stop(): void {
    this.#over = true;
    this.#forget();
  }

  /** Takes a byte of a packet's header; what is wrong with it. */
  #header(byte: number): string | null {
    if (this.#length === null) {
      if (byte >> 4 === PUBLISH && ((byte >> 1) & 3) > 1) return "a publish at QoS 2 or 3";
      this.#length = { value: 0, bytes: 0 };
      return null;
    }
    const { value, bytes } = this.#length;
    const length = value + (byte & 0x7f) * 128 ** bytes;
    const { maxBytes } = this.#options;
    if (length > maxBytes) return `a packet of ${length} bytes or more, at most ${maxBytes} are taken`;
    const last = byte < 0x80;
    if (!last && bytes + 1 === MAX_LENGTH_BYTES) return "a packet whose length does not end";
    this.#length = last ? null : { value: length, bytes: bytes + 1 };
    if (last) this.#left = length;
    return null;
  }

  #watch(): void {
    const { packetMs = PACKET_MS } = this.#options;
    const late = () => this.#cut(`a packet that is not whole after ${packetMs} ms`);
    this.#timer ??= setTimeout(late, packetMs).unref();
  }

  #forget(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #cut(why: string): void {
    if (this.#over) return;
    this.stop();
    this.#options.cut(`the broker sent ${why}`);
  }
}
