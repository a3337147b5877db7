import type { IdentifierScheme } from "../vocabulary.ts";
import { canonicalIdentifier, checkIdentifier } from "./canonical.ts";
import type { Identified } from "./identify.ts";

/** Longest line of text that is looked through, characters. */
export const MAX_LINE = 200;

/** Schemes with a check digit whose numbers are printed to be read: letters (A), digits (9), a category letter (U). */
const FORMS: readonly (readonly [IdentifierScheme, string])[] = [
  ["ISO6346", "AAAU9999999"],
  ["S10", "AA999999999AA"],
  ["MAWB", "99999999999"],
  ["SSCC", "999999999999999999"],
];
/** A waybill number is written with its prefix apart; eleven digits in a row are anything. */
const WRITTEN: Partial<Record<IdentifierScheme, RegExp>> = { MAWB: /\d{3}[- ]\d{4} ?\d{4}/ };

/** What optical reading takes one for the other. */
const AS_DIGIT: Readonly<Record<string, string>> = {
  O: "0",
  Q: "0",
  D: "0",
  I: "1",
  L: "1",
  Z: "2",
  S: "5",
  G: "6",
  B: "8",
};
const AS_LETTER: Readonly<Record<string, string>> = {
  "0": "O",
  "1": "I",
  "2": "Z",
  "5": "S",
  "6": "G",
  "8": "B",
};

/** Characters of one number that may be taken for others: two digits, or one letter; with more of them anything fits. */
const MAX_MISTAKEN = 2;

/**
 * The identifiers with a right check digit in a line of text that was read optically. A character that cannot stand at its
 * place is taken for the one it is mistaken for; a wrong check digit gives nothing. The check passes one number in ten that is
 * read wrongly, so that what is found here needs a second key before it is believed.
 */
export function identifiersInText(line: string): readonly Identified[] {
  if (line.length > MAX_LINE) return [];
  const found = new Map<string, Identified>();
  for (const [scheme, form] of FORMS) {
    for (const written of runsOf(line, scheme)) {
      for (let at = 0; at + form.length <= written.length; at++) {
        const value = fitted(written.slice(at, at + form.length), form);
        if (value === null) continue;
        const canonical = canonicalIdentifier(scheme, value);
        if (checkIdentifier(scheme, canonical) !== true) continue;
        found.set(`${scheme} ${canonical}`, { scheme, value: canonical, checkOk: true });
      }
    }
  }
  return [...found.values()];
}

/** The stretches of a line in which a number of the scheme may stand, blanks and hyphens taken out. */
function runsOf(line: string, scheme: IdentifierScheme): readonly string[] {
  const upper = line.toUpperCase();
  const form = WRITTEN[scheme];
  const stretches = form === undefined ? [upper] : (upper.match(new RegExp(form, "g")) ?? []);
  return stretches.map((each) => each.replaceAll(/[^A-Z0-9]/g, ""));
}

function fitted(text: string, form: string): string | null {
  let value = "";
  let mistaken = 0;
  for (let place = 0; place < form.length; place++) {
    const character = text[place] ?? "";
    const digit = form[place] === "9";
    const isDigit = character >= "0" && character <= "9";
    const fit = digit === isDigit ? character : (digit ? AS_DIGIT : AS_LETTER)[character];
    if (fit === undefined) return null;
    if (fit !== character) mistaken += digit ? 1 : MAX_MISTAKEN;
    if (mistaken > MAX_MISTAKEN) return null;
    value += fit;
  }
  return value;
}
