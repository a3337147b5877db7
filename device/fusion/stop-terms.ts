import { DEFAULT_THRESHOLDS } from "./quality-thresholds.ts";
import { STOP_TERMS_BY_LANGUAGE, STOP_TERMS_VERSION } from "./stop-terms-data.ts";

/** A versioned list of terms that describe no goods; the terms are normalised. */
export interface StopTerms {
  readonly version: string;
  /** Of every language. */
  readonly terms: ReadonlySet<string>;
  /** By ISO 639-1: where the language of a text is known, only its own are looked at. */
  readonly languages?: Readonly<Record<string, ReadonlySet<string>>>;
}

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

/** What A1 asks of a description; see `QualityThresholds`. */
export interface VagueLimits {
  readonly words: { readonly withCode: number; readonly without: number };
  readonly characters: { readonly withCode: number; readonly without: number };
  /** ISO 639-1 of the text where it is known: the terms of other languages are not looked at then. */
  readonly language?: string | undefined;
}

/** Scripts that write no blanks between words: two characters are taken for a word. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu;

/**
 * Whether a description tells too little (metric A1): fewer than 4 characters (3 beside an HS code), a stop term standing alone
 * (also a string of stop terms), or fewer than two telling words; one is enough beside an HS code, which tells the rest.
 */
export function isVague(
  text: string,
  stop: StopTerms,
  hasCode = false,
  { words: least, characters, language }: VagueLimits = DEFAULT_THRESHOLDS,
): boolean {
  const words = normaliseTerms(text);
  const unspaced = text.match(UNSPACED)?.length ?? 0;
  const written = [...text.trim()].length + unspaced;
  const isTerm = (term: string) => isStopTerm(stop, term, language);
  if (written < (hasCode ? characters.withCode : characters.without) || isTerm(words.join(" "))) return true;
  const telling = words.filter((word) => word.length > 1 && !FILLERS.has(word));
  const count = telling.reduce((sum, word) => sum + wordsIn(word), 0);
  return count < (hasCode ? least.withCode : least.without) || telling.every(isTerm);
}

function wordsIn(word: string): number {
  const unspaced = word.match(UNSPACED)?.length ?? 0;
  return unspaced > 1 ? Math.floor(unspaced / 2) : 1;
}

function isStopTerm({ terms, languages }: StopTerms, term: string, language: string | undefined): boolean {
  if (terms.has(term)) return true;
  if (languages === undefined) return false;
  const own = language === undefined ? undefined : languages[language];
  return (own === undefined ? Object.values(languages) : [own]).some((list) => list.has(term));
}

/** A versioned list from plain terms, of every language or by language. */
export function stopTerms(
  version: string,
  terms: readonly string[],
  languages?: Readonly<Record<string, readonly string[]>>,
): StopTerms {
  const set = (list: readonly string[]) => new Set(list.map((term) => normaliseTerms(term).join(" ")));
  if (languages === undefined) return { version, terms: set(terms) };
  const sets = Object.fromEntries(Object.entries(languages).map(([language, list]) => [language, set(list)]));
  return { version, terms: set(terms), languages: sets };
}

/** Terms that customs administrations refuse standing alone; a profile brings the list that is in force. */
export const DEFAULT_STOP_TERMS: StopTerms = stopTerms(STOP_TERMS_VERSION, [], STOP_TERMS_BY_LANGUAGE);
