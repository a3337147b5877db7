/** Text of goods as tokens, and tokens as hashed features. */

/** Longest text that is looked at, characters: a description of `customs-aed/1.0` has no more. */
export const MAX_TEXT = 512;
/** Most tokens of one text. */
export const MAX_TOKENS = 64;

/** Writing without spaces: a run of it is matched and hashed by its characters. */
const IDEOGRAPHS = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]+/u;
const PIECES = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]+|[\p{L}\p{M}]+|[,;/&+|.:()]|\d+/gu;
const LATIN_GRAMS = [3, 4, 5] as const;
const IDEOGRAPH_GRAMS = [1, 2, 3] as const;
const SHORTEST_STEM = 3;

export type Token =
  | { readonly kind: "word" | "ideographs"; readonly text: string; readonly stem: string }
  /** Separates what is listed side by side. */
  | { readonly kind: "break" }
  /** What follows says what the goods are for or with, not what they are. */
  | { readonly kind: "modifier" };

/** Words after which the goods are described further: for, with. */
const MODIFIERS = new Set(
  "for with fur mit pour avec para con per com voor met compatible passend geeignet compatibles".split(" "),
);
const LISTING = new Set("and und et y e en oder or ou o u".split(" "));

/** Compatibility form, lower case, without accents. */
export function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss").normalize("NFC");
}

/**
 * The form in which words are compared: endings of number and gender are cut, in all languages alike. Both lexicon and text
 * go through it, so that it need not be right, only the same.
 */
export function stemOf(word: string): string {
  let stem = word;
  if (stem.length > 4 && stem.endsWith("ies")) stem = `${stem.slice(0, -3)}y`;
  if (stem.length > SHORTEST_STEM && /[sx]$/.test(stem) && !stem.endsWith("ss")) stem = stem.slice(0, -1);
  if (stem.length > 4 && stem.endsWith("en")) stem = stem.slice(0, -1);
  if (stem.length > SHORTEST_STEM && /[eaoi]$/.test(stem)) stem = stem.slice(0, -1);
  return stem;
}

/** Words, runs of ideographs, and what stands between them; numbers are left out. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const [piece] of plain(text.slice(0, MAX_TEXT)).matchAll(PIECES)) {
    if (tokens.length === MAX_TOKENS) break;
    if (/^\d/.test(piece)) continue;
    if (!/^[\p{L}\p{M}]/u.test(piece)) {
      tokens.push({ kind: piece === "(" ? "modifier" : "break" });
    } else if (IDEOGRAPHS.test(piece)) {
      tokens.push({ kind: "ideographs", text: piece, stem: piece });
    } else if (MODIFIERS.has(piece)) {
      tokens.push({ kind: "modifier" });
    } else if (LISTING.has(piece)) {
      tokens.push({ kind: "break" });
    } else {
      tokens.push({ kind: "word", text: piece, stem: stemOf(piece) });
    }
  }
  return tokens;
}

/**
 * Buckets of the features of a text: whole words, their stems and character n-grams; what stands behind a modifier is kept
 * apart from the rest.
 */
export function bucketsOf(tokens: readonly Token[], buckets: number): readonly number[] {
  const found: number[] = [];
  let role = "";
  for (const token of tokens) {
    if (token.kind === "break") role = "";
    else if (token.kind === "modifier") role = "~";
    else
      for (const feature of featuresOf(token.kind, token.text, token.stem))
        found.push(hash(role + feature) % buckets);
  }
  return found;
}

function* featuresOf(kind: "word" | "ideographs", text: string, stem: string): Generator<string> {
  if (kind === "ideographs") {
    yield* gramsOf(text, IDEOGRAPH_GRAMS);
    yield `${text.slice(-2)}$`;
    return;
  }
  yield `=${stem}`;
  yield* gramsOf(`<${text}>`, LATIN_GRAMS);
}

function* gramsOf(text: string, sizes: readonly number[]): Generator<string> {
  for (const size of sizes) for (let at = 0; at + size <= text.length; at++) yield text.slice(at, at + size);
}

/** FNV-1a, 32 bits, over UTF-16 code units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
