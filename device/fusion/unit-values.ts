import type { GoodsGroup } from "../../protocols/vocabulary.ts";

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
