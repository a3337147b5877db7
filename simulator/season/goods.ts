import type { GoodsGroup, ThreatClass } from "../../protocols/vocabulary.ts";
import type { Random } from "../random.ts";

/** Goods as traders send them: one line of a declaration. */
export interface Trade {
  readonly group: GoodsGroup;
  readonly hs6: string;
  readonly description: string;
  /** Mass of one piece, kg. */
  readonly pieceKg: number;
  /** Usual price of one piece, EUR. */
  readonly price: number;
  /** A class that these goods hold lawfully. */
  readonly holds?: ThreatClass;
}

/** One line of what is really in a consignment. */
export interface Line {
  readonly trade: Trade;
  readonly quantity: number;
  readonly massKg: number;
  /** EUR, of all pieces. */
  readonly value: number;
}

type Row = readonly [GoodsGroup, string, string, number, number, ThreatClass?];

const ROWS: readonly Row[] = [
  ["textiles", "610910", "cotton t-shirt", 0.2, 9],
  ["textiles", "620342", "men's cotton trousers", 0.55, 25],
  ["textiles", "611020", "knitted pullover", 0.45, 28],
  ["textiles", "620442", "women's dress", 0.35, 30],
  ["textiles", "630260", "cotton towels", 0.4, 8],
  ["textiles", "620332", "jacket", 0.9, 45],
  ["footwear", "640411", "sports shoes", 0.8, 35],
  ["footwear", "640399", "leather shoes", 1, 50],
  ["leather-wood", "420221", "leather handbag", 0.7, 60],
  ["leather-wood", "420231", "leather wallet", 0.15, 18],
  ["leather-wood", "442199", "wooden articles", 0.6, 12],
  ["paper-books", "490199", "printed books", 0.5, 14],
  ["paper-books", "482010", "notebooks", 0.3, 6],
  ["electronics", "851762", "network router", 0.4, 45, "battery"],
  ["electronics", "851713", "smartphone", 0.3, 220, "battery"],
  ["electronics", "851830", "headphones", 0.25, 40, "battery"],
  ["electronics", "850440", "power supply", 0.35, 18],
  ["electronics", "850760", "lithium battery pack", 0.4, 30, "battery"],
  ["machinery", "847130", "laptop computer", 2.2, 600, "battery"],
  ["machinery", "848210", "ball bearings", 0.6, 14],
  ["machinery", "841391", "pump parts", 1.5, 40],
  ["metals", "731815", "screws and bolts", 1, 8],
  ["metals", "732393", "cooking pan", 1.1, 22],
  ["metals", "820559", "hand tools", 0.9, 16],
  ["stone-glass-ceramic", "691200", "ceramic mugs", 0.4, 7],
  ["stone-glass-ceramic", "701337", "drinking glasses", 0.35, 6],
  ["chemicals", "330499", "cosmetics", 0.15, 16],
  ["chemicals", "330300", "perfume", 0.3, 38, "liquid"],
  ["chemicals", "340111", "soap", 0.3, 5],
  ["plastics-rubber", "392410", "plastic kitchenware", 0.4, 6],
  ["plastics-rubber", "392310", "plastic boxes", 0.5, 6],
  ["plastics-rubber", "401693", "rubber seals", 0.2, 5],
  ["food-organic", "090121", "roasted coffee", 1, 14],
  ["food-organic", "190531", "biscuits", 0.5, 5],
  ["food-organic", "220421", "bottled wine", 1.3, 11, "liquid"],
  ["food-organic", "180632", "chocolate bars", 0.3, 6],
  ["furniture-toys", "950300", "plastic toys", 0.5, 14],
  ["furniture-toys", "940592", "lamp shade", 0.6, 18],
];

export const TRADES: readonly Trade[] = ROWS.map(([group, hs6, description, pieceKg, price, holds]) => ({
  group,
  hs6,
  description,
  pieceKg,
  price,
  ...(holds === undefined ? {} : { holds }),
}));

/** How often a consignment is of one, two, three or four kinds of goods. */
const KINDS_OF_GOODS = [
  [1, 0.55],
  [2, 0.25],
  [3, 0.13],
  [4, 0.07],
] as const;
/** Heavier parcels are not sent in one piece, kg. */
const MOST_KG = 30;

/** What an honest sender packs. */
export function drawLines(random: Random): Line[] {
  const count = random.weighted(KINDS_OF_GOODS);
  const trades = random.shuffle(TRADES).slice(0, count);
  return trades.map((trade) => lineOf(trade, random));
}

export function lineOf(trade: Trade, random: Random): Line {
  const most = Math.max(1, Math.min(12, Math.floor(MOST_KG / 4 / trade.pieceKg)));
  const quantity = Math.min(most, 1 + Math.floor(-Math.log(1 - random.float()) * 2));
  const massKg = quantity * trade.pieceKg * Math.exp(0.25 * random.normal());
  const value = quantity * trade.price * Math.exp(0.45 * random.normal());
  return { trade, quantity, massKg, value };
}

export function massOf(lines: readonly Line[]): number {
  return lines.reduce((sum, line) => sum + line.massKg, 0);
}

/** Goods whose group none of these lines has. */
export function otherTrade(lines: readonly Line[], random: Random): Trade {
  const present = new Set(lines.map((line) => line.trade.group));
  return random.pick(TRADES.filter((trade) => !present.has(trade.group) && trade.holds === undefined));
}
