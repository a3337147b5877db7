import type { GoodsGroup, ThreatClass } from "../../protocols/vocabulary.ts";
import { normaliseTerms } from "./stop-terms.ts";

/**
 * Common trade words and the goods group they speak of: enough to read a plain English description that came without an
 * HS code. What it does not know stays unclear; nothing is guessed.
 */
const GROUP_TERMS: Partial<Record<GoodsGroup, string>> = {
  "food-organic":
    "food snack coffee tea rice chocolate candy sweets biscuits cookies nuts spice sugar flour meat cheese fruit wine beer juice honey pasta noodles cigarettes tobacco cigar",
  chemicals:
    "cosmetics perfume soap shampoo cream lotion detergent paint ink glue medicine tablets vitamins supplements makeup lipstick fertiliser powder",
  "plastics-rubber": "plastic silicone rubber hose tyre",
  "leather-wood": "leather handbag wallet suitcase backpack wood wooden timber cork wicker",
  "paper-books": "book paper magazine notebook poster calendar catalogue envelope letter documents card",
  textiles:
    "blanket shirt dress trousers jeans jacket coat sweater sock scarf towel fabric cotton wool knitted bedding curtain carpet underwear skirt",
  footwear: "shoe boot sneaker sandal slipper trainers",
  "stone-glass-ceramic": "glass ceramic tile porcelain mug vase stone marble crystal",
  metals:
    "steel iron aluminium copper brass cutlery pan screw bolt nail jewellery ring bracelet necklace wrench spanner",
  machinery: "pump engine machine drill laptop computer printer bearing valve compressor gearbox",
  electronics:
    "phone smartphone headphones earphones charger cable battery powerbank camera tablet radio speaker router",
  vehicles: "bicycle car motorcycle scooter brake",
  instruments: "watch clock sunglasses lens microscope medical guitar violin",
  arms: "gun rifle pistol ammunition",
  "furniture-toys": "toy doll puzzle game furniture chair table mattress pillow",
};

const WORD_GROUPS: ReadonlyMap<string, GoodsGroup> = new Map(
  Object.entries(GROUP_TERMS).flatMap(([group, words]) =>
    words
      .split(" ")
      .flatMap((word) =>
        normaliseTerms(word).map((term): [string, GoodsGroup] => [term, group as GoodsGroup]),
      ),
  ),
);

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

/** The goods group a description speaks of by its words; null where none or several are named. */
export function groupOfDescription(description: string): GoodsGroup | null {
  const groups = new Set(normaliseTerms(description).flatMap((word) => WORD_GROUPS.get(word) ?? []));
  const [only] = groups;
  return groups.size === 1 && only !== undefined ? only : null;
}

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
