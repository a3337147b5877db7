import { battery, laptop, phone, tablet } from "../goods/batteries.ts";
import { makeBenign } from "../goods/catalogue.ts";
import { clothesLayer } from "../goods/clothes.ts";
import { cables, charger } from "../goods/devices.ts";
import { cosmetics, food } from "../goods/household.ts";
import type { Item } from "../goods/item.ts";
import { oddments } from "../goods/oddments.ts";
import { book, bundle, garment, leatherGoods, shoes } from "../goods/soft.ts";
import { vessel } from "../goods/vessels.ts";
import type { Random } from "../random.ts";
import { type Luggage, makeLuggage } from "./luggage.ts";
import { type Contents, chooseRequired, type Mix, mixed, sorted } from "./selection.ts";

type Maker = (random: Random) => Item;

/** What passengers carry, with how often it comes. */
const CARRIED: readonly (readonly [Maker, number])[] = [
  [garment, 5],
  [bundle, 1.5],
  [shoes, 2.4],
  [cosmetics, 1.6],
  [book, 1.4],
  [cables, 1.2],
  [charger, 1.2],
  [oddments, 1.6],
  [leatherGoods, 1],
  [food, 1],
  [makeBenign, 4],
];
/** Carried by most, lawful in a bag of one's own: half of all bags hold one of these in training. */
const DEVICES: readonly (readonly [Maker, number])[] = [
  [phone, 2],
  [laptop, 1.5],
  [tablet, 1],
  [battery, 1],
  [(random) => vessel(random, false), 2.5],
];
const COUNT: Readonly<Record<Luggage["kind"], readonly [number, number]>> = {
  suitcase: [7, 14],
  backpack: [4, 9],
  handbag: [4, 8],
};

/** Suitcases, backpacks and handbags, filled with clothes above and below what is carried in them. */
export function baggage(random: Random, mix: Mix): Contents {
  const luggage = makeLuggage(random);
  const room = sorted(luggage.inner);
  const required = chooseRequired(random, mix, room);
  if (random.chance(0.22)) required.push(random.weighted(DEVICES)(random));
  const [least, most] = COUNT[luggage.kind];
  const others = Array.from({ length: random.int(least, most) }, () => random.weighted(CARRIED)(random));
  const [below, above] = layers(luggage, random);
  return { parcel: luggage, items: [...below, ...mixed(required, others, random), ...above] };
}

function layers(luggage: Luggage, random: Random): readonly [Item[], Item[]] {
  if (luggage.kind === "handbag") return [[], []];
  const make = (): Item => clothesLayer(random, luggage.inner);
  const below = Array.from({ length: random.int(luggage.kind === "suitcase" ? 1 : 0, 2) }, make);
  const above = Array.from({ length: random.int(luggage.kind === "suitcase" ? 1 : 0, 2) }, make);
  return [below, above];
}
