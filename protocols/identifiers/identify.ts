import type { IdentifierScheme } from "../vocabulary.ts";
import { splitAim } from "./aim.ts";
import { CANONICAL_PATTERN, canonicalIdentifier, checkIdentifier } from "./canonical.ts";
import { parseElementString } from "./gs1.ts";
import { S10_PATTERN } from "./s10.ts";

/** An identifier that stands on a label. */
export interface Identified {
  readonly scheme: IdentifierScheme;
  /** Canonical. */
  readonly value: string;
  /** Whether its check digit is right; null where the scheme has none. */
  readonly checkOk: boolean | null;
}

/** What a reader may send of one symbol, characters; a longer text is a document, not an identifier. */
export const MAX_SCAN_TEXT = 256;

/** Symbologies in which posts print S10; readers without AIM prefix count as well. */
const S10_CARRIERS: ReadonlySet<string | null> = new Set(["]C0", "]A0", "]d1", null]);
const EAN_LENGTHS: Readonly<Record<string, RegExp>> = { "]E0": /^\d{12,13}$/, "]E4": /^\d{8}$/ };
/** A parcel number: the pattern of all identifiers, and at least one digit, so that no bare name of a person passes. */
const PARCEL_PATTERN = /^(?=.*\d)[A-Z0-9./-]{4,70}$/;

function identified(scheme: IdentifierScheme, text: string): Identified[] {
  const value = canonicalIdentifier(scheme, text);
  if (!CANONICAL_PATTERN.test(value)) return [];
  return [{ scheme, value, checkOk: checkIdentifier(scheme, value) }];
}

function identifyGs1(data: string): Identified[] {
  return parseElementString(data).elements.flatMap(({ ai, value }) => {
    if (ai === "00") return identified("SSCC", value);
    return ai === "01" || ai === "02" ? identified("GTIN", value) : [];
  });
}

/**
 * The identifiers in what a bar code reader sent. It routes on the AIM identifier, never on length: GS1 symbols are read
 * element by element (SSCC and GTIN come out), Code 128 of S10 form is S10, EAN is GTIN, anything else is PARCEL_OTHER.
 *
 * Never returns label text: what is not of its scheme's form, or holds anything but `A-Z 0-9 . / -`, gives nothing.
 * @param raw the text of one symbol, with or without its AIM prefix, without terminator.
 * @returns canonical identifiers, in the order of the symbol; empty where there is none.
 */
export function identify(raw: string): readonly Identified[] {
  if (raw.length > MAX_SCAN_TEXT) return [];
  const { identifier, gs1, data } = splitAim(raw.trim());
  if (gs1) return identifyGs1(data);
  const s10 = canonicalIdentifier("S10", data);
  if (S10_CARRIERS.has(identifier) && S10_PATTERN.test(s10)) return identified("S10", s10);
  if (identifier !== null && EAN_LENGTHS[identifier]?.test(data) === true) return identified("GTIN", data);
  const parcel = data.toUpperCase();
  return PARCEL_PATTERN.test(parcel) ? identified("PARCEL_OTHER", parcel) : [];
}
