import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import { aboutZ, LAY_Z, LAY_Z_ALONG_X, type Vector } from "../scene/geometry.ts";
import { type Item, ItemBuilder, roundedRing, roundRing, tangle, textured } from "./item.ts";

export function toy(random: Random): Item {
  const kind = random.int(0, 5);
  if (kind === 0) return toyGun(random);
  if (kind === 4) return doll(random);
  if (kind === 5) return toyTrain(random);
  const b = new ItemBuilder(random);
  if (kind === 1) {
    const s = random.range(0.7, 1.3);
    b.ellipsoid("polyester", [110 * s, 90 * s, 80 * s], [0, 0, 0], {
      density: 0.1,
      texture: textured(random, "soft", 0.5, 0.8),
    });
    b.ellipsoid("polyester", [70 * s, 70 * s, 66 * s], [80 * s, 0, 0], { density: 0.1 });
    for (const y of [-1, 1])
      for (const x of [-1, 1])
        b.ellipsoid("polyester", [60 * s, 30 * s, 30 * s], [x * 35 * s - 5, y * 50 * s, 0], {
          density: 0.12,
        });
    for (const y of [-1, 1]) b.ellipsoid("abs", [8, 8, 6], [100 * s, y * 12 * s, 26 * s]);
    // Granules that give the seat its weight, and the voice box.
    b.ellipsoid("polyethylene", [50 * s, 44 * s, 30 * s], [-26 * s, 0, 0], {
      density: 0.45,
      texture: textured(random, "grain", 0.3, 1),
    });
    b.cylinder("abs", [34, 34, 16], [4, 0, 0], { density: 0.5 });
    b.cylinder("magnet", [16, 16, 4], [4, 0, 0]);
  } else if (kind === 2) {
    const count = random.int(12, 34);
    for (let i = 0; i < count; i++) {
      const l = random.pick([16, 32, 32, 48, 64]);
      b.box("abs", [l, 16, 10], [random.range(-60, 60), random.range(-50, 50), random.range(-25, 25)], {
        density: 0.42,
        turn: aboutZ(random.range(0, 3.1)),
      });
    }
  } else {
    b.prism("abs", [roundedRing(150, 66, 16), roundedRing(145, 61, 14)], 40, [0, 0, 0]);
    b.prism("abs", [roundedRing(150, 66, 16)], 2, [0, 0, 20]);
    for (const x of [-45, 45]) {
      b.cylinder("steel", [3.5, 3.5, 74], [x, 0, -16], { turn: LAY_Z });
      for (const y of [-34, 34])
        b.cylinder("rubber", [38, 38, 14], [x, y, -16], { turn: LAY_Z, density: 0.8 });
    }
    b.cylinder("steel", [20, 20, 25], [20, 0, 0], { turn: LAY_Z_ALONG_X, density: 5 });
  }
  return b.done("toy", {
    group: "furniture-toys",
    hs6: "950300",
    description: random.pick(["toys", "plush toy", "toy bricks", "toy car"]),
    price: 16,
  });
}

/** Jointed doll of hollow plastic: head with hair, trunk, limbs on steel pins and screws. */
function doll(random: Random): Item {
  const b = new ItemBuilder(random);
  const s = random.range(0.8, 1.3);
  b.ellipsoid("abs", [46 * s, 42 * s, 42 * s], [112 * s, 0, 0], { density: 0.35 });
  b.ellipsoid("nylon", [56 * s, 54 * s, 44 * s], [122 * s, 0, 0], {
    density: 0.16,
    texture: textured(random, "weave", 0.5, 0.6),
  });
  b.prism("abs", [roundedRing(100 * s, 52 * s, 20), roundedRing(94 * s, 46 * s, 18)], 34 * s, [36 * s, 0, 0]);
  for (const z of [-17, 17]) b.prism("abs", [roundedRing(100 * s, 52 * s, 20)], 1.8, [36 * s, 0, z * s]);
  for (const y of [-1, 1]) {
    const arm = { turn: aboutZ(y * random.range(0.2, 0.9)), density: 0.5 };
    b.box("abs", [84 * s, 17 * s, 17 * s], [38 * s, y * 44 * s, 0], arm);
    b.box("abs", [116 * s, 24 * s, 22 * s], [-74 * s, y * 17 * s, 0], { density: 0.5 });
    b.cylinder("steel", [4, 4, 26 * s], [74 * s, y * 30 * s, 0], { turn: LAY_Z });
    b.cylinder("steel", [4, 4, 26 * s], [-16 * s, y * 17 * s, 0]);
    for (const x of [8, 60]) b.cylinder("steel", [3.4, 3.4, 10], [x * s, y * 16 * s, -8 * s]);
  }
  b.ellipsoid("polyester", [130 * s, 96 * s, 50 * s], [4 * s, 0, 0], {
    density: 0.06,
    texture: textured(random, "wrinkle", 0.6, 0.8),
  });
  return b.done("doll", { group: "furniture-toys", hs6: "950300", description: "toys", price: 18 });
}

/** Engine with its motor and gears, wagons on axles, a few rails. */
function toyTrain(random: Random): Item {
  const b = new ItemBuilder(random);
  const wagons = random.int(2, 4);
  for (let n = 0; n < wagons; n++) {
    const y = n * 44;
    const long = random.range(95, 125);
    b.prism("abs", [roundedRing(long, 34, 4), roundedRing(long - 5, 29, 3)], 30, [0, y, 0]);
    for (const z of [-15, 15]) b.prism("abs", [roundedRing(long, 34, 4)], 1.8, [0, y, z]);
    for (const x of [-0.34, 0.34]) {
      b.cylinder("steel", [3, 3, 36], [x * long, y, -17], { turn: LAY_Z });
      for (const e of [-13, 13]) b.cylinder("zamak", [15, 15, 4], [x * long, y + e, -17], { turn: LAY_Z });
    }
    if (n > 0) continue;
    b.cylinder("steel", [22, 22, 30], [-12, y, 0], { turn: LAY_Z_ALONG_X, density: 4.6 });
    b.box("zamak", [long * 0.7, 22, 6], [0, y, -10], { density: 4 });
  }
  const rails = random.int(3, 8);
  for (let n = 0; n < rails; n++)
    for (const e of [-8, 8])
      b.box("brass", [random.range(140, 170), 2, 3], [random.range(-8, 8), -44 + e - n * 2, n * 3]);
  return b.done("toy train", { group: "furniture-toys", hs6: "950300", description: "toys", price: 45 });
}

function toyGun(random: Random): Item {
  const b = new ItemBuilder(random);
  const s = random.range(0.8, 1.25);
  const outline = [-70, 40, 95, 40, 95, 18, 40, 14, 8, 10, -4, -60, -50, -58, -40, 8, -70, 14].map(
    (v) => v * s,
  );
  b.prism("abs", [outline, outline.map((v) => v * 0.93 + 0.6)], 32, [0, 0, 0]);
  for (const z of [-15, 15]) b.prism("abs", [outline], 2, [0, 0, z]);
  b.wire("steel", tangle(random, [12, 5, 3], 20, 5), 1.2);
  for (let i = 0; i < 5; i++)
    b.cylinder("steel", [4, 4, 14], [random.range(-40, 60) * s, random.range(12, 34) * s, 0]);
  return b.done("toy gun", { group: "furniture-toys", hs6: "950300", description: "toy", price: 12 });
}

export function plastics(random: Random): Item {
  const b = new ItemBuilder(random);
  const material: MaterialName = random.pick(["polyethylene", "abs", "pvc", "nylon", "silicone"] as const);
  if (random.chance(0.5)) {
    const size = [random.range(100, 240), random.range(80, 170), random.range(40, 100)] as const;
    const count = random.int(1, 3);
    for (let i = 0; i < count; i++) {
      b.prism(
        material,
        [roundedRing(size[0], size[1], 12), roundedRing(size[0] - 4.4, size[1] - 4.4, 10)],
        size[2],
        [0, 0, i * 6],
      );
      b.prism(material, [roundedRing(size[0], size[1], 12)], 2.2, [0, 0, -size[2] / 2 + i * 6]);
    }
  } else {
    const count = random.int(5, 24);
    for (let i = 0; i < count; i++) {
      const at: Vector = [(i % 5) * 36, Math.floor(i / 5) * 36, random.range(-5, 5)];
      if (random.chance(0.5)) b.prism(material, [roundRing(32, 32, 14), roundRing(22, 22, 14)], 12, at);
      else b.box(material, [28, 14, 11], at, { turn: aboutZ(random.range(0, 3)) });
    }
  }
  return b.done("plastic articles", {
    group: "plastics-rubber",
    hs6: random.pick(["392410", "392690", "401699"]),
    description: random.pick(["plastic boxes", "plastic fittings", "rubber seals"]),
    price: 10,
  });
}
