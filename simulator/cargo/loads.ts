import type { GoodsGroup } from "../goods/item.ts";
import type { Random } from "../random.ts";
import type { Solid } from "./canvas.ts";
import { block, type Room } from "./carrier.ts";
import * as loose from "./loose-loads.ts";
import * as stacked from "./stacked-loads.ts";

/** What customs calls a load. */
export interface LoadTrade {
  readonly group: GoodsGroup | "vehicles";
  readonly hs6: string;
  readonly description: string;
  /** EUR a kilogram. */
  readonly price: number;
}

/** A kind of load: how it is stacked between two places along the carrier. */
export interface LoadKind {
  readonly name: string;
  readonly weight: number;
  readonly trades: readonly LoadTrade[];
  /** Carriers that take it: `dry`, `reefer`, `tank`, `small` (pallets and ULDs). */
  readonly carriers: readonly ("dry" | "reefer" | "tank" | "small")[];
  readonly stack: (room: Room, random: Random) => Solid[];
}

const trade = (group: LoadTrade["group"], hs6: string, description: string, price: number): LoadTrade => ({
  group,
  hs6,
  description,
  price,
});

const DRY = ["dry", "small"] as const;

export const LOAD_KINDS: readonly LoadKind[] = [
  {
    name: "cartons",
    weight: 5,
    carriers: DRY,
    trades: [
      trade("textiles", "610910", "cotton T-shirts", 14),
      trade("footwear", "640411", "sports shoes", 18),
      trade("electronics", "851762", "network routers", 60),
      trade("furniture-toys", "950300", "plastic toys", 9),
      trade("plastics-rubber", "392410", "plastic tableware", 5),
    ],
    stack: stacked.cartons(0.08, 0.3),
  },
  {
    name: "dense-cartons",
    weight: 3,
    carriers: DRY,
    trades: [
      trade("food-organic", "200570", "preserved olives", 4),
      trade("chemicals", "330510", "shampoo", 5),
      trade("paper-books", "480256", "paper in reams", 1.2),
      trade("metals", "731815", "screws and bolts", 4),
    ],
    stack: stacked.cartons(0.35, 0.9),
  },
  {
    name: "frozen",
    weight: 4,
    carriers: ["reefer"],
    trades: [
      trade("food-organic", "020230", "frozen boneless beef", 6),
      trade("food-organic", "080390", "bananas", 1),
    ],
    stack: stacked.cartons(0.45, 0.85),
  },
  {
    name: "sacks",
    weight: 3,
    carriers: DRY,
    trades: [
      trade("food-organic", "090111", "green coffee", 3.5),
      trade("food-organic", "170199", "white sugar", 0.7),
      trade("chemicals", "310210", "urea", 0.5),
      trade("plastics-rubber", "390120", "polyethylene granules", 1.3),
    ],
    stack: stacked.sacks,
  },
  {
    name: "big-bags",
    weight: 3,
    carriers: ["dry"],
    trades: [
      trade("chemicals", "283620", "sodium carbonate", 0.4),
      trade("stone-glass-ceramic", "690210", "fire clay", 0.6),
    ],
    stack: stacked.bigBags,
  },
  {
    name: "drums",
    weight: 2,
    carriers: DRY,
    trades: [
      trade("chemicals", "271019", "lubricating oil", 2),
      trade("food-organic", "200911", "frozen orange juice", 2),
    ],
    stack: stacked.drums,
  },
  {
    name: "paper-rolls",
    weight: 1.5,
    carriers: ["dry"],
    trades: [trade("paper-books", "480100", "newsprint in rolls", 0.6)],
    stack: stacked.paperRolls,
  },
  {
    name: "timber",
    weight: 1.5,
    carriers: ["dry"],
    trades: [trade("leather-wood", "440711", "sawn pine", 0.5)],
    stack: stacked.timber,
  },
  {
    name: "coils",
    weight: 1.2,
    carriers: ["dry"],
    trades: [trade("metals", "720839", "hot-rolled steel in coils", 0.8)],
    stack: loose.coils,
  },
  {
    name: "tiles",
    weight: 1.2,
    carriers: DRY,
    trades: [
      trade("stone-glass-ceramic", "690721", "ceramic tiles", 0.6),
      trade("metals", "760110", "aluminium ingots", 2.3),
    ],
    stack: stacked.densePallets,
  },
  {
    name: "bottles",
    weight: 1.5,
    carriers: DRY,
    trades: [
      trade("food-organic", "220421", "wine in bottles", 4),
      trade("food-organic", "220110", "mineral water", 0.3),
    ],
    stack: stacked.bottles,
  },
  {
    name: "machinery",
    weight: 2.5,
    carriers: DRY,
    trades: [
      trade("machinery", "847989", "industrial machines", 20),
      trade("machinery", "841381", "pumps", 15),
    ],
    stack: loose.machinery,
  },
  {
    name: "vehicles",
    weight: 1.5,
    carriers: ["dry"],
    trades: [trade("vehicles", "870323", "used motor cars", 6)],
    stack: loose.vehicles,
  },
  {
    name: "bulk",
    weight: 1.5,
    carriers: ["dry"],
    trades: [trade("food-organic", "120190", "soya beans", 0.5), trade("chemicals", "250100", "salt", 0.2)],
    stack: loose.bulk,
  },
  {
    name: "scrap",
    weight: 1.2,
    carriers: ["dry"],
    trades: [
      trade("metals", "720449", "ferrous scrap", 0.3),
      trade("metals", "760200", "aluminium scrap", 1.4),
    ],
    stack: loose.scrap,
  },
  {
    name: "furniture",
    weight: 2,
    carriers: DRY,
    trades: [
      trade("furniture-toys", "940360", "wooden furniture", 4),
      trade("furniture-toys", "940421", "mattresses", 5),
    ],
    stack: loose.furniture,
  },
  {
    name: "tyres",
    weight: 1.2,
    carriers: ["dry"],
    trades: [trade("plastics-rubber", "401110", "new pneumatic tyres", 4)],
    stack: loose.tyres,
  },
  {
    name: "liquid",
    weight: 1,
    carriers: ["tank"],
    trades: [
      trade("chemicals", "290511", "methanol", 0.5),
      trade("food-organic", "150710", "crude soya-bean oil", 1),
    ],
    stack: (room) => [block("water", 0.9, [room.x0, room.x1], [room.y0, room.y1], [room.z0, room.z1])],
  },
];

/** Mass of solids in kg: their sections added up along x. */
export function massOf(solids: readonly Solid[]): number {
  const steps = 48;
  let grams = 0;
  for (const { from, to, section, density, weight } of solids) {
    for (let i = 0; i < steps; i++) {
      const x = from + ((i + 0.5) / steps) * (to - from);
      const here = typeof section === "function" ? section(x) : section;
      if (here === null) continue;
      const area =
        here.kind === "box" ? (here.y1 - here.y0) * (here.z1 - here.z0) : Math.PI * here.ry * here.rz;
      grams += (area * density * (weight?.(x) ?? 1) * (to - from)) / steps;
    }
  }
  return grams / 1000;
}
