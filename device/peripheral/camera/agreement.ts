import type { Identified } from "../../../protocols/identifiers/identify.ts";

/** An identifier as one picture shows it. */
export interface Seen extends Identified {
  readonly source: "barcode" | "ocr";
  /** 0..1 */
  readonly confidence: number;
}

/** Numbers that wait for a second look, at most; the oldest gives way. */
export const MAX_WAITING = 256;

interface Waiting {
  readonly at: number;
  readonly picture: number;
}

/**
 * Decides which identifiers of a camera's pictures are believed. A bar code carries its own check. A number read optically
 * passes its check digit by chance one time in ten, so that it needs a second key: another picture that says the same.
 * Each is told once while it stays in view. Pure; times in ms.
 */
export class Agreement {
  readonly #withinMs: number;
  readonly #waiting = new Map<string, Waiting>();
  readonly #told = new Map<string, number>();
  #pictures = 0;

  /** @param withinMs two pictures of one item are no further apart than this. */
  constructor(options: { readonly withinMs: number }) {
    this.#withinMs = options.withinMs;
  }

  /** Takes what one picture shows; returns what is believed now and was not told before. */
  picture(at: number, seen: readonly Seen[]): readonly Seen[] {
    this.#pictures += 1;
    this.#forget(at);
    return seen.filter((each) => {
      const key = `${each.scheme} ${each.value}`;
      const told = this.#told.has(key);
      if (told || each.source === "barcode" || this.#agrees(key, at)) {
        this.#told.set(key, at);
        this.#waiting.delete(key);
        return !told;
      }
      return false;
    });
  }

  #agrees(key: string, at: number): boolean {
    const first = this.#waiting.get(key);
    if (first !== undefined && first.picture !== this.#pictures) return true;
    this.#waiting.set(key, { at, picture: this.#pictures });
    return false;
  }

  #forget(now: number): void {
    for (const [key, { at }] of this.#waiting) if (now - at > this.#withinMs) this.#waiting.delete(key);
    for (const [key, at] of this.#told) if (now - at > this.#withinMs) this.#told.delete(key);
    while (this.#waiting.size > MAX_WAITING)
      this.#waiting.delete(this.#waiting.keys().next().value as string);
    while (this.#told.size > MAX_WAITING) this.#told.delete(this.#told.keys().next().value as string);
  }
}
