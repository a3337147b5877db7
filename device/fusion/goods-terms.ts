import { type GoodsOfText, GoodsText } from "../../models/goods-text/goods-text.ts";
import { type GoodsGroup, goodsGroupOfChapter, type ThreatClass } from "../../protocols/vocabulary.ts";
import { normaliseTerms } from "./stop-terms.ts";

/** Lexicon and weights are read when the first description comes, once: they never change while the program runs. */
const goodsText = once(() => GoodsText.open());

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** What a description speaks of: goods groups and HS chapters with their chances, or that it is unclear. */
export function goodsOfDescription(description: string, language?: string): GoodsOfText {
  return goodsText().classify(description, language);
}

/** The goods group a description names; null where it is unclear. */
export function groupOfDescription(description: string, language?: string): GoodsGroup | null {
  return goodsOfDescription(description, language).group;
}

/** From this chance on a text is sure of its group; below, it may mean others that it names. */
const SURE_FROM = 0.6;
/** Groups with less are none that the text may mean. */
const MEANT_FROM = 0.1;

/** Whether a description surely names other goods than the HS code beside it (metric A2). */
export function contradictsCode(description: string, hs6: string, language?: string): boolean {
  const said = goodsOfDescription(description, language);
  const [best] = said.groups;
  if (said.group === null || best === undefined || best.score < SURE_FROM) return false;
  const coded = goodsGroupOfChapter(hs6);
  return coded !== null && !said.groups.some(({ group, score }) => group === coded && score >= MEANT_FROM);
}

/** Words that name goods of a class of role `evidence` whatever the HS code says. */
const CLASS_TERMS: Partial<Record<ThreatClass, string>> = {
  battery:
    "battery accumulator powerbank lithium rechargeable laptop smartphone phone tablet ebike scooter drone cordless",
  liquid:
    "liquid bottle wine beer spirits whisky vodka juice water oil perfume shampoo lotion drink beverage sauce syrup vinegar cologne",
  currency: "banknote currency cash coin money",
  tobacco: "tobacco cigarette cigar shisha",
};

const CLASS_WORDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(CLASS_TERMS).map(([name, words]) => [
    name,
    new Set(words.split(" ").flatMap(normaliseTerms)),
  ]),
);

/**
 * HS chapters (2 digits) or headings (4) whose goods are, hold or come with the class. Lithium packs sit in devices of 84,
 * 85, 90, 91 and in toys; liquids in food, chemicals, cosmetics.
 */
const CLASS_CODES: Readonly<Record<string, readonly string[]>> = {
  battery: ["84", "85", "87", "88", "90", "91", "95"],
  liquid: ["04", "15", "20", "21", "22", "27", "28", "29", "30", "32", "33", "34", "38"],
  currency: ["4907", "7118"],
  tobacco: ["24"],
};

/** UN numbers of lithium batteries, alone or in equipment. */
const LITHIUM = new Set(["3090", "3091", "3480", "3481", "3556", "3171"]);

/** Whether an item of a declaration accounts for an object of `threatClass` in the image. */
export function accountsFor(
  item: {
    readonly description?: string | undefined;
    readonly hs6?: string | undefined;
    readonly undg?: string | undefined;
  },
  threatClass: string,
): boolean {
  if (threatClass === "battery" && item.undg !== undefined && LITHIUM.has(item.undg)) return true;
  const { hs6 } = item;
  if (hs6 !== undefined && (CLASS_CODES[threatClass] ?? []).some((code) => hs6.startsWith(code))) return true;
  const words = CLASS_WORDS.get(threatClass);
  return words !== undefined && normaliseTerms(item.description ?? "").some((word) => words.has(word));
}
