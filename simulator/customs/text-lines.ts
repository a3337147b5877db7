/** Splits text that comes in pieces into lines, and skips a line that is too long. */
export class TextLines {
  readonly #decoder = new TextDecoder();
  readonly #maxLine: number;
  #held = "";
  #skipping = false;

  /** `maxLine`: characters; of a longer line nothing is kept. */
  constructor(options: { readonly maxLine: number }) {
    this.#maxLine = options.maxLine;
  }

  /** Takes the next bytes of UTF-8; returns the lines they complete, empty ones left out. */
  push(bytes: Uint8Array): readonly string[] {
    const parts = (this.#held + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#held = parts.pop() ?? "";
    if (this.#skipping && parts.length > 0) {
      parts.shift();
      this.#skipping = false;
    }
    if (this.#held.length > this.#maxLine) {
      this.#held = "";
      this.#skipping = true;
    }
    return parts.filter((line) => line !== "" && line.length <= this.#maxLine);
  }
}
