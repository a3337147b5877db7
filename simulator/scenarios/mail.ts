import { makeBenign } from "../goods/catalogue.ts";
import type { Item } from "../goods/item.ts";
import { papers } from "../goods/soft.ts";
import type { Random } from "../random.ts";
import type { Vector } from "../scene/geometry.ts";
import { makeEnvelope } from "../scene/parcel.ts";
import { type Contents, chooseRequired, fits, type Mix, mixed } from "./selection.ts";

/** UPU sizes, mm: letters, large letters (flats), small packets up to 2 kg. */
const FORMATS: readonly (readonly [Vector, number])[] = [
  [[235, 162, 18], 2],
  [[350, 250, 30], 3],
  [[340, 240, 80], 5],
];
const TRIES = 14;

/** Letters, flats and small packets: paper, cards, one or two thin things. */
export function mail(random: Random, mix: Mix): Contents {
  const room = random.weighted(FORMATS);
  const required = chooseRequired(random, mix, room).slice(0, 2);
  const others: Item[] = [];
  const wanted = random.int(required.length > 0 ? 0 : 1, 2);
  for (let n = 0; n < TRIES && others.length < wanted; n++) {
    const item = makeBenign(random);
    if (fits(item, room)) others.push(item);
  }
  if (others.length === 0 || random.chance(0.4)) others.push(letter(random, room));
  return {
    parcel: makeEnvelope([...required, ...others], room, random),
    items: mixed(required, others, random),
  };
}

/** Sheets as large as the envelope lets through. */
function letter(random: Random, room: Vector): Item {
  for (let n = 0; n < TRIES; n++) {
    const item = papers(random, [room[0] - 10, room[1] - 10]);
    if (fits(item, room)) return item;
  }
  return papers(random, [room[0] - 10, room[1] - 10, 2]);
}
