import type { Random } from "../random.ts";
import { aboutZ, apply, LAY_Z_ALONG_X, type Vector } from "../scene/geometry.ts";
import { type Item, ItemBuilder, movedRing, roundedRing, roundRing, type Trade, tangle } from "./item.ts";

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
