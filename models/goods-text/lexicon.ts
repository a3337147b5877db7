/** The lexicon of trade terms: which HS chapter a term speaks of, by language. Its files are data (`lexicon/`). */
import { stemOf, type Token, tokensOf } from "./features.ts";

/** Class of terms that are no description of goods: gift, parts, samples. */
export const NO_GOODS = "--";
/** Longest term, tokens. */
const LONGEST = 4;
/** Longest term written without spaces, characters. */
const LONGEST_RUN = 8;
/** Shortest part of a compound that is taken for a term, characters of its stem. */
const SHORTEST_PART = 4;

export interface LexiconTerm {
  readonly text: string;
  /** HS chapter, two digits, or {@link NO_GOODS}. */
  readonly chapter: string;
}

/** Where the word that names the goods stands: `last` garlic press, `first` presse-ail. */
export type HeadPlace = "first" | "last";

const HEAD_FIRST: ReadonlySet<string> = new Set(["fr", "es", "it", "pt"]);
/** Languages that write compounds in one word. */
const COMPOUNDING: ReadonlySet<string> = new Set(["de", "nl"]);

/** A term found in a text. */
export interface Match {
  readonly chapters: ReadonlySet<string>;
  /** Characters of the term that were found: longer terms say more. */
  readonly length: number;
  /** Tokens, or parts of a run, that it covers. */
  readonly words: number;
  /** Place in the text. */
  readonly at: number;
  /** What it says of the goods: only a thing names them where one is there. */
  readonly role: TermRole;
}

/** `material`: made of; `packaging`: come in, or are for; `brand`: whose they are, or fit. */
export type TermRole = "thing" | "material" | "packaging" | "brand";
const ROLES: readonly TermRole[] = ["material", "packaging", "brand"];
/** In the file of roles: of every language. */
const EVERY_LANGUAGE = "--";

/** Words with a role, by language: lines of language, role and words. */
export function parseRoles(text: string, language: string): ReadonlyMap<string, TermRole> {
  const roles = new Map<string, TermRole>();
  for (const line of text.split("\n")) {
    const [of, name, ...words] = line.trim().split(" ");
    const role = ROLES.find((one) => one === name);
    if (role === undefined || (of !== language && of !== EVERY_LANGUAGE)) continue;
    for (const word of words) roles.set(keyOfTerm(word), role);
  }
  return roles;
}

/** Terms of a lexicon file: lines of a chapter and its terms; `#` begins a comment. */
export function parseLexicon(text: string): readonly LexiconTerm[] {
  return text.split("\n").flatMap((line) => {
    const [, chapter, terms] = /^(\d\d|--)\s+(.+)$/.exec(line.trim()) ?? [];
    if (chapter === undefined || terms === undefined) return [];
    return terms.split(",").flatMap((term) => (term.trim() === "" ? [] : [{ text: term.trim(), chapter }]));
  });
}

/** The terms of one language, ready to be found. */
export class Lexicon {
  readonly language: string;
  readonly head: HeadPlace;
  readonly #terms = new Map<string, Set<string>>();
  /** Stems that any term has: most words of other languages end the search here. */
  readonly #stems = new Set<string>();
  readonly #roles: ReadonlyMap<string, TermRole>;

  constructor(language: string, terms: readonly LexiconTerm[], roles: ReadonlyMap<string, TermRole>) {
    this.language = language;
    this.head = HEAD_FIRST.has(language) ? "first" : "last";
    for (const { text, chapter } of terms) {
      const key = keyOfTerm(text);
      const chapters = this.#terms.get(key) ?? new Set();
      this.#terms.set(key, chapters.add(chapter));
      for (const stem of key.split(" ")) this.#stems.add(stem);
    }
    this.#roles = roles;
  }

  /** The terms in a run of tokens without breaks, the longest from the head on, none over another; in the order of the text. */
  find(tokens: readonly Token[]): readonly Match[] {
    const found: Match[] = [];
    const last = this.head === "last";
    for (let left = tokens.length; left > 0; ) {
      const at = last ? left - 1 : tokens.length - left;
      const token = tokens[at]!;
      if (token.kind === "ideographs") found.push(...this.#findInRun(token.text, at));
      const match = token.kind === "word" ? this.#findAt(tokens, at) : null;
      if (match !== null) found.push(match);
      left -= match?.words ?? 1;
    }
    return found.sort((one, other) => one.at - other.at);
  }

  #findAt(tokens: readonly Token[], at: number): Match | null {
    const step = this.head === "last" ? -1 : 1;
    const stems: string[] = [];
    let longest: Match | null = null;
    for (let place = at; stems.length < LONGEST; place += step) {
      const token = tokens[place];
      if (token?.kind !== "word" || !this.#stems.has(token.stem)) break;
      stems.push(token.stem);
      longest = this.#match(keyOf(stems), stems.length, Math.min(at, place)) ?? longest;
    }
    const token = tokens[at]!;
    if (longest !== null || !COMPOUNDING.has(this.language) || token.kind !== "word") return longest;
    return this.#compound(token.stem, at);
  }

  /** The last part of a compound names the goods: the longest ending that is a term. */
  #compound(stem: string, at: number): Match | null {
    for (let from = 2; from <= stem.length - SHORTEST_PART; from++) {
      const match = this.#match(stem.slice(from), 1, at);
      if (match !== null && match.role !== "material") return match;
    }
    return null;
  }

  #findInRun(run: string, place: number): readonly Match[] {
    const found: Match[] = [];
    for (let at = 0; at < run.length; ) {
      let match: Match | null = null;
      for (let length = Math.min(LONGEST_RUN, run.length - at); length > 0 && match === null; length--)
        match = this.#match(run.slice(at, at + length), 1, place + at / 100);
      if (match !== null) found.push(match);
      at += match?.length ?? 1;
    }
    return found;
  }

  #match(key: string, words: number, at: number): Match | null {
    const chapters = this.#terms.get(key);
    if (chapters === undefined) return null;
    return { chapters, length: key.length, words, at, role: this.#roles.get(key) ?? "thing" };
  }
}

/** Words in any order: "electric iron" and "iron, electric" are one term. */
function keyOf(stems: readonly string[]): string {
  return stems.length === 1 ? stems[0]! : stems.toSorted().join(" ");
}

function keyOfTerm(text: string): string {
  const tokens = tokensOf(text).flatMap((token) =>
    token.kind === "word" || token.kind === "ideographs" ? [token] : [],
  );
  const [first] = tokens;
  if (first?.kind === "ideographs") return tokens.map((token) => token.text).join("");
  return keyOf(tokens.map((token) => stemOf(token.text)));
}
