import { makeBenign } from "../goods/catalogue.ts";
import type { Item } from "../goods/item.ts";
import type { Random } from "../random.ts";
import { makeParcel } from "../scene/parcel.ts";
import { type Contents, chooseRequired, type Mix, mixed } from "./selection.ts";

/** Largest goods of a parcel, mm. */
const ROOM = [430, 335, 280] as const;

/** Express and postal parcels: cartons and padded bags with some kinds of goods, at times several of the same. */
export function parcels(random: Random, mix: Mix): Contents {
  const required = chooseRequired(random, mix, ROOM);
  const others: Item[] = [];
  const count = random.weighted([
    [1, 1.5],
    [2, 2],
    [3, 3],
    [4, 3],
    [6, 3],
    [8, 2],
    [11, 1],
  ] as const);
  for (let i = 0; i < count; i++) {
    const item = makeBenign(random);
    // Traders send several of the same; households do not.
    const copies = random.chance(0.16) ? random.int(2, 5) : 1;
    for (let c = 0; c < copies; c++) others.push(item);
  }
  const parcel = makeParcel(required, others, random);
  return { parcel, items: mixed(required, others, random) };
}
