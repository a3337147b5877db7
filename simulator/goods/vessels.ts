import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import { aboutZ } from "../scene/geometry.ts";
import { type Item, ItemBuilder } from "./item.ts";

/** A filled bottle, can or flask; `empty` leaves the liquid out (then it is no target). */
export function vessel(random: Random, empty: boolean): Item {
  const b = new ItemBuilder(random);
  const kind = random.weighted([
    ["pet", 3],
    ["glass", 3],
    ["can", 2],
    ["flask", 1.5],
    ["perfume", 1],
    ["canister", 1],
    ["lotion", 1.5],
  ] as const);
  const content: MaterialName =
    kind === "lotion"
      ? random.pick(["shampoo", "lotion"] as const)
      : kind === "perfume"
        ? "spirits"
        : random.pick(["water", "water", "spirits", "oil", "shampoo"] as const);
  const level = random.range(0.72, 0.98);
  let group: "food-organic" | "chemicals" | "plastics-rubber" | "stone-glass-ceramic" | "metals" =
    "food-organic";
  if (!empty) b.beginTarget("liquid");
  if (kind === "pet" || kind === "glass") {
    const glass = kind === "glass";
    bottle(b, random, glass ? "glass" : "pet", glass ? random.range(2, 4) : 0.45, content, empty ? 0 : level);
    group = empty ? (glass ? "stone-glass-ceramic" : "plastics-rubber") : "food-organic";
  } else if (kind === "can") {
    const [d, h] = random.pick([
      [66, 115],
      [66, 168],
      [53, 135],
      [73, 110],
    ] as const);
    const tin = random.chance(0.3) ? "tinplate" : "aluminium";
    round(b, tin, d, h, 0.25, content, empty ? 0 : level);
    group = empty ? "metals" : "food-organic";
  } else if (kind === "flask") {
    const d = random.range(62, 82);
    const h = random.range(190, 270);
    b.cylinder("stainless", [d, d, h], [0, 0, 0]);
    b.cylinder("stainless", [d - 1, d - 1, h - 1.5], [0, 0, 0], { density: -7.9 });
    round(b, "stainless", d - 9, h - 14, 0.5, content, empty ? 0 : level);
    b.cylinder("abs", [d * 0.8, d * 0.8, 34], [0, 0, h / 2 + 8], { density: 0.5 });
    group = empty ? "metals" : "food-organic";
  } else if (kind === "perfume") {
    const size = [random.range(40, 75), random.range(25, 40), random.range(60, 110)] as const;
    b.box("glass", size, [0, 0, 0]);
    b.box("glass", [size[0] - 8, size[1] - 8, size[2] - 14], [0, 0, 3], { density: -2.5 });
    if (!empty)
      b.box(
        content,
        [size[0] - 8, size[1] - 8, (size[2] - 14) * level],
        [0, 0, 3 - ((size[2] - 14) * (1 - level)) / 2],
      );
    b.cylinder("abs", [26, 26, 34], [0, 0, size[2] / 2 + 17]);
    b.cylinder("zamak", [15, 15, 10], [0, 0, size[2] / 2 + 5], { density: 2.5 });
    group = empty ? "stone-glass-ceramic" : "chemicals";
  } else if (kind === "canister") {
    const size = [random.range(100, 160), random.range(70, 110), random.range(130, 220)] as const;
    b.box("polyethylene", size, [0, 0, 0]);
    b.box("polyethylene", [size[0] - 4, size[1] - 4, size[2] - 4], [0, 0, 0], { density: -0.95 });
    if (!empty)
      b.box(
        content,
        [size[0] - 4, size[1] - 4, (size[2] - 4) * level],
        [0, 0, -((size[2] - 4) * (1 - level)) / 2],
      );
    b.cylinder("polyethylene", [38, 38, 24], [size[0] * 0.25, 0, size[2] / 2 + 12]);
    group = empty ? "plastics-rubber" : "chemicals";
  } else {
    const size = [random.range(55, 85), random.range(35, 55), random.range(120, 200)] as const;
    b.cylinder("polyethylene", size, [0, 0, 0]);
    b.cylinder("polyethylene", [size[0] - 3, size[1] - 3, size[2] - 3], [0, 0, 0], { density: -0.95 });
    if (!empty)
      b.cylinder(
        content,
        [size[0] - 3, size[1] - 3, (size[2] - 3) * level],
        [0, 0, -((size[2] - 3) * (1 - level)) / 2],
      );
    b.cylinder("abs", [24, 24, 40], [0, 0, size[2] / 2 + 20], { density: 0.6 });
    b.cylinder("polyethylene", [6, 6, size[2] * 0.8], [0, 0, 0], { density: 0.3 });
    group = empty ? "plastics-rubber" : "chemicals";
  }
  if (!empty) b.endTarget();
  const hs6 = empty
    ? group === "metals"
      ? "761290"
      : group === "plastics-rubber"
        ? "392330"
        : "701090"
    : group === "chemicals"
      ? "330590"
      : content === "spirits"
        ? "220830"
        : content === "oil"
          ? "150920"
          : "220210";
  const description = empty
    ? `empty ${kind} container`
    : group === "chemicals"
      ? "liquid toiletries"
      : content === "spirits"
        ? "spirits"
        : content === "oil"
          ? "olive oil"
          : "soft drink";
  return b.done(
    `${empty ? "empty" : "filled"} ${kind}`,
    { group, hs6, description, price: 12 },
    random.chance(0.55) ? "upright" : "any",
  );
}

function round(
  b: ItemBuilder,
  wall: MaterialName,
  d: number,
  h: number,
  thick: number,
  content: MaterialName,
  level: number,
): void {
  b.cylinder(wall, [d, d, h], [0, 0, 0]);
  const inner = [d - 2 * thick, d - 2 * thick, h - 2 * thick] as const;
  b.cylinder(wall, inner, [0, 0, 0], {
    density: wall === "aluminium" ? -2.7 : wall === "stainless" ? -7.9 : -7.85,
  });
  if (level > 0)
    b.cylinder(content, [inner[0], inner[1], inner[2] * level], [0, 0, (-inner[2] * (1 - level)) / 2]);
}

function bottle(
  b: ItemBuilder,
  random: Random,
  wall: "glass" | "pet",
  thick: number,
  content: MaterialName,
  level: number,
): void {
  const d = random.range(58, 90);
  const h = random.range(110, 210);
  const neck = random.range(24, 32);
  const shoulder = random.range(28, 60);
  const density = wall === "glass" ? 2.5 : 1.38;
  b.cylinder(wall, [d, d, h], [0, 0, 0]);
  b.cylinder(wall, [d - 2 * thick, d - 2 * thick, h - thick], [0, 0, thick / 2], { density: -density });
  b.frustum(wall, d, neck, shoulder, [0, 0, h / 2 + shoulder / 2]);
  b.frustum(wall, d - 2 * thick, neck - 2 * thick, shoulder, [0, 0, h / 2 + shoulder / 2], {
    density: -density,
  });
  const tall = wall === "glass" ? random.range(25, 75) : 22;
  b.cylinder(wall, [neck, neck, tall], [0, 0, h / 2 + shoulder + tall / 2]);
  b.cylinder(wall, [neck - 2 * thick, neck - 2 * thick, tall], [0, 0, h / 2 + shoulder + tall / 2], {
    density: -density,
  });
  b.cylinder(
    wall === "pet" ? "polyethylene" : random.pick(["aluminium", "abs"] as const),
    [neck + 3, neck + 3, 16],
    [0, 0, h / 2 + shoulder + tall - 6],
    { density: 0.5 },
  );
  if (level > 0) {
    b.cylinder(content, [d - 2 * thick, d - 2 * thick, h - thick], [0, 0, thick / 2]);
    if (level > 0.85)
      b.frustum(content, d - 2 * thick, neck - 2 * thick, shoulder, [0, 0, h / 2 + shoulder / 2]);
  }
  if (random.chance(0.3))
    b.cylinder("paper", [d + 0.6, d + 0.6, h * 0.5], [0, 0, 0], { density: 0.02, turn: aboutZ(0) });
}
