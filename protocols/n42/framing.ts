import { N42_LIMITS } from "./xml.ts";

const STX = 0x02;
const ETX = 0x03;

/** Documents in a stream, as monitors send them over TCP: STX, the document in UTF-8, ETX. */
export class N42Framing {
  readonly #limit: number;
  #parts: Uint8Array[] = [];
  #length = 0;
  #inside = false;

  /** @param limit longest document, bytes. */
  constructor({ limit = N42_LIMITS.bytes }: { readonly limit?: number } = {}) {
    this.#limit = limit;
  }

  get pendingBytes(): number {
    return this.#length;
  }

  /** Takes the next bytes; returns the documents they complete, null for one that was too long. */
  push(chunk: Uint8Array): readonly (string | null)[] {
    const documents: (string | null)[] = [];
    let from = 0;
    for (let at = 0; at <= chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte !== STX && byte !== ETX && at < chunk.length) continue;
      if (this.#inside && !this.#keep(chunk.subarray(from, at))) documents.push(null);
      if (byte === ETX && this.#inside) documents.push(this.#take());
      if (byte === STX) {
        this.#drop();
        this.#inside = true;
      }
      from = at + 1;
    }
    return documents;
  }

  #keep(part: Uint8Array): boolean {
    if (part.length === 0) return true;
    if (this.#length + part.length > this.#limit) {
      this.#drop();
      return false;
    }
    this.#parts.push(part.slice());
    this.#length += part.length;
    return true;
  }

  #take(): string {
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.#drop();
    return new TextDecoder().decode(whole);
  }

  #drop(): void {
    this.#parts = [];
    this.#length = 0;
    this.#inside = false;
  }
}
