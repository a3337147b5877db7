import type { StopTerms } from "./input.ts";

/**
 * Text of goods in the form in which terms are compared (`customs-standards.md` §4.2): compatibility form, lower case,
 * letters only, single spaces, English plural endings taken off.
 */
export function normaliseTerms(text: string): readonly string[] {
  const words =
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/\p{L}+/gu) ?? [];
  return words.map(singular);
}

function singular(word: string): string {
  if (word.length > 4 && word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  if (word.length > 4 && /(?:ss|sh|ch|x)es$/.test(word)) return word.slice(0, -2);
  if (word.length > 3 && word.endsWith("s") && !word.endsWith("ss")) return word.slice(0, -1);
  return word;
}

/** Words that tell nothing of goods when the number of telling words is counted (metric A1). */
const FILLERS = new Set(
  "a an and as at by for from in of on or the to with used new misc various other mixed set pcs pc piece"
    .split(" ")
    .flatMap(normaliseTerms),
);

/**
 * Whether a description tells too little (metric A1): shorter than 4 characters (3 beside an HS code), a stop term standing alone (also a string
 * of stop terms), or fewer than two telling words; one is enough beside an HS code, which tells the rest.
 */
export function isVague(text: string, stop: StopTerms, hasCode = false): boolean {
  const words = normaliseTerms(text);
  if (text.trim().length < (hasCode ? 3 : 4) || stop.terms.has(words.join(" "))) return true;
  const telling = words.filter((word) => word.length > 1 && !FILLERS.has(word));
  return telling.length < (hasCode ? 1 : 2) || telling.every((word) => stop.terms.has(word));
}

/** A versioned list from plain terms. */
export function stopTerms(version: string, terms: readonly string[]): StopTerms {
  return { version, terms: new Set(terms.map((term) => normaliseTerms(term).join(" "))) };
}

/** English terms that customs administrations refuse standing alone; a profile brings the list that is in force. */
export const DEFAULT_STOP_TERMS: StopTerms = stopTerms("en-2026.1", [
  ...[
    "accessories",
    "apparel",
    "appliances",
    "articles",
    "as ordered",
    "auto parts",
    "bags",
    "battery",
    "boxes",
  ],
  ...["cables", "cartons", "chemicals", "clothes", "clothing", "commodity", "consolidated", "consol"],
  ...[
    "courier goods",
    "documents",
    "dox",
    "electronics",
    "electronic goods",
    "equipment",
    "exhibition goods",
  ],
  ...[
    "express",
    "foodstuff",
    "freight all kinds",
    "freight of all kinds",
    "garments",
    "general cargo",
    "gift",
  ],
  ...[
    "birthday gifts",
    "items",
    "machinery",
    "miscellaneous",
    "parts",
    "sample",
    "see invoice",
    "shoes",
    "stuff",
  ],
  ...[
    "textiles",
    "tools",
    "various goods",
    "vegetables",
    "goods",
    "merchandise",
    "personal effects",
    "present",
  ],
]);
