import type { Random } from "../random.ts";
import { ammunition } from "./ammunition.ts";
import { battery, laptop, phone, tablet } from "./batteries.ts";
import { blade } from "./blades.ts";
import { concealed } from "./concealment.ts";
import { currency } from "./currency.ts";
import { cables, charger, device } from "./devices.ts";
import { explosive } from "./explosives.ts";
import { firearm } from "./firearms.ts";
import { cosmetics, crockery, food } from "./household.ts";
import { type Item, ItemBuilder, type TargetClass } from "./item.ts";
import { narcotic } from "./narcotics.ts";
import { oddments } from "./oddments.ts";
import { furniturePart, machineParts, metalware, woodware } from "./parts.ts";
import { book, bundle, garment, leatherGoods, papers, shoes } from "./soft.ts";
import { sundries } from "./sundries.ts";
import { tobacco } from "./tobacco.ts";
import { cutlery, handTool, powerDrill, scissors } from "./tools.ts";
import { plastics, toy } from "./toys.ts";
import { vessel } from "./vessels.ts";

type Maker = (random: Random) => Item;

const TARGETS: Readonly<Record<TargetClass, Maker>> = {
  firearm,
  blade,
  battery,
  narcotic,
  tobacco,
  currency,
  liquid: (random) => vessel(random, false),
  ammunition,
  explosive,
};

/** Classes that are hidden at times; the others are carried openly. */
const SMUGGLED: ReadonlySet<TargetClass> = new Set([
  "firearm",
  "blade",
  "narcotic",
  "tobacco",
  "currency",
  "ammunition",
  "explosive",
]);

/** Benign families with how often they come. */
const BENIGN: readonly (readonly [Maker, number])[] = [
  [garment, 4.5],
  [bundle, 1.6],
  [book, 1.6],
  [papers, 0.8],
  [shoes, 2.1],
  [leatherGoods, 1],
  [handTool, 1.1],
  [powerDrill, 0.5],
  [cutlery, 0.7],
  [scissors, 0.6],
  [device, 1.3],
  [charger, 1.2],
  [cables, 1],
  [crockery, 1.7],
  [food, 2],
  [toy, 1.6],
  [cosmetics, 1.3],
  [plastics, 1.5],
  [machineParts, 1.1],
  [metalware, 1],
  [furniturePart, 0.8],
  [woodware, 0.8],
  [oddments, 1.4],
  [sundries, 2.2],
  [(random) => vessel(random, true), 0.6],
];

export function makeTarget(name: TargetClass, random: Random): Item {
  const item = TARGETS[name](random);
  if (SMUGGLED.has(name) && random.chance(0.2)) return concealed(item, random);
  return random.chance(0.22) ? inRetailBox(item, random) : item;
}

export function makeBenign(random: Random): Item {
  const item = random.weighted(BENIGN)(random);
  return random.chance(0.3) ? inRetailBox(item, random) : item;
}

/** Lawful goods that hold one of the declarable classes (battery, liquid). */
export function makeDeclarable(random: Random): Item {
  const item = random.weighted<Maker>([
    [battery, 2],
    [phone, 2],
    [laptop, 1.5],
    [tablet, 1],
    [(r) => vessel(r, false), 3],
  ])(random);
  return random.chance(0.6) ? inRetailBox(item, random) : item;
}

/** The same item in its sales carton, with a leaflet; the carton is no part of a target. */
function inRetailBox(item: Item, random: Random): Item {
  const b = new ItemBuilder(random);
  const gap = random.range(2, 12);
  const wall = random.range(0.5, 1.3);
  const [l, w, h] = [item.half[0] * 2 + gap, item.half[1] * 2 + gap, item.half[2] * 2 + 4];
  b.include(item, [0, 0, 0]);
  for (const s of [-1, 1]) {
    b.box("cellulose", [l, wall, h], [0, (s * w) / 2, 0]);
    b.box("cellulose", [wall, w, h], [(s * l) / 2, 0, 0]);
    b.box("cellulose", [l, w, wall], [0, 0, (s * h) / 2]);
  }
  if (random.chance(0.5))
    b.box("paper", [l * 0.7, w * 0.6, 0.4], [l * random.range(-0.1, 0.1), 0, h / 2 - 1]);
  return b.done(item.kind, item.trade, item.rests);
}
