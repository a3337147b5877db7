import type { Declaration } from "../../protocols/declaration.ts";
import type { GoodsGroup } from "../../protocols/vocabulary.ts";
import { type DeclaredGoods, declaredGoods } from "./goods.ts";
import { declaredEuros } from "./money.ts";

/** What goods of a group usually cost, as sent in parcels. */
export interface UnitValue {
  /** Median, EUR a kg of net mass. */
  readonly eurPerKg: number;
  /** Standard deviation of ln(EUR a kg). */
  readonly spread: number;
}

/**
 * Rough medians of retail goods by group, with wide spreads: they find prices that are far too low and nothing finer. A site
 * that has seen a few thousand declarations knows better, and says so in its settings.
 */
export const USUAL_UNIT_VALUES: Readonly<Partial<Record<GoodsGroup, UnitValue>>> = {
  "food-organic": { eurPerKg: 14, spread: 1 },
  chemicals: { eurPerKg: 45, spread: 1.2 },
  "plastics-rubber": { eurPerKg: 14, spread: 0.9 },
  "leather-wood": { eurPerKg: 60, spread: 1.2 },
  "paper-books": { eurPerKg: 20, spread: 0.9 },
  textiles: { eurPerKg: 45, spread: 1 },
  footwear: { eurPerKg: 45, spread: 0.9 },
  "stone-glass-ceramic": { eurPerKg: 15, spread: 1 },
  metals: { eurPerKg: 16, spread: 1.1 },
  machinery: { eurPerKg: 60, spread: 1.4 },
  electronics: { eurPerKg: 110, spread: 1.3 },
  vehicles: { eurPerKg: 20, spread: 1.2 },
  instruments: { eurPerKg: 150, spread: 1.4 },
  "furniture-toys": { eurPerKg: 22, spread: 1 },
};

/** What declared goods are said to cost, beside what such goods usually do. */
export interface Price {
  readonly euros: number;
  /** Net mass. */
  readonly kg: number;
  readonly usual: UnitValue;
  /** Standard deviations of the logarithm from the usual price; below 0: cheaper. */
  readonly deviations: number;
}

/**
 * The price a kilogram as declared; null without mass, value or goods, of documents, and where half of the goods is unclear. A
 * placeholder of 0 or 1 is no value: honest senders write it as often (metric A3 says so), and what is missing is no evidence.
 */
export function priceOf(
  declaration: Declaration,
  goods: DeclaredGoods,
  own: Readonly<Partial<Record<GoodsGroup, UnitValue>>>,
): Price | null {
  if (goods.documents || goods.unclear > 0.5) return null;
  const euros = declaredEuros(declaration);
  const kg = netMassOf(declaration);
  const usual = usualPrice([...goods.groups], own);
  if (euros === null || kg === null || usual === null) return null;
  return { euros, kg, usual, deviations: Math.log(euros / kg / usual.eurPerKg) / usual.spread };
}

/** Of several groups the cheapest: then nothing dear is taken for granted. */
function usualPrice(
  groups: readonly GoodsGroup[],
  own: Readonly<Partial<Record<GoodsGroup, UnitValue>>>,
): UnitValue | null {
  const known = groups.flatMap((group) => own[group] ?? USUAL_UNIT_VALUES[group] ?? []);
  if (known.length === 0 || known.length < groups.length) return null;
  return known.reduce((least, one) => (one.eurPerKg < least.eurPerKg ? one : least));
}

/** Declarations of a group that a median is taken of, at least. */
const LEAST_DECLARATIONS = 30;
/** A median absolute deviation of a normal distribution, in standard deviations. */
const DEVIATION = 0.6745;
const LEAST_SPREAD = 0.3;

/**
 * What a site's own declarations say goods cost: median and spread of each group that at least 30 declarations name alone. Medians:
 * a few false prices among many move nothing.
 */
export function unitValuesOf(
  declarations: Iterable<Declaration>,
): Readonly<Partial<Record<GoodsGroup, UnitValue>>> {
  const prices = new Map<GoodsGroup, number[]>();
  for (const declaration of declarations) {
    const { groups, unclear, documents } = declaredGoods([declaration]);
    const [group] = groups;
    const euros = declaredEuros(declaration);
    const kg = netMassOf(declaration);
    if (group === undefined || groups.size > 1 || unclear > 0 || documents || euros === null || kg === null)
      continue;
    const known = prices.get(group) ?? [];
    known.push(Math.log(euros / kg));
    prices.set(group, known);
  }
  const values: Partial<Record<GoodsGroup, UnitValue>> = {};
  for (const [group, logs] of prices) {
    if (logs.length < LEAST_DECLARATIONS) continue;
    const middle = median(logs);
    const spread = median(logs.map((one) => Math.abs(one - middle))) / DEVIATION;
    values[group] = { eurPerKg: Math.exp(middle), spread: Math.max(LEAST_SPREAD, spread) };
  }
  return values;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** Net mass of the items, else the gross mass, kg; null where neither is declared. */
export function netMassOf({ items, consignment }: Declaration): number | null {
  const net = (items ?? []).reduce((sum, item) => sum + (item.netMassKg ?? Number.NaN), 0);
  if (net > 0) return net;
  const gross = consignment?.grossMassKg ?? 0;
  return gross > 0 ? gross : null;
}
