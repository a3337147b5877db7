import type { Random } from "../random.ts";
import { aboutZ, compose, LAY_Z_ALONG_X, type Rotation, type Vector } from "../scene/geometry.ts";
import { type Item, ItemBuilder, movedRing, roundRing, tangle, textured } from "./item.ts";

/** Small personal things: keys, coins, pens, spectacles, watches, rings, combs, an umbrella. */
export function oddments(random: Random): Item {
  const b = new ItemBuilder(random);
  const count = random.int(3, 8);
  for (let i = 0; i < count; i++) {
    const x = (i % 3) * 60 - 60 + random.range(-12, 12);
    const y = Math.floor(i / 3) * 50 - 40 + random.range(-10, 10);
    const turn = aboutZ(random.range(0, 6.28));
    oddment(b, random, [x, y, 0], turn);
  }
  if (random.chance(0.25)) umbrella(b, random);
  return b.done("small articles", {
    group: random.pick(["metals", "furniture-toys"] as const),
    hs6: "711719",
    description: random.pick(["fashion accessories", "jewellery and pens", "keys and small articles"]),
    price: 19,
  });
}

function oddment(b: ItemBuilder, random: Random, at: Vector, turn: Rotation): void {
  const kind = random.int(0, 6);
  if (kind === 0) {
    for (let i = 0; i < 4; i++)
      b.cylinder(
        random.pick(["brass", "steel"] as const),
        [23, 23, 2],
        [at[0] + i * 7, at[1] + i * 5, i * 2],
      );
  } else if (kind === 1) {
    b.cylinder("abs", [11, 11, 138], at, { turn: compose(turn, LAY_Z_ALONG_X), density: 0.7 });
    b.cylinder("steel", [4, 4, 40], at, { turn: compose(turn, LAY_Z_ALONG_X) });
    b.box("steel", [42, 4, 1.2], at, { turn });
  } else if (kind === 2) {
    for (const s of [-1, 1]) {
      b.prism("stainless", [roundRing(50, 42, 16), roundRing(46, 38, 16)], 3, [at[0] + s * 31, at[1], 0]);
      b.cylinder("pet", [46, 38, 2], [at[0] + s * 31, at[1], 0]);
      b.wire(
        "stainless",
        [
          [at[0] + s * 56, at[1], 0],
          [at[0] + s * 20, at[1] + 26, 4],
          [at[0] - s * 44, at[1] + 32, 4],
        ],
        1.8,
      );
    }
  } else if (kind === 3) {
    b.prism("stainless", [roundRing(40, 40, 18), roundRing(31, 31, 18)], 11, at);
    b.cylinder("brass", [30, 30, 4], at, { density: 4.5 });
    b.cylinder("glass", [34, 34, 1.6], [at[0], at[1], 5]);
    for (let i = -6; i <= 6; i++)
      if (Math.abs(i) > 1) b.box("stainless", [8, 19, 2.6], [at[0] + i * 10.4, at[1], 0], { density: 5 });
  } else if (kind === 4) {
    const points = tangle(random, [55, 40, 3], 40, 6).map((p): Vector => [p[0] + at[0], p[1] + at[1], p[2]]);
    b.wire(random.pick(["silver", "brass", "steel"] as const), points, random.range(0.8, 2.2), {
      density: 5,
    });
    b.ellipsoid("silver", [12, 9, 4], at);
  } else if (kind === 5) {
    b.prism("brass", [roundRing(25, 25, 12), movedRing(roundRing(8, 8, 8), -7, 0)], 2.3, at, { turn });
    b.box("brass", [60, 8, 2.2], at, { turn });
    b.prism("steel", [roundRing(30, 30, 18), roundRing(26, 26, 18)], 2, [at[0] - 12, at[1], 0]);
  } else {
    b.box("abs", [58, 19, 8], at, { turn, density: 0.7 });
    b.box("board", [44, 14, 1.4], at, { turn });
    b.box("steel", [16, 12, 4.5], at, { turn, density: 3.5 });
  }
}

function umbrella(b: ItemBuilder, random: Random): void {
  const length = random.range(190, 260);
  for (let i = 0; i < 8; i++) {
    const y = (i - 3.5) * random.range(4, 7);
    b.wire(
      "steel",
      [
        [-length / 2, y, i],
        [0, y * 1.25, -i],
        [length / 2, y * 0.6, 0],
      ],
      2,
      { density: 6 },
    );
  }
  b.cylinder("steel", [11, 11, length], [0, 0, 0], { turn: LAY_Z_ALONG_X, density: 2.4 });
  b.cylinder("polyester", [52, 46, length * 0.9], [0, 0, 0], {
    turn: LAY_Z_ALONG_X,
    density: 0.25,
    texture: textured(random, "wrinkle", 0.4, 0.8),
  });
  b.cylinder("abs", [32, 32, 60], [length / 2 + 26, 0, 0], { turn: LAY_Z_ALONG_X, density: 0.6 });
}
