import { goodsGroupOfChapter } from "../../protocols/vocabulary.ts";
import type { Item, TargetClass, Trade } from "./item.ts";

/** HS 2022 subheadings of the descriptions that the goods use. */
const HS6: Readonly<Record<string, string>> = {
  "cotton t-shirt": "610910",
  trousers: "620342",
  "knitted pullover": "611020",
  dress: "620442",
  towels: "630260",
  scarf: "621420",
  blanket: "630130",
  jacket: "620332",
  "bed linen": "630231",
  "printed books": "490199",
  brochures: "490199",
  notebooks: "482010",
  catalogues: "491110",
  "stationery, printed matter": "482010",
  "leather shoes": "640399",
  "sports shoes": "640411",
  boots: "640391",
  sandals: "640299",
  handbag: "420221",
  wallet: "420231",
  "leather belt": "420330",
  "network router": "851762",
  "audio amplifier": "851840",
  "set-top box": "852871",
  "power supply": "850440",
  "ceramic mugs": "691200",
  glassware: "701337",
  "porcelain plates": "691110",
  vase: "691390",
  cosmetics: "330499",
  soap: "340111",
  "make-up": "330420",
  "plastic boxes": "392310",
  "plastic fittings": "391740",
  "rubber seals": "401693",
  bearings: "848210",
  "gear wheels": "848340",
  "pump parts": "841391",
  "machine parts": "848790",
  "screws and bolts": "731815",
  "cooking pan": "732393",
  "padlock and keys": "830110",
  "furniture parts": "940391",
  "lamp shade": "940592",
  "ground coffee": "090121",
  "flour and sugar": "110100",
  "nuts and sweets": "170490",
  "keys and small articles": "830170",
  "jewellery and pens": "711719",
  "fashion accessories": "711790",
};

/** Where a description fits no heading of its goods group, the name it goes by there. */
const OF_GROUP: Readonly<Record<string, { readonly hs6: string; readonly description: string }>> = {
  "furniture-toys": { hs6: "960810", description: "pens and personal articles" },
};

/** Description and subheading under which an item is rightly declared; both fit its goods group. */
export function tradeOf(item: Item): Trade {
  const { trade } = item;
  const hs6 = HS6[trade.description] ?? trade.hs6;
  if (goodsGroupOfChapter(hs6) === trade.group) return { ...trade, hs6 };
  const other = OF_GROUP[trade.group];
  return other ? { ...trade, ...other } : trade;
}

/** One kind of goods in a parcel. */
export interface ManifestLine {
  readonly trade: Trade;
  readonly quantity: number;
  readonly massKg: number;
  readonly classes: ReadonlySet<TargetClass>;
}

/** What a parcel really holds, one line a kind of goods, heaviest first. */
export function manifestOf(
  items: readonly { readonly item: Item; readonly massKg: number }[],
): ManifestLine[] {
  const lines = new Map<
    string,
    { trade: Trade; quantity: number; massKg: number; classes: Set<TargetClass> }
  >();
  for (const { item, massKg } of items) {
    const trade = tradeOf(item);
    const key = `${trade.hs6} ${trade.description}`;
    const line = lines.get(key) ?? { trade, quantity: 0, massKg: 0, classes: new Set<TargetClass>() };
    line.quantity++;
    line.massKg += massKg;
    for (const name of item.targets) line.classes.add(name);
    lines.set(key, line);
  }
  return [...lines.values()].sort((a, b) => b.massKg - a.massKg);
}

/** Goods that false declarations name; light enough to be believed for a parcel. */
export const PRETEXTS: readonly Trade[] = [
  { group: "textiles", hs6: "610910", description: "cotton t-shirt", price: 9 },
  { group: "paper-books", hs6: "490199", description: "printed books", price: 11 },
  { group: "furniture-toys", hs6: "950300", description: "toys", price: 12 },
  { group: "plastics-rubber", hs6: "392690", description: "plastic articles", price: 6 },
  { group: "footwear", hs6: "640411", description: "sports shoes", price: 30 },
  { group: "chemicals", hs6: "330499", description: "cosmetics", price: 15 },
  { group: "stone-glass-ceramic", hs6: "691200", description: "ceramic mugs", price: 8 },
  { group: "machinery", hs6: "848790", description: "machine parts", price: 35 },
  { group: "food-organic", hs6: "190531", description: "biscuits", price: 5 },
];

/** Descriptions that say nothing, as senders write them. */
export const VAGUE: readonly string[] = [
  "gift",
  "parts",
  "clothes",
  "goods",
  "samples",
  "personal effects",
  "accessories",
  "various",
];
