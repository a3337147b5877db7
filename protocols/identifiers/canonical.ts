import type { IdentifierScheme } from "../vocabulary.ts";
import { isValidAwb } from "./awb.ts";
import { isValidGtin, isValidSscc } from "./gs1.ts";
import { isValidContainer } from "./iso6346.ts";
import { isValidS10 } from "./s10.ts";

/** Form of every canonical value, `customs-aed` `ident.value`. */
export const CANONICAL_PATTERN = /^[A-Z0-9./-]{1,70}$/;

const WITHOUT_HYPHENS: ReadonlySet<IdentifierScheme> = new Set(["S10", "SSCC", "MAWB", "ISO6346"]);

/**
 * The canonical form of an identifier, in which declarations and readings are compared (`mqtt.md`, identifiers): upper
 * case, no blanks; no hyphens for S10, SSCC, MAWB and ISO6346. A GTIN is brought to 14 digits.
 */
export function canonicalIdentifier(scheme: IdentifierScheme, value: string): string {
  const upper = value.replaceAll(/\s+/g, "").toUpperCase();
  if (scheme === "GTIN" && /^(\d{8}|\d{12,13})$/.test(upper)) return upper.padStart(14, "0");
  return WITHOUT_HYPHENS.has(scheme) ? upper.replaceAll("-", "") : upper;
}

/** Whether the check digit of a canonical value is right; null for a scheme without one. */
export function checkIdentifier(scheme: IdentifierScheme, value: string): boolean | null {
  if (scheme === "S10") return isValidS10(value);
  if (scheme === "SSCC") return isValidSscc(value);
  if (scheme === "MAWB") return isValidAwb(value);
  if (scheme === "ISO6346") return isValidContainer(value);
  return scheme === "GTIN" ? isValidGtin(value) : null;
}
