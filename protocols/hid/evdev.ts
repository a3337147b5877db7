import { MAX_SCAN_TEXT } from "../identifiers/identify.ts";

/** Size of `struct input_event` on 64-bit Linux: two 64-bit times, type, code, value. */
export const INPUT_EVENT_BYTES = 24;

const EV_KEY = 1;
const SHIFTS: ReadonlySet<number> = new Set([42, 54]);
const ENTER: ReadonlySet<number> = new Set([28, 96]);
const TAB = 15;
const RELEASED = 0;
const PRESSED = 1;

/** US layout, which wedge readers are shipped with: key code → character, with shift. */
const KEYS: ReadonlyMap<number, readonly [string, string]> = new Map([
  ...[..."1234567890"].map((key, at): [number, readonly [string, string]] => [
    2 + at,
    [key, "!@#$%^&*()"[at] ?? ""],
  ]),
  ...[..."qwertyuiop"].map((key, at): [number, readonly [string, string]] => [
    16 + at,
    [key, key.toUpperCase()],
  ]),
  ...[..."asdfghjkl"].map((key, at): [number, readonly [string, string]] => [
    30 + at,
    [key, key.toUpperCase()],
  ]),
  ...[..."zxcvbnm"].map((key, at): [number, readonly [string, string]] => [
    44 + at,
    [key, key.toUpperCase()],
  ]),
  ...[..."789-456+1230."].map((key, at): [number, readonly [string, string]] => [71 + at, [key, key]]),
  [12, ["-", "_"]],
  [13, ["=", "+"]],
  [26, ["[", "{"]],
  [27, ["]", "}"]],
  [39, [";", ":"]],
  [40, ["'", '"']],
  [41, ["`", "~"]],
  [43, ["\\", "|"]],
  [51, [",", "<"]],
  [52, [".", ">"]],
  [53, ["/", "?"]],
  [57, [" ", " "]],
  [55, ["*", "*"]],
  [98, ["/", "/"]],
]);

/** How a keyboard wedge marks its labels. */
export interface WedgeRules {
  /** What each label begins with: the AIM identifier's `]`, or what the reader is set to; taken off unless it is `]`. */
  readonly prefix: string;
  readonly suffix: "enter" | "tab";
  /** Keys of one label come so close; a longer pause is a person or a torn label, ms. */
  readonly maxGapMs: number;
}

/** A label, or keys that are none. */
export type WedgeResult =
  | { readonly kind: "label"; readonly text: string }
  | { readonly kind: "rejected"; readonly why: "prefix" | "gap" | "overlong" };

/**
 * Reads labels from the key presses of a keyboard wedge (`nii-standards.md` §6.2): a reader that types. Only what begins with the
 * prefix, ends with the suffix and has no pause in it is a label. Memory: one event and one label.
 */
export class WedgeDecoder {
  readonly #rules: WedgeRules;
  readonly #held = new Uint8Array(INPUT_EVENT_BYTES);
  #heldBytes = 0;
  #shift = new Set<number>();
  #text = "";
  #lastMs: number | null = null;
  #spoilt: "gap" | "overlong" | null = null;

  constructor(rules: WedgeRules) {
    this.#rules = rules;
  }

  /** Takes bytes of an event device, cut anywhere; the events carry their own times. */
  push(chunk: Uint8Array): readonly WedgeResult[] {
    const results: WedgeResult[] = [];
    for (let from = 0; from < chunk.length; ) {
      const take = Math.min(INPUT_EVENT_BYTES - this.#heldBytes, chunk.length - from);
      this.#held.set(chunk.subarray(from, from + take), this.#heldBytes);
      this.#heldBytes += take;
      from += take;
      if (this.#heldBytes < INPUT_EVENT_BYTES) break;
      this.#heldBytes = 0;
      const result = this.#event(new DataView(this.#held.buffer));
      if (result !== null) results.push(result);
    }
    return results;
  }

  #event(view: DataView): WedgeResult | null {
    const type = view.getUint16(16, true);
    if (type !== EV_KEY) return null;
    const code = view.getUint16(18, true);
    const value = view.getInt32(20, true);
    if (SHIFTS.has(code)) {
      if (value === RELEASED) this.#shift.delete(code);
      else this.#shift.add(code);
      return null;
    }
    if (value !== PRESSED) return null;
    const atMs = Number(view.getBigInt64(0, true)) * 1000 + Number(view.getBigInt64(8, true)) / 1000;
    return this.#key(code, atMs);
  }

  #key(code: number, atMs: number): WedgeResult | null {
    const late = this.#lastMs !== null && Math.abs(atMs - this.#lastMs) > this.#rules.maxGapMs;
    this.#lastMs = atMs;
    if (this.#rules.suffix === "enter" ? ENTER.has(code) : code === TAB) return this.#end(late);
    const key = KEYS.get(code)?.[this.#shift.size > 0 ? 1 : 0];
    if (key === undefined) return null;
    // After a pause a new label begins, if this key begins one; else a person types, and nothing of it is a label.
    if (late || this.#text === "") {
      const begins = this.#rules.prefix === "" || this.#rules.prefix.startsWith(key);
      this.#spoilt = late && this.#text !== "" && !begins ? "gap" : null;
      this.#text = "";
    }
    if (this.#text.length >= MAX_SCAN_TEXT + this.#rules.prefix.length) this.#spoilt = "overlong";
    else this.#text += key;
    return null;
  }

  #end(late: boolean): WedgeResult | null {
    const { prefix } = this.#rules;
    const text = this.#text;
    const spoilt = late ? "gap" : this.#spoilt;
    this.#text = "";
    this.#spoilt = null;
    this.#lastMs = null;
    if (text === "") return null;
    if (spoilt !== null) return { kind: "rejected", why: spoilt };
    if (!text.startsWith(prefix)) return { kind: "rejected", why: "prefix" };
    return { kind: "label", text: prefix === "]" ? text : text.slice(prefix.length) };
  }
}
