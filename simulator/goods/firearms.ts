import type { Random } from "../random.ts";
import { aboutY, LAY_Z_ALONG_X, type Vector } from "../scene/geometry.ts";
import { type Item, ItemBuilder, movedRing, roundRing, type Trade } from "./item.ts";

const TRADE: Trade = { group: "arms", hs6: "930200", description: "pistol", price: 420 };

export function firearm(random: Random): Item {
  return random.weighted([
    [() => pistol(random), 6],
    [() => revolver(random), 3],
    [() => longGunPart(random), 1],
  ] as const)();
}

/** Self-loading pistol lying on its side: slide, barrel bore, steel or polymer frame, magazine with or without rounds. */
function pistol(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("firearm");
  const s = random.range(0.78, 1.12);
  const length = 185 * s;
  const slide = 27 * s;
  const wide = random.range(22, 28);
  const top = 45 * s;
  const material = random.pick(["steel", "stainless", "steel"] as const);
  const polymer = random.chance(0.55);
  b.box(material, [length, slide, wide], [0, top, 0]);
  b.box(material, [length * 0.94, slide * 0.62, wide - 9], [-length * 0.02, top - 2, 0], { density: -6.6 });
  b.cylinder("steel", [15 * s, 15 * s, length * 0.62], [length * 0.17, top + 1, 0], { turn: LAY_Z_ALONG_X });
  b.cylinder("steel", [9, 9, length * 0.62], [length * 0.17, top + 1, 0], {
    turn: LAY_Z_ALONG_X,
    density: -7.85,
  });
  b.cylinder("steel", [6, 6, length * 0.5], [length * 0.2, top - slide * 0.42, 0], {
    turn: LAY_Z_ALONG_X,
    density: 4,
  });
  const lean = random.range(0.16, 0.38);
  const grip = random.range(88, 112) * s;
  const frame = polymer ? "nylon" : random.pick(["steel", "aluminium"] as const);
  const dx = grip * Math.tan(lean);
  const bottom = top - slide / 2 - grip;
  const gx = -length * 0.32;
  b.prism(
    frame,
    [
      [
        gx - 27 * s,
        top - slide / 2,
        length * 0.46,
        top - slide / 2,
        length * 0.46,
        top - slide / 2 - 13 * s,
        gx + 30 * s,
        top - slide / 2 - 17 * s,
        gx + 23 * s - dx,
        bottom,
        gx - 27 * s - dx,
        bottom + 4,
      ],
    ],
    wide + 2,
    [0, 0, 0],
    { density: polymer ? 1.1 : frame === "steel" ? 3.6 : 2.2 },
  );
  b.prism(
    polymer ? "nylon" : "steel",
    [
      guard(gx + 30 * s, top - slide / 2 - 9 * s, 52 * s, 32 * s, 0),
      guard(gx + 30 * s, top - slide / 2 - 9 * s, 42 * s, 23 * s, 0),
    ],
    9,
    [0, 0, 0],
  );
  b.prism(
    "steel",
    [
      [
        gx + 50 * s,
        top - slide / 2 - 4,
        gx + 58 * s,
        top - slide / 2 - 4,
        gx + 53 * s,
        top - slide / 2 - 28 * s,
        gx + 49 * s,
        top - slide / 2 - 28 * s,
      ],
    ],
    6,
    [0, 0, 0],
  );
  if (random.chance(0.85)) magazine(b, random, gx, top - slide / 2, dx, grip, s);
  b.box("steel", [12, 10, wide * 0.7], [-length * 0.47, top - 2, 0], { density: 6 });
  return b.endTarget().done("pistol", TRADE, random.chance(0.75) ? "flat" : "any");
}

function guard(x: number, y: number, width: number, height: number, turn: number): number[] {
  return movedRing(roundRing(width, height, 14), x + 26, y - 16, turn);
}

function magazine(
  b: ItemBuilder,
  random: Random,
  gx: number,
  top: number,
  dx: number,
  grip: number,
  s: number,
): void {
  const wall: Vector = [0, 0, 0];
  b.prism(
    "steel",
    [
      [
        gx - 15 * s,
        top,
        gx + 15 * s,
        top,
        gx + 15 * s - dx,
        top - grip - 6,
        gx - 17 * s - dx,
        top - grip - 6,
      ],
      [
        gx - 13.5 * s,
        top - 2,
        gx + 13.5 * s,
        top - 2,
        gx + 13.5 * s - dx,
        top - grip,
        gx - 15.5 * s - dx,
        top - grip,
      ],
    ],
    19,
    wall,
  );
  b.box("steel", [31 * s, 3, 20], [gx - dx, top - grip - 5, 0]);
  const rounds = random.chance(0.6) ? random.int(4, 13) : 0;
  for (let i = 0; i < rounds; i++) {
    const f = (i + 0.5) / 13;
    b.cylinder("lead", [9, 9, 11], [gx - dx * f + 9, top - grip * f, 0], { turn: LAY_Z_ALONG_X });
    b.cylinder("brass", [9.6, 9.6, 18], [gx - dx * f - 5, top - grip * f, 0], {
      turn: LAY_Z_ALONG_X,
      density: 4.6,
    });
  }
}

function revolver(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("firearm");
  const s = random.range(0.85, 1.15);
  const barrel = random.pick([52, 76, 102, 152]) * s;
  const steel = random.pick(["steel", "stainless"] as const);
  b.cylinder(steel, [17 * s, 17 * s, barrel], [barrel / 2 + 20 * s, 30 * s, 0], { turn: LAY_Z_ALONG_X });
  b.cylinder(steel, [9, 9, barrel], [barrel / 2 + 20 * s, 30 * s, 0], { turn: LAY_Z_ALONG_X, density: -7.8 });
  b.box(steel, [barrel * 0.8, 9 * s, 11 * s], [barrel * 0.4 + 20 * s, 16 * s, 0], { density: 5 });
  b.prism(
    steel,
    [
      [-42, 42, 24, 42, 24, 0, -20, -4, -46, -2, -52, 20].map((v) => v * s),
      [-24, 36, 18, 36, 18, 5, -24, 5].map((v) => v * s),
    ],
    15 * s,
    [0, 0, 0],
  );
  b.cylinder(steel, [39 * s, 39 * s, 40 * s], [-3 * s, 20 * s, 0], { turn: LAY_Z_ALONG_X });
  const loaded = random.chance(0.6);
  for (let i = 0; i < 6; i++) {
    const angle = (i * Math.PI) / 3;
    const at: Vector = [-3 * s, 20 * s + 13 * s * Math.sin(angle), 13 * s * Math.cos(angle)];
    b.cylinder(steel, [9.5, 9.5, 40 * s], at, { turn: LAY_Z_ALONG_X, density: -7.8 });
    if (loaded) b.cylinder("lead", [9, 9, 14], [at[0] + 8, at[1], at[2]], { turn: LAY_Z_ALONG_X });
  }
  const grip = random.pick(["wood", "rubber"] as const);
  b.prism(
    grip,
    [[-46, 8, -20, 0, -34, -34, -46, -84, -86, -80, -70, -34, -58, -4].map((v) => v * s)],
    30 * s,
    [0, 0, 0],
  );
  b.prism(
    "steel",
    [
      [-50, 4, -30, 0, -48, -50, -58, -80, -78, -78, -64, -36].map((v) => v * s),
      [-48, -4, -38, -6, -52, -50, -62, -74, -70, -74, -60, -38].map((v) => v * s),
    ],
    13 * s,
    [0, 0, 0],
  );
  b.prism(
    "steel",
    [
      movedRing(roundRing(46 * s, 34 * s, 14), 2 * s, -14 * s),
      movedRing(roundRing(37 * s, 25 * s, 14), 2 * s, -14 * s),
    ],
    9,
    [0, 0, 0],
  );
  b.prism("steel", [[-52, 40, -44, 46, -62, 56, -66, 50].map((v) => v * s)], 8, [0, 0, 0]);
  return b.endTarget().done("revolver", TRADE, random.chance(0.75) ? "flat" : "any");
}

/** Receiver with a sawn-off barrel. */
function longGunPart(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("firearm");
  const barrel = random.range(180, 300);
  const bores = random.pick([1, 2]);
  for (let i = 0; i < bores; i++) {
    const y = i * 22 - (bores - 1) * 11;
    b.cylinder("steel", [22, 22, barrel], [barrel / 2, y, 0], { turn: LAY_Z_ALONG_X });
    b.cylinder("steel", [18, 18, barrel], [barrel / 2, y, 0], { turn: LAY_Z_ALONG_X, density: -7.85 });
  }
  b.box("steel", [95, 46, 34], [-48, -6, 0], { density: 5 });
  b.prism(
    "steel",
    [movedRing(roundRing(58, 36, 14), -50, -44), movedRing(roundRing(48, 27, 14), -50, -44)],
    9,
    [0, 0, 0],
  );
  b.prism("wood", [[-95, 14, -95, -28, -130, -50, -190, -92, -214, -70, -150, -14]], 34, [0, 0, 0]);
  b.box("wood", [barrel * 0.5, 24, 36], [barrel * 0.32, -20, 0], { turn: aboutY(0) });
  return b.endTarget().done("sawn-off gun", { ...TRADE, hs6: "930320", description: "shotgun" }, "flat");
}
