import type { Random } from "../random.ts";
import { aboutZ, LAY_Z_ALONG_X, type Vector } from "../scene/geometry.ts";
import { type Item, ItemBuilder, movedRing, roundedRing, roundRing, textured } from "./item.ts";

export function machineParts(random: Random): Item {
  const b = new ItemBuilder(random);
  const kind = random.int(0, 3);
  if (kind === 0) {
    const d = random.range(50, 130);
    const ring = roundRing(d, d, 28);
    for (let i = 0; i < 28; i++) {
      const k = i % 2 ? 1 : 0.88;
      ring[i * 2] = (ring[i * 2] as number) * k;
      ring[i * 2 + 1] = (ring[i * 2 + 1] as number) * k;
    }
    const holes = [roundRing(d * 0.25, d * 0.25, 14)];
    for (let i = 0; i < 5; i++)
      holes.push(
        movedRing(
          roundRing(d * 0.16, d * 0.16, 10),
          Math.cos(i * 1.2566) * d * 0.27,
          Math.sin(i * 1.2566) * d * 0.27,
        ),
      );
    b.prism(
      random.pick(["steel", "aluminium", "nylon"] as const),
      [ring, ...holes],
      random.range(8, 24),
      [0, 0, 0],
    );
    b.prism("steel", [roundRing(d * 0.4, d * 0.4, 16), roundRing(d * 0.24, d * 0.24, 14)], 30, [0, 0, 0]);
  } else if (kind === 1) {
    const count = random.int(3, 10);
    for (let i = 0; i < count; i++) {
      const d = random.range(22, 52);
      const at: Vector = [(i % 4) * 54, Math.floor(i / 4) * 54, 0];
      b.prism("steel", [roundRing(d, d, 18), roundRing(d * 0.82, d * 0.82, 18)], 12, at);
      b.prism("steel", [roundRing(d * 0.6, d * 0.6, 18), roundRing(d * 0.42, d * 0.42, 18)], 12, at);
      for (let k = 0; k < 7; k++)
        b.ellipsoid(
          "steel",
          [d * 0.13, d * 0.13, d * 0.13],
          [at[0] + Math.cos(k * 0.9) * d * 0.355, at[1] + Math.sin(k * 0.9) * d * 0.355, 0],
        );
    }
  } else if (kind === 2) {
    const d = random.range(35, 70);
    const length = d * random.range(1, 1.6);
    b.cylinder("steel", [d, d, length], [0, 0, 0], { turn: LAY_Z_ALONG_X });
    b.cylinder("steel", [d - 5, d - 5, length - 6], [0, 0, 0], { turn: LAY_Z_ALONG_X, density: -7.85 });
    b.cylinder("steel", [d * 0.66, d * 0.66, length * 0.6], [0, 0, 0], { turn: LAY_Z_ALONG_X, density: 5.4 });
    b.cylinder("copper", [d * 0.82, d * 0.82, length * 0.75], [0, 0, 0], {
      turn: LAY_Z_ALONG_X,
      density: 1.4,
    });
    b.cylinder("steel", [7, 7, length * 1.5], [length * 0.2, 0, 0], { turn: LAY_Z_ALONG_X });
    b.wire(
      "cable",
      [
        [-length / 2, d / 3, 0],
        [-length * 0.8, d * 0.6, 2],
        [-length, d * 0.4, 0],
      ],
      3,
    );
  } else {
    const size = [random.range(60, 130), random.range(45, 95), random.range(25, 50)] as const;
    b.box("aluminium", size, [0, 0, 0]);
    for (let i = 0; i < 4; i++)
      b.cylinder(
        "aluminium",
        [random.range(9, 24), random.range(9, 24), size[2]],
        [(i % 2 ? 0.3 : -0.3) * size[0], (i > 1 ? 0.3 : -0.3) * size[1], 0],
        { density: -2.7 },
      );
    b.cylinder("steel", [14, 14, size[0] * 1.2], [0, 0, 0], { turn: LAY_Z_ALONG_X, density: 5 });
  }
  return b.done("machine parts", {
    group: "machinery",
    hs6: random.pick(["848210", "848340", "841391"]),
    description: random.pick(["bearings", "gear wheels", "pump parts", "machine parts"]),
    price: 45,
  });
}

export function metalware(random: Random): Item {
  const b = new ItemBuilder(random);
  const kind = random.int(0, 2);
  if (kind === 0) {
    const count = random.int(20, 60);
    for (let i = 0; i < count; i++) {
      const d = random.range(3, 7);
      const at: Vector = [random.range(-45, 45), random.range(-32, 32), random.range(-10, 10)];
      const turn = aboutZ(random.range(0, 6.28));
      const length = random.range(18, 50);
      b.box("steel", [length, d, d], at, { turn, density: 6.2 });
      b.cylinder("steel", [d * 2, d * 2, d], [at[0], at[1], at[2]], { turn });
    }
  } else if (kind === 1) {
    const d = random.range(140, 240);
    const h = random.range(50, 100);
    b.cylinder("stainless", [d, d, h], [0, 0, 0]);
    b.cylinder("stainless", [d - 1.6, d - 1.6, h - 1.2], [0, 0, 0.7], { density: -7.9 });
    b.box("abs", [140, 24, 16], [d / 2 + 70, 0, h * 0.3]);
    b.box("stainless", [80, 12, 3], [d / 2 + 30, 0, h * 0.3]);
  } else {
    b.box("brass", [62, 55, 22], [0, 0, 0], { density: 5.5 });
    b.wire(
      "steel",
      [
        [-20, 26, 0],
        [-20, 60, 0],
        [-8, 76, 0],
        [8, 76, 0],
        [20, 60, 0],
        [20, 26, 0],
      ],
      9,
    );
    for (let i = 0; i < 4; i++) {
      b.prism("brass", [roundRing(26, 26, 12), movedRing(roundRing(9, 9, 8), -6, 0)], 2.4, [
        70,
        i * 20 - 20,
        i * 3,
      ]);
      b.box("brass", [34, 8, 2.2], [98, i * 20 - 20, i * 3]);
    }
  }
  return b.done("metal ware", {
    group: "metals",
    hs6: random.pick(["731815", "732393", "830110"]),
    description: random.pick(["screws and bolts", "cooking pan", "padlock and keys"]),
    price: 17,
  });
}

export function furniturePart(random: Random): Item {
  const b = new ItemBuilder(random);
  const length = random.range(180, 400);
  const count = random.int(1, 4);
  const lamp = random.chance(0.3);
  if (lamp) {
    b.frustum("polyester", 180, 90, 120, [0, 0, 0], { density: 0.9 });
    b.frustum("polyester", 178, 88, 120, [0, 0, 0], { density: -0.9 });
    b.cylinder("brass", [28, 28, 40], [0, 0, 0], { density: 2.5 });
    b.wire(
      "steel",
      [
        [-80, 0, 0],
        [0, 0, 0],
        [80, 0, 0],
      ],
      3,
    );
  } else {
    for (let i = 0; i < count; i++) {
      b.box("wood", [length, random.range(35, 60), 18], [0, i * 64, 0], {
        texture: textured(random, "soft", 0.12, 0.8),
      });
      for (const x of [-0.42, 0.42]) b.cylinder("steel", [6, 6, 20], [x * length, i * 64, 0]);
      b.box("steel", [50, 16, 2], [length * 0.3, i * 64, 10]);
    }
  }
  return b.done("furniture part", {
    group: "furniture-toys",
    hs6: lamp ? "940510" : "940399",
    description: lamp ? "lamp shade" : "furniture parts",
    price: 30,
  });
}

export function woodware(random: Random): Item {
  const b = new ItemBuilder(random);
  const size = [random.range(120, 280), random.range(90, 190), random.range(12, 50)] as const;
  b.prism(
    "wood",
    [roundedRing(size[0], size[1], 5), roundedRing(size[0] - 36, size[1] - 36, 3)],
    size[2],
    [0, 0, 0],
    { texture: textured(random, "soft", 0.1, 0.7) },
  );
  b.box("wood", [size[0] - 20, size[1] - 20, 4], [0, 0, -size[2] / 3]);
  if (random.chance(0.5)) b.box("glass", [size[0] - 30, size[1] - 30, 2], [0, 0, size[2] / 4]);
  for (const x of [-1, 1])
    for (const y of [-1, 1])
      b.wire(
        "steel",
        [
          [x * (size[0] / 2 - 12), y * (size[1] / 2 - 12), 0],
          [x * (size[0] / 2 - 28), y * (size[1] / 2 - 20), 0],
        ],
        2,
      );
  return b.done("wooden frame", {
    group: "leather-wood",
    hs6: "441490",
    description: "wooden frames",
    price: 18,
  });
}
