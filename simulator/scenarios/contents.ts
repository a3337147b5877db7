import { makeBenign, makeDeclarable, makeTarget } from "../goods/catalogue.ts";
import { type Item, TARGET_CLASSES } from "../goods/item.ts";
import type { Random } from "../random.ts";
import { makeParcel, type Parcel } from "../scene/parcel.ts";

export type Mix = "training" | "traffic";

/** What is sent: the packaging and the goods in the order in which they are packed. */
export interface Contents {
  readonly parcel: Parcel;
  readonly items: readonly Item[];
}

/** Chooses the goods of one parcel and the packaging they go into. */
export function chooseContents(random: Random, mix: Mix): Contents {
  const { required, others } = chooseGoods(random, mix);
  const all = [...required, ...others];
  let volume = 0;
  for (const item of all) volume += 8 * item.half[0] * item.half[1] * item.half[2];
  const parcel = makeParcel(required.length > 0 ? required : others.slice(0, 1), volume, random);
  const items = all
    .map((item, i) => ({ item, key: random.float() * (i < required.length ? 0.55 : 1) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
  return { parcel, items };
}

function chooseGoods(random: Random, mix: Mix): { required: Item[]; others: Item[] } {
  const required: Item[] = [];
  const others: Item[] = [];
  if (mix === "training") {
    if (random.chance(0.69)) {
      const count = random.weighted([
        [1, 6],
        [2, 3],
        [3, 1],
      ] as const);
      for (let i = 0; i < count; i++) required.push(makeTarget(random.pick(TARGET_CLASSES), random));
    }
  } else if (random.chance(0.09)) required.push(makeTarget(random.pick(TARGET_CLASSES), random));
  else if (random.chance(0.25)) required.push(makeDeclarable(random));
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
  return { required, others };
}
