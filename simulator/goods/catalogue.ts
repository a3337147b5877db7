import type { Random } from "../random.ts";
import { battery, laptop, phone, tablet } from "./batteries.ts";
import { blade } from "./blades.ts";
import { currency, narcotic, tobacco, vessel } from "./bulk.ts";
import { firearm } from "./firearms.ts";
import {
  cables,
  charger,
  cosmetics,
  crockery,
  cutlery,
  device,
  food,
  furniturePart,
  handTool,
  machineParts,
  metalware,
  plastics,
  powerDrill,
  scissors,
  toy,
  woodware,
} from "./hard.ts";
import type { Item, TargetClass } from "./item.ts";
import { book, bundle, garment, leatherGoods, papers, shoes } from "./soft.ts";

type Maker = (random: Random) => Item;

const TARGETS: Readonly<Record<TargetClass, Maker>> = {
  firearm,
  blade,
  battery,
  narcotic,
  tobacco,
  currency,
  liquid: (random) => vessel(random, false),
};

/** Benign families with how often they come. */
const BENIGN: readonly (readonly [Maker, number])[] = [
  [garment, 3],
  [bundle, 1.6],
  [book, 1.6],
  [papers, 0.8],
  [shoes, 1.8],
  [leatherGoods, 1],
  [handTool, 1.1],
  [powerDrill, 0.5],
  [cutlery, 0.7],
  [scissors, 0.6],
  [device, 1.3],
  [charger, 1.2],
  [cables, 1],
  [crockery, 1.4],
  [food, 2],
  [toy, 1.6],
  [cosmetics, 1.3],
  [plastics, 1.5],
  [machineParts, 1.1],
  [metalware, 1],
  [furniturePart, 0.8],
  [woodware, 0.8],
  [(random) => vessel(random, true), 0.6],
];

export function makeTarget(name: TargetClass, random: Random): Item {
  return TARGETS[name](random);
}

export function makeBenign(random: Random): Item {
  return random.weighted(BENIGN)(random);
}

/** Lawful goods that hold one of the declarable classes (battery, liquid). */
export function makeDeclarable(random: Random): Item {
  return random.weighted<Maker>([
    [battery, 2],
    [phone, 2],
    [laptop, 1.5],
    [tablet, 1],
    [(r) => vessel(r, false), 3],
  ])(random);
}
