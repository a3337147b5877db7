import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import {
  aboutZ,
  apply,
  compose,
  LAY_Z,
  LAY_Z_ALONG_X,
  type Rotation,
  type Vector,
} from "../scene/geometry.ts";
import { circuit } from "./batteries.ts";
import {
  type Item,
  ItemBuilder,
  movedRing,
  roundedRing,
  roundRing,
  type Trade,
  tangle,
  textured,
} from "./item.ts";

const TOOLS = { group: "metals", hs6: "820411", description: "hand tools", price: 15 } as const;

export function handTool(random: Random): Item {
  return random.pick([spanners, pliers, hammer, screwdrivers, saw])(random);
}

function spanners(random: Random): Item {
  const b = new ItemBuilder(random);
  const count = random.int(1, 6);
  for (let i = 0; i < count; i++) {
    const length = random.range(100, 160) + i * 18;
    const head = 14 + length * 0.11;
    const y = i * 32;
    const thick = 4 + length * 0.015;
    b.box("steel", [length, head * 0.42, thick], [0, y, 0]);
    const end = length / 2 + head * 0.2;
    b.prism(
      "steel",
      [movedRing(roundRing(head, head, 12), end, y), movedRing(roundRing(head * 0.6, head * 0.6, 6), end, y)],
      thick + 3,
      [0, 0, 0],
    );
    b.prism(
      "steel",
      [
        movedRing(
          [
            -0.5, -0.3, 0, -0.5, 0.5, -0.42, 0.5, -0.2, 0, -0.24, -0.1, 0, 0, 0.24, 0.5, 0.2, 0.5, 0.42, 0,
            0.5, -0.5, 0.3,
          ].map((v) => v * head * 1.1),
          -end,
          y,
          Math.PI,
        ),
      ],
      thick + 1,
      [0, 0, 0],
    );
  }
  return b.done("spanners", TOOLS);
}

function pliers(random: Random): Item {
  const b = new ItemBuilder(random);
  const s = random.range(0.75, 1.2);
  for (const side of [-1, 1]) {
    b.prism(
      "steel",
      [[0, 8, 20, 9, 58, 3, 62, 0, 0, 0].map((v, i) => v * s * (i % 2 ? side : 1))],
      11 * s,
      [0, 0, 0],
    );
    b.prism(
      "steel",
      [
        [4, 8, -10, 9, -60, 26, -115, 28, -115, 18, -60, 15, -8, -3].map(
          (v, i) => v * s * (i % 2 ? side : 1),
        ),
      ],
      8 * s,
      [0, 0, 0],
    );
    b.prism(
      "rubber",
      [[-30, 22, -60, 31, -122, 34, -122, 14, -60, 11, -30, 8].map((v, i) => v * s * (i % 2 ? side : 1))],
      14 * s,
      [0, 0, 0],
    );
  }
  b.cylinder("steel", [20 * s, 20 * s, 13 * s], [0, 0, 0], { density: 5 });
  return b.done("pliers", { ...TOOLS, hs6: "820320" });
}

function hammer(random: Random): Item {
  const b = new ItemBuilder(random);
  const s = random.range(0.8, 1.2);
  b.box("steel", [26 * s, 105 * s, 26 * s], [0, 0, 0]);
  b.cylinder(random.pick(["wood", "wood", "rubber"] as const), [30 * s, 24 * s, 270 * s], [-140 * s, 0, 0], {
    turn: LAY_Z_ALONG_X,
  });
  return b.done("hammer", { ...TOOLS, hs6: "820520" });
}

function screwdrivers(random: Random): Item {
  const b = new ItemBuilder(random);
  const count = random.int(1, 6);
  for (let i = 0; i < count; i++) {
    const rod = random.range(50, 160);
    const d = random.range(3, 8);
    b.cylinder("steel", [d, d, rod], [rod / 2, i * 36, 0], { turn: LAY_Z_ALONG_X });
    b.cylinder("abs", [random.range(18, 32), 26, 90], [-45, i * 36, 0], { turn: LAY_Z_ALONG_X });
    b.cylinder("steel", [d, d, 60], [-28, i * 36, 0], { turn: LAY_Z_ALONG_X });
  }
  return b.done("screwdrivers", { ...TOOLS, hs6: "820540" });
}

function saw(random: Random): Item {
  const b = new ItemBuilder(random);
  const length = random.range(220, 330);
  b.prism("steel", [[0, 45, length, 14, length, -14, 0, -45]], 1, [0, 0, 0]);
  b.prism("wood", [roundedRing(105, 110, 24), roundedRing(60, 60, 18)], 22, [-50, 0, 0]);
  return b.done("hand saw", { ...TOOLS, hs6: "820210" });
}

export function powerDrill(random: Random): Item {
  const b = new ItemBuilder(random);
  b.cylinder("abs", [62, 62, 150], [0, 40, 0], { turn: LAY_Z_ALONG_X });
  b.cylinder("abs", [56, 56, 145], [0, 40, 0], { turn: LAY_Z_ALONG_X, density: -1.05 });
  b.cylinder("steel", [46, 46, 62], [-32, 40, 0], { turn: LAY_Z_ALONG_X, density: 4.2 });
  b.cylinder("copper", [38, 38, 50], [-32, 40, 0], { turn: LAY_Z_ALONG_X, density: 1.6 });
  b.cylinder("steel", [40, 40, 36], [32, 40, 0], { turn: LAY_Z_ALONG_X, density: 5 });
  b.frustum("steel", 40, 20, 48, [100, 40, 0], { turn: LAY_Z_ALONG_X, density: 5.5 });
  b.prism(
    "abs",
    [
      [-40, 12, 4, 12, -6, -90, -50, -90],
      [-36, 10, 0, 10, -10, -88, -46, -88],
    ],
    40,
    [0, 0, 0],
  );
  for (const z of [-20, 20]) b.prism("abs", [[-40, 12, 4, 12, -6, -90, -50, -90]], 2.5, [0, 0, z]);
  b.box("board", [26, 50, 2], [-24, -30, 0]);
  b.box("steel", [14, 20, 14], [-2, -2, 0], { density: 2 });
  b.wire("cable", tangle(random, [110, 90, 16], 26, 24), 7);
  return b.done("power drill", {
    group: "machinery",
    hs6: "846721",
    description: "electric drill",
    price: 60,
  });
}

export function cutlery(random: Random): Item {
  const b = new ItemBuilder(random);
  const count = random.int(3, 14);
  for (let i = 0; i < count; i++) {
    const at: Vector = [0, (i % 6) * 26 + random.range(-4, 4), Math.floor(i / 6) * 6];
    const turn = aboutZ(random.range(-0.12, 0.12) + (random.chance(0.3) ? Math.PI : 0));
    b.include(random.chance(0.5) ? fork(random) : spoon(random), at, turn);
  }
  return b.done("cutlery", {
    group: "metals",
    hs6: "821599",
    description: "spoons and forks",
    price: 18,
  });
}

const CUTLERY: Trade = { group: "metals", hs6: "821599", description: "spoons and forks", price: 3 };

function fork(random: Random): Item {
  const b = new ItemBuilder(random);
  const length = random.range(110, 150);
  b.prism("stainless", [[0, 3.5, -length, 7, -length, -7, 0, -3.5]], 2.2, [0, 0, 0]);
  b.prism("stainless", [[-4, 4, 8, 12, 16, 12, 16, -12, 8, -12, -4, -4]], 1.8, [0, 0, 0]);
  for (let k = 0; k < 4; k++) b.box("stainless", [44, 3, 1.8], [37, (k - 1.5) * 6.6, 0]);
  return b.done("fork", CUTLERY);
}

function spoon(random: Random): Item {
  const b = new ItemBuilder(random);
  const length = random.range(100, 150);
  const bowl = random.range(40, 64);
  b.prism("stainless", [[0, 3.5, -length, 7, -length, -7, 0, -3.5]], 2.2, [0, 0, 0]);
  b.prism("stainless", [movedRing(roundRing(bowl, bowl * 0.66, 18), bowl / 2 - 3, 0)], 1.5, [0, 0, 0]);
  return b.done("spoon", CUTLERY);
}

export function scissors(random: Random): Item {
  const b = new ItemBuilder(random);
  const length = random.range(60, 130);
  const open = random.range(0.02, 0.3);
  const grip = random.pick(["abs", "abs", "stainless"] as const);
  const spread = random.range(20, 25);
  for (const side of [-1, 1]) {
    const turn = aboutZ((side * open) / 2);
    const on = (x: number, y: number): Vector => apply(turn, [x, y, 0]);
    b.prism(
      "stainless",
      [[-20, 7 * side, length * 0.6, 8 * side, length, 0, 0, -4 * side, -20, -4 * side]],
      2.2,
      [0, 0, side],
      { turn },
    );
    b.prism(
      "stainless",
      [[28, 6, -28, -2, -28, -10, 28, -4].map((v, i) => (i % 2 ? -v * side * -1 : v))],
      2.2,
      on(-38, -side * spread * 0.3),
      { turn },
    );
    const eye = [roundRing(58, 40, 14), roundRing(42, 25, 14)];
    b.prism(grip, eye, grip === "abs" ? 9 : 6, on(-82, -side * spread), { turn });
  }
  b.cylinder("steel", [8, 8, 7], [0, 0, 0]);
  return b.done("scissors", { group: "metals", hs6: "821300", description: "scissors", price: 9 });
}

/** Mains-powered devices: case, board, transformer, heat sink, cables. No battery. */
export function device(random: Random): Item {
  const b = new ItemBuilder(random);
  const size = [random.range(90, 260), random.range(70, 180), random.range(25, 75)] as const;
  const shell: MaterialName = random.pick(["abs", "abs", "abs", "steel", "aluminium"] as const);
  const wall = shell === "abs" ? 2.4 : 1;
  b.prism(
    shell,
    [roundedRing(size[0], size[1], 6), roundedRing(size[0] - 2 * wall, size[1] - 2 * wall, 5)],
    size[2],
    [0, 0, 0],
  );
  for (const z of [-1, 1])
    b.prism(shell, [roundedRing(size[0], size[1], 6)], wall, [0, 0, (z * size[2]) / 2]);
  circuit(
    b,
    random,
    [size[0] * random.range(0.5, 0.85), size[1] * random.range(0.5, 0.85)],
    [random.range(-8, 8), random.range(-8, 8), -size[2] * 0.3],
  );
  if (random.chance(0.5)) {
    const side = random.range(24, 46);
    const at: Vector = [size[0] * random.range(-0.3, 0.3), size[1] * random.range(-0.25, 0.25), 0];
    b.box("steel", [side, side * 0.85, Math.min(side * 0.7, size[2] * 0.8)], at);
    b.box("copper", [side * 0.55, side * 1.15, Math.min(side * 0.6, size[2] * 0.7)], at, { density: 2.6 });
  }
  if (random.chance(0.4))
    for (let i = 0; i < 8; i++)
      b.box("aluminium", [1.6, 42, Math.min(26, size[2] * 0.6)], [size[0] * 0.2 + i * 5, 0, 0]);
  b.wire("cable", tangle(random, [size[0] * 0.45, size[1] * 0.45, size[2] * 0.3], 16, 18), 3);
  for (const x of [-1, 1])
    for (const y of [-1, 1])
      b.cylinder("steel", [4, 4, Math.min(12, size[2] * 0.6)], [x * size[0] * 0.44, y * size[1] * 0.44, 0]);
  return b.done("device", {
    group: "electronics",
    hs6: random.pick(["851762", "852872", "851822", "850440"]),
    description: random.pick(["network router", "audio amplifier", "set-top box", "power supply"]),
    price: 70,
  });
}

export function charger(random: Random): Item {
  const b = new ItemBuilder(random);
  const size = [random.range(38, 110), random.range(28, 50), random.range(24, 34)] as const;
  b.box("abs", size, [0, 0, 0]);
  b.box("abs", [size[0] - 4, size[1] - 4, size[2] - 4], [0, 0, 0], { density: -1.05 });
  circuit(b, random, [size[0] - 8, size[1] - 8], [0, 0, -5]);
  b.box("ferrite", [20, 18, 15], [0, 0, 2]);
  b.box("copper", [14, 20, 13], [0, 0, 2], { density: 2 });
  b.cylinder("capacitor", [13, 13, 20], [size[0] * 0.3, 4, 0], { turn: LAY_Z_ALONG_X });
  for (const y of [-9.5, 9.5])
    b.cylinder("brass", [4.5, 4.5, 19], [-size[0] / 2 - 9, y, 0], { turn: LAY_Z_ALONG_X });
  b.wire("cable", tangle(random, [80, 60, 10], 34, 17), random.range(2.5, 4.5));
  b.box("steel", [12, 8, 5], [70, 40, 0], { density: 4 });
  return b.done("charger", {
    group: "electronics",
    hs6: "850440",
    description: "charger with cable",
    price: 14,
  });
}

export function cables(random: Random): Item {
  const b = new ItemBuilder(random);
  const thick = random.range(2.5, 8);
  const r = random.range(40, 85);
  const turns = random.int(3, 9);
  const points: Vector[] = [];
  for (let i = 0; i <= turns * 16; i++) {
    const angle = (i / 16) * 2 * Math.PI;
    const w = r * (1 + 0.08 * Math.sin(angle * 0.37 + turns)) + random.range(-2, 2);
    points.push([w * Math.cos(angle) * 1.25, w * Math.sin(angle) * 0.85, ((i / 16) % 4) * thick - 2 * thick]);
  }
  b.wire(random.chance(0.8) ? "cable" : "copper", points, thick, random.chance(0.8) ? {} : { density: 5 });
  for (let i = 0; i < 2; i++) {
    b.box("abs", [38, 16, 12], [i * 40 - 20, i * 20 - r * 0.85, 0]);
    b.box("steel", [14, 13, 5], [i * 40 + 4, i * 20 - r * 0.85, 0], { density: 4 });
  }
  return b.done("cables", {
    group: "electronics",
    hs6: "854442",
    description: "electric cables with connectors",
    price: 9,
  });
}

export function crockery(random: Random): Item {
  const b = new ItemBuilder(random);
  const material: MaterialName = random.pick(["ceramic", "ceramic", "glass", "stone"] as const);
  const kind = random.int(0, 3);
  const density = material === "ceramic" ? 2.35 : material === "glass" ? 2.5 : 2.65;
  if (kind === 0) {
    const d = random.range(70, 95);
    const h = random.range(80, 110);
    b.cylinder(material, [d, d, h], [0, 0, 0]);
    b.cylinder(material, [d - 9, d - 9, h - 5], [0, 0, 3], { density: -density });
    b.prism(material, [roundRing(44, 62, 16), roundRing(28, 44, 16)], 11, [d / 2 + 8, 0, 0], { turn: LAY_Z });
  } else if (kind === 1) {
    const d = random.range(150, 260);
    const count = random.int(1, 5);
    for (let i = 0; i < count; i++) {
      b.cylinder(material, [d * 0.62, d * 0.62, 5], [0, 0, i * 9]);
      b.frustum(material, d * 0.62, d, 20, [0, 0, i * 9 + 10]);
      b.frustum(material, d * 0.6, d * 0.98, 20, [0, 0, i * 9 + 11], { density: -density * 0.96 });
    }
  } else if (kind === 2) {
    const d = random.range(60, 90);
    for (let i = 0; i < 4; i++) {
      const at: Vector = [(i % 2) * (d + 8), Math.floor(i / 2) * (d + 8), 0];
      b.frustum("glass", d * 0.75, d, 100, at);
      b.frustum("glass", d * 0.75 - 5, d - 5, 94, [at[0], at[1], 3], { density: -2.5 });
    }
  } else {
    const d = random.range(80, 150);
    b.ellipsoid(material, [d, d, d * 1.3], [0, 0, 0]);
    b.ellipsoid(material, [d - 10, d - 10, d * 1.3 - 10], [0, 0, 0], { density: -density });
    b.cylinder(material, [d * 0.6, d * 0.6, 9], [0, 0, -d * 0.6]);
  }
  return b.done(
    "crockery",
    {
      group: "stone-glass-ceramic",
      hs6: random.pick(["691110", "701337", "691390"]),
      description: random.pick(["ceramic mugs", "glassware", "porcelain plates", "vase"]),
      price: 20,
    },
    random.chance(0.6) ? "upright" : "any",
  );
}

export function food(random: Random): Item {
  const b = new ItemBuilder(random);
  const kind = random.int(0, 4);
  let hs6 = "190531";
  let description = "biscuits";
  if (kind === 0) {
    const count = random.int(1, 4);
    const d = random.range(65, 100);
    const h = random.range(35, 115);
    const material = random.pick(["meat", "meat", "sugar"] as const);
    for (let i = 0; i < count; i++) {
      const at: Vector = [(i % 2) * (d + 3), Math.floor(i / 2) * (d + 3), 0];
      b.cylinder("tinplate", [d, d, h], at);
      b.cylinder("tinplate", [d - 0.5, d - 0.5, h - 0.5], at, { density: -7.85 });
      b.cylinder(material, [d - 0.5, d - 0.5, h - 6], at, { texture: textured(random, "soft", 0.12, 0.8) });
    }
    hs6 = "160250";
    description = "canned food";
  } else if (kind === 1) {
    const size = [random.range(90, 200), random.range(60, 130), random.range(35, 70)] as const;
    const material = random.pick(["coffee", "flour", "sugar", "salt"] as const);
    b.ellipsoid(material, [size[0] * 1.1, size[1] * 1.1, size[2] * 1.2], [0, 0, 0], {
      density: material === "coffee" ? 0.4 : 0.65,
      texture: textured(random, "soft", 0.08, 1.2),
    });
    b.box("aluminium", [size[0], size[1], 0.06], [0, 0, 0]);
    hs6 = material === "coffee" ? "090121" : "110100";
    description = material === "coffee" ? "ground coffee" : "flour and sugar";
  } else if (kind === 2) {
    const rows = random.int(2, 5);
    const size = [random.range(90, 180), random.range(60, 110)] as const;
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < 6; j++) {
        b.box("chocolate", [size[0] / 6 - 2, size[1] - 6, 7], [(j - 2.5) * (size[0] / 6), 0, i * 12]);
      }
    b.box("cellulose", [size[0] + 6, size[1], 1], [0, 0, -5]);
    hs6 = "180632";
    description = "chocolate bars";
  } else if (kind === 3) {
    const size = [random.range(150, 260), random.range(110, 190), random.range(40, 80)] as const;
    b.box("cellulose", size, [0, 0, 0], { density: 0.7 });
    b.box("cellulose", [size[0] - 1.2, size[1] - 1.2, size[2] - 1.2], [0, 0, 0], { density: -0.7 });
    for (let i = 0; i < 18; i++)
      b.ellipsoid(
        "flour",
        [size[0] * 0.24, size[1] * 0.3, 14],
        [
          random.range(-0.36, 0.36) * size[0],
          random.range(-0.34, 0.34) * size[1],
          random.range(-0.35, 0.35) * size[2],
        ],
        { density: 0.4, turn: aboutZ(random.range(0, 3)) },
      );
  } else {
    for (let i = 0; i < 20; i++)
      b.ellipsoid(
        random.pick(["sugar", "meat"] as const),
        [random.range(18, 34), random.range(15, 26), 20],
        [random.range(-60, 60), random.range(-45, 45), random.range(-15, 15)],
      );
    b.box("polyethylene", [160, 125, 0.3], [0, 0, 0]);
    hs6 = "080250";
    description = "nuts and sweets";
  }
  return b.done(
    "food",
    { group: "food-organic", hs6, description, price: 7 },
    random.chance(0.4) ? "upright" : "any",
  );
}

export function toy(random: Random): Item {
  const kind = random.int(0, 3);
  if (kind === 0) return toyGun(random);
  const b = new ItemBuilder(random);
  if (kind === 1) {
    const s = random.range(0.7, 1.3);
    b.ellipsoid("polyester", [110 * s, 90 * s, 80 * s], [0, 0, 0], {
      density: 0.06,
      texture: textured(random, "soft", 0.5, 0.8),
    });
    b.ellipsoid("polyester", [70 * s, 70 * s, 66 * s], [80 * s, 0, 0], { density: 0.06 });
    for (const y of [-1, 1])
      for (const x of [-1, 1])
        b.ellipsoid("polyester", [60 * s, 30 * s, 30 * s], [x * 35 * s - 5, y * 50 * s, 0], {
          density: 0.07,
        });
    for (const y of [-1, 1]) b.ellipsoid("abs", [8, 8, 6], [100 * s, y * 12 * s, 26 * s]);
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

export function cosmetics(random: Random): Item {
  const b = new ItemBuilder(random);
  const count = random.int(2, 7);
  for (let i = 0; i < count; i++) {
    const at: Vector = [(i % 3) * 58, Math.floor(i / 3) * 60, 0];
    const kind = random.int(0, 3);
    if (kind === 0) {
      b.cylinder("glass", [52, 52, 38], at);
      b.cylinder("glass", [42, 42, 30], [at[0], at[1], 3], { density: -2.5 });
      b.cylinder("lotion", [42, 42, 24], [at[0], at[1], 0], { density: 0.9 });
      b.cylinder("abs", [53, 53, 14], [at[0], at[1], 24], { density: 0.4 });
    } else if (kind === 1) {
      b.cylinder("abs", [20, 20, 74], at, { density: 0.5 });
      b.cylinder("zamak", [16, 16, 26], at, { density: 1.5 });
      b.cylinder("oil", [12, 12, 40], [at[0], at[1], 14]);
    } else if (kind === 2) b.box("soap", [54, 38, 24], at);
    else {
      b.box("abs", [52, 50, 14], at, { density: 0.6 });
      b.box("glass", [44, 42, 1.4], [at[0], at[1], 5]);
      b.box("plaster", [40, 20, 5], [at[0], at[1], 0]);
    }
  }
  return b.done("cosmetics", {
    group: "chemicals",
    hs6: random.pick(["330499", "340111", "330410"]),
    description: random.pick(["cosmetics", "soap", "make-up"]),
    price: 24,
  });
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
