import { createHmac, randomBytes } from "node:crypto";
import { checkIdentifier } from "../../protocols/identifiers/canonical.ts";
import { IDENTIFIER_SCHEMES, type IdentifierScheme } from "../../protocols/vocabulary.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** Characters of a pseudonym without a form of its own. */
const LENGTH = 20;
/** Shapes of schemes that have a check digit, which is tried at `?`; `#` is a digit. A GTIN names goods, not an item: it stays. */
const SHAPES: Readonly<Partial<Record<IdentifierScheme, string>>> = {
  S10: "ZZ########?ZZ",
  SSCC: "#################?",
  MAWB: "999#######?",
  ISO6346: "ZZZU######?",
};

/**
 * Names that stand for others in one export, and in no other: the key is drawn anew each time and never written. An identifier keeps
 * its scheme and a right check digit, so that declarations and scans still find each other.
 */
export class Pseudonyms {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array = randomBytes(32)) {
    this.#key = key;
  }

  identifier(scheme: string, value: string): string {
    if (scheme === "GTIN" || !isScheme(scheme)) return scheme === "GTIN" ? value : this.name(scheme, value);
    const shape = SHAPES[scheme];
    if (shape === undefined) return this.name(scheme, value);
    const digits = this.#digits(scheme, value);
    let at = 0;
    const filled = shape.replaceAll("#", () => digits[at++] ?? "0");
    for (let check = 0; check <= 9; check++) {
      const whole = filled.replace("?", String(check));
      if (checkIdentifier(scheme, whole) === true) return whole;
    }
    return this.name(scheme, value); // a serial number for which the scheme has no check digit
  }

  /** Letters and digits. */
  name(kind: string, value: string): string {
    const bytes = this.#hmac(kind, value);
    return Array.from(bytes.subarray(0, LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join("");
  }

  /** As a UUID. */
  uuid(kind: string, value: string): string {
    const bytes = this.#hmac(kind, value).subarray(0, 16);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = Buffer.from(bytes).toString("hex");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  #digits(kind: string, value: string): string {
    return Array.from(this.#hmac(kind, value), (byte) => String(byte % 10)).join("");
  }

  #hmac(kind: string, value: string): Uint8Array {
    return new Uint8Array(createHmac("sha256", this.#key).update(`${kind}\n${value}`).digest());
  }
}

function isScheme(scheme: string): scheme is IdentifierScheme {
  return (IDENTIFIER_SCHEMES as readonly string[]).includes(scheme);
}
