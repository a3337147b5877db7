/** Goods groups and HS chapters that the words of a declaration speak of, in several languages, with an honest "unclear". */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type GoodsGroup, goodsGroupOfChapter } from "../../protocols/vocabulary.ts";
import { MAX_TEXT, type Token, tokensOf } from "./features.ts";
import { Lexicon, type Match, NO_GOODS, parseLexicon, parseRoles } from "./lexicon.ts";
import { chancesOf, readWeights, type Weights } from "./model.ts";

/** What a text says of its goods. */
export interface GoodsOfText {
  /** The group the text names, or null where it is unclear. */
  readonly group: GoodsGroup | null;
  /** Chance that the text names no goods, 0..1. */
  readonly unclear: number;
  /** Chance of each group that has one worth telling, best first; with `unclear` they add up to 1 at most. */
  readonly groups: readonly { readonly group: GoodsGroup; readonly score: number }[];
  /** The same by HS chapter, two digits. */
  readonly chapters: readonly { readonly chapter: string; readonly score: number }[];
}

/** Strength of the lexicon's word at which it counts as much as the model's. */
const EVEN = 0.35;
/** Weight of a term that is not the one that names the goods, of one behind "for", of a material or the like, of a filler. */
const WEIGHTS = { beside: 0.25, modifier: 0.1, describing: 0.08, noGoods: 0.06 } as const;
/** How much more a language counts that the declaration states: several explain most texts a little. */
const STATED = 1.5;
/** A group is named from this chance on. */
const NAMED_FROM = 0.4;
/** Chances below are not told. */
const TOLD_FROM = 0.02;

/** Descriptions whose answer is kept: a declaration is scored several times. */
export const MAX_KEPT = 4096;

const DATA = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "." : "../../../models/goods-text", import.meta.url),
);

export class GoodsText {
  readonly version: string;
  readonly #lexicons: readonly Lexicon[];
  readonly #weights: Weights;
  readonly #groups: ReadonlyMap<string, GoodsGroup | null>;
  readonly #kept = new Map<string, GoodsOfText>();

  constructor(lexicons: readonly Lexicon[], weights: Weights) {
    this.#lexicons = lexicons;
    this.#weights = weights;
    this.version = weights.version;
    this.#groups = new Map(weights.classes.map((name) => [name, goodsGroupOfChapter(name)]));
  }

  /**
   * Reads lexicon and weights that come with the project, about a megabyte.
   * @throws LynceusError LYN_MODEL_MANIFEST_INVALID, and what reading files throws
   */
  static open(folder: string = DATA): GoodsText {
    return new GoodsText(openLexicons(folder), readWeights(readFileSync(join(folder, "goods-text.bin"))));
  }

  get languages(): readonly string[] {
    return this.#lexicons.map(({ language }) => language);
  }

  /**
   * What a description speaks of. The language need not be told: terms of every language are looked for.
   * @param text as it stands in the declaration; beyond 512 characters nothing is read
   * @param language ISO 639-1, where the declaration says it
   */
  classify(text: string, language?: string): GoodsOfText {
    const key = `${language ?? ""}\n${text.slice(0, MAX_TEXT)}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const said = this.#read(text, language);
    this.#kept.set(key, said);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return said;
  }

  #read(text: string, language: string | undefined): GoodsOfText {
    const tokens = tokensOf(text);
    const told = chancesOf(tokens, this.#weights);
    if (told === null) return { group: null, unclear: 1, groups: [], chapters: [] };
    const words = this.#wordsOf(tokens, language);
    const strength = [...words.values()].reduce((sum, weight) => sum + weight, 0);
    const trust = strength / (strength + EVEN);
    const chances = new Map<string, number>();
    this.#weights.classes.forEach((name, at) => {
      const byWords = strength === 0 ? 0 : (words.get(name) ?? 0) / strength;
      chances.set(name, trust * byWords + (1 - trust) * told[at]!);
    });
    return summary(chances, this.#groups);
  }

  /** What the lexicon says: class → weight. */
  #wordsOf(tokens: readonly Token[], language: string | undefined): ReadonlyMap<string, number> {
    const found = this.#lexicons.map((lexicon) => ({ lexicon, parts: partsOf(tokens, lexicon) }));
    const explained = found.map(
      ({ lexicon, parts }) => covering(parts) * (lexicon.language === language ? STATED : 1),
    );
    const most = Math.max(...explained);
    const weights = new Map<string, number>();
    let readings = 0;
    found.forEach(({ lexicon, parts }, at) => {
      if (most === 0 || explained[at]! < most) return;
      readings += 1;
      for (const part of parts) weigh(part, lexicon, weights);
    });
    return new Map([...weights].map(([name, weight]) => [name, weight / Math.max(1, readings)]));
  }
}

function openLexicons(folder: string): readonly Lexicon[] {
  const read = (name: string) => readFileSync(join(folder, "lexicon", name), "utf8");
  const roles = read("roles.txt");
  return readdirSync(join(folder, "lexicon"))
    .filter((name) => /^[a-z]{2}\.txt$/.test(name))
    .sort()
    .map((name) => {
      const language = name.slice(0, 2);
      return new Lexicon(language, parseLexicon(read(name)), parseRoles(roles, language));
    });
}

/** Terms of one thing that is listed: those that name it, and those behind "for" or "with". */
interface Part {
  readonly named: readonly Match[];
  readonly modifying: readonly Match[];
}

function partsOf(tokens: readonly Token[], lexicon: Lexicon): readonly Part[] {
  const parts: { named: readonly Match[]; modifying: readonly Match[] }[] = [];
  for (const run of split(tokens, "break")) {
    const [named = [], ...modifying] = split(run, "modifier").map((some) => lexicon.find(some));
    parts.push({ named, modifying: modifying.flat() });
  }
  return parts;
}

function split(tokens: readonly Token[], at: "break" | "modifier"): Token[][] {
  const runs: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === at) runs.push([]);
    else runs.at(-1)!.push(token);
  }
  return runs;
}

function covering(parts: readonly Part[]): number {
  const matches = parts.flatMap(({ named, modifying }) => [...named, ...modifying]);
  return matches.reduce((sum, { length }) => sum + length, 0);
}

/** The term at the head names the goods; one that only describes them does so where nothing else is there. */
function weigh({ named, modifying }: Part, lexicon: Lexicon, weights: Map<string, number>): void {
  const head = headOf(named, lexicon);
  for (const match of [...named, ...modifying]) {
    const weight = match === head ? 1 + 0.5 * (match.words - 1) : weightBeside(match);
    const held = modifying.includes(match)
      ? Math.min(weight, head ? WEIGHTS.modifier : WEIGHTS.beside)
      : weight;
    for (const chapter of match.chapters)
      weights.set(chapter, (weights.get(chapter) ?? 0) + held / match.chapters.size);
  }
}

function headOf(named: readonly Match[], lexicon: Lexicon): Match | undefined {
  const goods = named.filter(({ chapters }) => !chapters.has(NO_GOODS));
  const candidates = [
    goods.filter(({ role }) => role === "thing"),
    goods.filter(({ role }) => role === "material"),
    goods.filter(({ role }) => role === "packaging"),
    goods,
    named,
  ].find((some) => some.length > 0);
  return lexicon.head === "first" ? candidates?.[0] : candidates?.at(-1);
}

function weightBeside({ chapters, role }: Match): number {
  if (chapters.has(NO_GOODS)) return WEIGHTS.noGoods;
  return role === "thing" ? WEIGHTS.beside : WEIGHTS.describing;
}

function summary(
  chances: ReadonlyMap<string, number>,
  groupOf: ReadonlyMap<string, GoodsGroup | null>,
): GoodsOfText {
  const groups = new Map<GoodsGroup, number>();
  for (const [chapter, chance] of chances) {
    const group = groupOf.get(chapter) ?? null;
    if (group !== null) groups.set(group, (groups.get(group) ?? 0) + chance);
  }
  const ranked = [...groups].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
  const chapters = [...chances].filter(([chapter, score]) => chapter !== NO_GOODS && score >= TOLD_FROM);
  const unclear = chances.get(NO_GOODS) ?? 0;
  const [best] = ranked;
  return {
    group: best !== undefined && best[1] >= NAMED_FROM && best[1] > unclear ? best[0] : null,
    unclear,
    groups: ranked.filter(([, score]) => score >= TOLD_FROM).map(([group, score]) => ({ group, score })),
    chapters: chapters
      .map(([chapter, score]) => ({ chapter, score }))
      .sort((one, other) => other.score - one.score || (one.chapter < other.chapter ? -1 : 1)),
  };
}
