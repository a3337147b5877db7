/** A line without its terminator, or one that grew beyond the limit and was dropped. */
export type SplitLine =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "overlong"; readonly limit: number };

const CR = 0x0d;
const LF = 0x0a;

/**
 * Splits a byte stream into lines that end in CR LF, LF or CR; empty lines are skipped. Bytes are read as ISO 8859-1, so
 * that control characters such as GS survive. Memory: `maxLength` bytes; a longer line is reported once and dropped up to
 * its end.
 */
export class LineSplitter {
  readonly #limit: number;
  readonly #held: Uint8Array;
  #length = 0;
  #overlong = false;

  /** @param maxLength longest line, bytes without terminator. */
  constructor({ maxLength = 256 }: { readonly maxLength?: number } = {}) {
    this.#limit = maxLength;
    this.#held = new Uint8Array(maxLength);
  }

  /** Bytes of a line that is still without its end. */
  get pendingBytes(): number {
    return this.#length;
  }

  /** Takes the next bytes; returns the lines they complete. */
  push(chunk: Uint8Array): readonly SplitLine[] {
    const lines: SplitLine[] = [];
    for (const byte of chunk) {
      if (byte === CR || byte === LF) this.#end(lines);
      else if (this.#length < this.#limit) {
        this.#held[this.#length] = byte;
        this.#length += 1;
      } else if (!this.#overlong) {
        this.#overlong = true;
        lines.push({ kind: "overlong", limit: this.#limit });
      }
    }
    return lines;
  }

  /** Ends the pending line where the stream or a reader's pause ends it; null when there is none. */
  flush(): SplitLine | null {
    const lines: SplitLine[] = [];
    this.#end(lines);
    return lines[0] ?? null;
  }

  #end(lines: SplitLine[]): void {
    if (this.#length > 0 && !this.#overlong) {
      lines.push({ kind: "line", text: String.fromCharCode(...this.#held.subarray(0, this.#length)) });
    }
    this.#length = 0;
    this.#overlong = false;
  }
}
