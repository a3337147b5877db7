import type { Random } from "../random.ts";
import { LAY_Z_ALONG_X } from "../scene/geometry.ts";
import { type Item, ItemBuilder, roundedRing } from "./item.ts";

export function blade(random: Random): Item {
  return random.weighted([
    [() => kitchenKnife(random), 4],
    [() => foldingKnife(random), 3],
    [() => utilityKnife(random), 2],
    [() => dagger(random), 2],
  ] as const)();
}

function kitchenKnife(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("blade");
  const length = random.range(90, 260);
  const wide = length * random.range(0.12, 0.26);
  const thick = random.range(1.4, 3.4);
  const handle = random.range(95, 135);
  const tip = random.range(0.1, 0.6);
  b.prism(
    "bladeSteel",
    [
      [
        0,
        wide / 2,
        length * 0.6,
        wide / 2,
        length * 0.85,
        wide * (0.5 - tip * 0.5),
        length,
        -wide * 0.35 * tip * 2 + wide * 0.1,
        length * 0.88,
        -wide * 0.36,
        length * 0.6,
        -wide / 2,
        0,
        -wide / 2,
      ],
    ],
    thick * 0.72,
    [0, 0, 0],
  );
  b.box("bladeSteel", [length * 0.95, 5, thick], [length * 0.47, wide / 2 - 3, 0], { density: 3 });
  b.box("bladeSteel", [handle * 0.95, 13, thick], [-handle * 0.47, wide / 2 - 9, 0]);
  const grip = random.pick(["wood", "abs", "nylon", "stainless"] as const);
  b.prism(
    grip,
    [roundedRing(handle, 26, 9)],
    17,
    [-handle / 2, wide / 2 - 10, 0],
    grip === "stainless" ? { density: 2.4 } : {},
  );
  for (let i = 0; i < 3 && grip !== "stainless"; i++)
    b.cylinder("brass", [5, 5, 17], [-handle * (0.2 + 0.3 * i), wide / 2 - 9, 0]);
  return b.endTarget().done(
    "kitchen knife",
    {
      group: "metals",
      hs6: "821192",
      description: "kitchen knife, steel",
      price: 25,
    },
    random.chance(0.8) ? "flat" : "any",
  );
}

function foldingKnife(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("blade");
  const handle = random.range(85, 130);
  const length = handle * random.range(0.75, 0.9);
  const thick = random.range(2, 3.6);
  const open = random.chance(0.5);
  const scale = random.pick(["abs", "wood", "aluminium", "nylon"] as const);
  b.box("stainless", [handle, 22, 1.3], [-handle / 2, 0, thick / 2 + 1]);
  b.box("stainless", [handle, 22, 1.3], [-handle / 2, 0, -thick / 2 - 1]);
  b.prism(scale, [roundedRing(handle, 26, 10)], 3.5, [-handle / 2, 0, thick / 2 + 3.5]);
  b.prism(scale, [roundedRing(handle, 26, 10)], 3.5, [-handle / 2, 0, -thick / 2 - 3.5]);
  const sign = open ? 1 : -1;
  b.prism(
    "bladeSteel",
    [
      [
        0,
        10,
        sign * length * 0.65,
        10,
        sign * length,
        2,
        sign * length * 0.8,
        -8,
        sign * length * 0.5,
        -11,
        0,
        -11,
      ],
    ],
    thick * 0.8,
    [0, 0, 0],
  );
  b.cylinder("steel", [9, 9, thick + 9], [-6, 0, 0]);
  b.cylinder("steel", [4, 4, thick + 9], [-handle + 9, 4, 0]);
  b.wire(
    "steel",
    [
      [-handle * 0.9, -8, 0],
      [-handle * 0.5, -9, 0],
      [-handle * 0.15, -8, 0],
    ],
    3,
  );
  return b
    .endTarget()
    .done(
      "folding knife",
      { group: "metals", hs6: "821193", description: "folding knife", price: 30 },
      random.chance(0.8) ? "flat" : "any",
    );
}

function utilityKnife(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("blade");
  const wide = random.pick([9, 18, 18, 25]);
  const length = random.range(130, 165);
  const out = random.range(0, 60);
  const metal = random.chance(0.4);
  b.box(metal ? "zamak" : "abs", [length, wide + 14, 16], [0, 0, 0], { density: metal ? 2.2 : 0.75 });
  b.box("steel", [length * 0.9, wide + 4, 1], [0, 0, 3], { density: metal ? 2 : 7.8 });
  b.prism(
    "bladeSteel",
    [[-40, wide / 2, 62 + out, wide / 2, 70 + out, wide / 2, 62 + out, -wide / 2, -40, -wide / 2]],
    0.9,
    [0, 0, 0],
  );
  b.box("steel", [16, 9, 6], [-10, 3, 6]);
  if (random.chance(0.5)) b.box("bladeSteel", [62, wide, 4], [-25, 0, -4]);
  return b
    .endTarget()
    .done(
      "utility knife",
      { group: "metals", hs6: "821193", description: "utility cutter knife", price: 9 },
      random.chance(0.8) ? "flat" : "any",
    );
}

function dagger(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("blade");
  const length = random.range(120, 240);
  const wide = random.range(22, 38);
  const thick = random.range(3, 5.5);
  b.prism(
    "bladeSteel",
    [[0, wide / 2, length * 0.75, wide / 2, length, 0, length * 0.75, -wide / 2, 0, -wide / 2]],
    thick * 0.6,
    [0, 0, 0],
  );
  b.box("bladeSteel", [length * 0.8, wide * 0.3, thick], [length * 0.4, 0, 0], { density: 3.1 });
  b.box(random.pick(["brass", "stainless"] as const), [9, wide + 34, 16], [-4, 0, 0]);
  b.cylinder(random.pick(["wood", "leather", "rubber"] as const), [28, 24, 105], [-60, 0, 0], {
    turn: LAY_Z_ALONG_X,
  });
  b.box("bladeSteel", [105, 9, 5], [-60, 0, 0]);
  b.ellipsoid(random.pick(["brass", "stainless"] as const), [20, 30, 26], [-116, 0, 0], { density: 5 });
  return b
    .endTarget()
    .done(
      "dagger",
      { group: "metals", hs6: "821192", description: "fixed-blade knife", price: 40 },
      random.chance(0.8) ? "flat" : "any",
    );
}
