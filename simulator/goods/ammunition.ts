import type { Random } from "../random.ts";
import {
  aboutY,
  aboutZ,
  add,
  apply,
  compose,
  IDENTITY,
  LAY_Z_ALONG_X,
  type Rotation,
  type Vector,
} from "../scene/geometry.ts";
import { type Item, ItemBuilder, movedRing, roundedRing, roundRing, type Trade, textured } from "./item.ts";

const ROUNDS: Trade = { group: "arms", hs6: "930630", description: "small-arms cartridges", price: 30 };
const SHELLS: Trade = { group: "arms", hs6: "930621", description: "shotgun cartridges", price: 20 };

/** A calibre, mm: case diameter and length, bullet diameter and what of it stands out of the case. */
interface Calibre {
  readonly body: number;
  readonly length: number;
  readonly bullet: number;
  readonly nose: number;
}

const PISTOL: readonly Calibre[] = [
  { body: 9.8, length: 19.2, bullet: 9, nose: 10.5 },
  { body: 12.1, length: 22.8, bullet: 11.5, nose: 9.6 },
  { body: 9.7, length: 32.8, bullet: 9.1, nose: 7.6 },
  { body: 9.6, length: 17.3, bullet: 9, nose: 7.7 },
];
const RIM_FIRE: Calibre = { body: 5.7, length: 15.6, bullet: 5.7, nose: 9.8 };
const RIFLE: readonly Calibre[] = [
  { body: 9.6, length: 44.7, bullet: 5.7, nose: 12.7 },
  { body: 11.3, length: 38.7, bullet: 7.9, nose: 17.3 },
  { body: 12, length: 51.2, bullet: 7.8, nose: 19.9 },
];

/** Loose rounds, boxes, magazines, clips and shotgun shells. */
export function ammunition(random: Random): Item {
  return random.weighted([
    [() => looseRounds(random), 2.5],
    [() => boxOfPistolRounds(random), 3],
    [() => boxOfRifleRounds(random), 2],
    [() => magazines(random), 3],
    [() => shotgunShells(random), 2.5],
    [() => clips(random), 1.5],
  ] as const)();
}

/** One cartridge with its head at `at`, pointing along local z of `turn`. */
function cartridge(b: ItemBuilder, calibre: Calibre, at: Vector, turn: Rotation): void {
  const { body, length, bullet, nose } = calibre;
  const on = (z: number): Vector => add(at, apply(turn, [0, 0, z]));
  const necked = bullet < body - 1.5;
  const straight = necked ? length * 0.72 : length;
  // Thin walls are not resolved: the case is drawn as brass thinned by the room for its powder.
  b.cylinder("brass", [body, body, straight], on(straight / 2), { turn, density: 2.7 });
  b.cylinder("brass", [body, body, 4.2], on(2.1), { turn, density: 4.6 });
  if (necked)
    b.frustum("brass", body, bullet + 0.9, length * 0.28, on(length * 0.86), { turn, density: 3.6 });
  b.cylinder("lead", [bullet, bullet, nose * 0.75], on(length - nose * 0.1), { turn, density: 10.4 });
  b.frustum("lead", bullet, bullet * (necked ? 0.25 : 0.45), nose * 0.72, on(length + nose * 0.62), {
    turn,
    density: 10.2,
  });
}

function looseRounds(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("ammunition");
  const calibre = random.pick([...PISTOL, ...RIFLE, RIM_FIRE]);
  const count = random.int(4, 24);
  const reach = calibre.length * 0.6 + Math.sqrt(count) * calibre.body * 0.75;
  for (let i = 0; i < count; i++) {
    const layer = Math.floor(i / 9);
    const turn = compose(
      aboutZ(random.range(0, 6.28)),
      compose(aboutY(random.range(-0.2, 0.2)), LAY_Z_ALONG_X),
    );
    const angle = random.range(0, 6.28);
    const r = reach * Math.sqrt(random.float());
    const at: Vector = [r * Math.cos(angle), r * Math.sin(angle) * 0.8, layer * calibre.body];
    cartridge(b, calibre, at, turn);
  }
  b.endTarget();
  if (random.chance(0.5))
    b.prism("polyethylene", [roundedRing(2.6 * reach, 2.2 * reach, 12)], 0.2, [0, 0, calibre.body]);
  return b.done("loose cartridges", ROUNDS);
}

/** Rounds standing in a plastic tray in a cardboard box: 5 × 10, or 10 × 10 rimfire. */
function boxOfPistolRounds(random: Random): Item {
  const b = new ItemBuilder(random);
  const calibre = random.chance(0.2) ? RIM_FIRE : random.pick(PISTOL);
  const [rows, columns] = random.pick([
    [5, 10],
    [5, 10],
    [5, 4],
  ] as const);
  const pitch = calibre.body + random.range(0.9, 2.6);
  const [l, w, h] = [columns * pitch, rows * pitch, calibre.length + calibre.nose + 3];
  b.box("abs", [l, w, 9], [0, 0, 4.5], { density: 0.45 });
  const missing = random.chance(0.3) ? random.range(0, 0.5) : 0;
  b.beginTarget("ammunition");
  for (let i = 0; i < columns; i++)
    for (let j = 0; j < rows; j++) {
      if (random.chance(missing)) continue;
      const at: Vector = [(i - (columns - 1) / 2) * pitch, (j - (rows - 1) / 2) * pitch, 1];
      cartridge(b, calibre, at, IDENTITY);
    }
  b.endTarget();
  carton(b, [l + 3, w + 3, h]);
  return b.done("box of cartridges", ROUNDS);
}

/** Twenty rifle rounds in two rows, lying head to tail, as they are sold. */
function boxOfRifleRounds(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("ammunition");
  const calibre = random.pick(RIFLE);
  const pitch = calibre.body + random.range(0.4, 1.4);
  const long = calibre.length + calibre.nose;
  const turned = random.chance(0.6);
  for (let i = 0; i < 10; i++)
    for (let k = 0; k < 2; k++) {
      const back = turned && (i + k) % 2 === 1;
      const turn = back ? compose(aboutZ(Math.PI), LAY_Z_ALONG_X) : LAY_Z_ALONG_X;
      cartridge(b, calibre, [back ? long / 2 : -long / 2, (i - 4.5) * pitch, k * (calibre.body + 1)], turn);
    }
  b.endTarget();
  carton(b, [long + 5, 10 * pitch + 3, 2 * calibre.body + 5], [0, 0, -calibre.body / 2 - 2]);
  return b.done("box of rifle cartridges", ROUNDS);
}

/** Open at no side; `floor` is the middle of its bottom. */
function carton(b: ItemBuilder, size: Vector, floor: Vector = [0, 0, 0]): void {
  const [l, w, h] = size;
  for (const s of [-1, 1]) {
    b.box("cellulose", [l, 0.7, h], add(floor, [0, (s * w) / 2, h / 2]));
    b.box("cellulose", [0.7, w, h], add(floor, [(s * l) / 2, 0, h / 2]));
    b.box("cellulose", [l, w, 0.6], add(floor, [0, 0, h / 2 + (s * h) / 2]));
  }
}

function magazines(random: Random): Item {
  const b = new ItemBuilder(random);
  const rifle = random.chance(0.55);
  const count = random.int(1, 3);
  for (let n = 0; n < count; n++) {
    b.beginTarget("ammunition");
    if (rifle) rifleMagazine(b, random, n * 34);
    else pistolMagazine(b, random, n * 27);
    b.endTarget();
  }
  const trade: Trade = { ...ROUNDS, hs6: "930630", description: "magazines with cartridges" };
  return b.done("loaded magazine", trade, random.chance(0.75) ? "flat" : "any");
}

/** Lies on its side; the rounds point along x, stacked along −y in two staggered rows. */
function pistolMagazine(b: ItemBuilder, random: Random, z: number): void {
  const calibre = random.pick(PISTOL);
  const wide = calibre.length + calibre.nose + 3;
  const high = random.range(95, 130);
  const lean = random.range(0, 0.22);
  const slant = (v: number): number => v * Math.tan(lean);
  const outer = (e: number): number[] => [
    -wide / 2 - e,
    e,
    wide / 2 + e,
    e,
    wide / 2 + e - slant(high),
    -high - e,
    -wide / 2 - e - slant(high),
    -high - e,
  ];
  b.prism("steel", [outer(1), outer(0)], 20, [0, 0, z]);
  for (const s of [-1, 1]) b.prism("steel", [outer(1)], 0.9, [0, 0, z + s * 10]);
  b.box("abs", [wide + 8, 8, 24], [-slant(high), -high - 3, z]);
  const rounds = random.int(5, Math.floor((high - 24) / (calibre.body * 0.62)));
  for (let i = 0; i < rounds; i++) {
    const y = -calibre.body * 0.6 * (i + 0.9);
    const turn = compose(aboutZ(-lean * 0.4 + 0.08), LAY_Z_ALONG_X);
    cartridge(b, calibre, [-wide / 2 + 1 + slant(y), y, z + (i % 2 ? 3 : -3)], turn);
  }
  spring(b, [0, -rounds * calibre.body * 0.6 - 12, z], [-slant(high), -high + 3, z], wide * 0.55);
}

/** Curved box magazine with up to 30 rounds. */
function rifleMagazine(b: ItemBuilder, random: Random, z: number): void {
  const calibre = random.pick(RIFLE);
  const wide = calibre.length + calibre.nose + 4;
  const high = random.range(110, 210);
  const bend = random.range(0, 0.75);
  const steps = 8;
  const bow = (y: number): number => bend * (y / 200) * (y / 200) * 75;
  const wall = (e: number): number[] => {
    const ring: number[] = [];
    for (let i = 0; i <= steps; i++)
      ring.push(-wide / 2 - e + bow((-high * i) / steps), (-high * i) / steps + (i ? -e : e));
    for (let i = steps; i >= 0; i--)
      ring.push(wide / 2 + e + bow((-high * i) / steps), (-high * i) / steps + (i ? -e : e));
    return ring;
  };
  const shell = random.pick(["steel", "aluminium", "nylon"] as const);
  const thick = shell === "steel" ? 0.9 : shell === "aluminium" ? 1.4 : 2.6;
  b.prism(shell, [wall(thick), wall(0)], 24, [0, 0, z]);
  for (const s of [-1, 1]) b.prism(shell, [wall(thick)], thick, [0, 0, z + s * 12]);
  b.box(shell, [wide + 6, 4, 25], [bow(-high), -high - 2, z]);
  const rounds = random.int(6, Math.floor((high - 26) / (calibre.body * 0.56)));
  for (let i = 0; i < rounds; i++) {
    const y = -calibre.body * 0.54 * (i + 0.9);
    const turn = compose(aboutZ((bend * y) / 260), LAY_Z_ALONG_X);
    cartridge(b, calibre, [-wide / 2 + 2 + bow(y), y, z + (i % 2 ? 4 : -4)], turn);
  }
  spring(b, [bow(-high / 2), -rounds * calibre.body * 0.54 - 12, z], [bow(-high), -high + 3, z], wide * 0.6);
}

function spring(b: ItemBuilder, from: Vector, to: Vector, wide: number): void {
  const count = Math.max(4, Math.round((from[1] - to[1]) / 5));
  const points = Array.from({ length: count + 1 }, (_, i): Vector => {
    const f = i / count;
    return [
      from[0] + f * (to[0] - from[0]) + (i % 2 ? wide / 2 : -wide / 2),
      from[1] + f * (to[1] - from[1]),
      from[2],
    ];
  });
  b.wire("steel", points, 1.3);
}

function shotgunShells(random: Random): Item {
  const b = new ItemBuilder(random);
  const boxed = random.chance(0.65);
  const [rows, columns] = boxed
    ? random.pick([
        [5, 5],
        [5, 2],
      ] as const)
    : [random.int(1, 3), random.int(2, 5)];
  const length = random.pick([58, 65, 70]);
  const shot = random.chance(0.8);
  b.beginTarget("ammunition");
  for (let i = 0; i < columns; i++)
    for (let j = 0; j < rows; j++) {
      const at: Vector = boxed
        ? [(i - (columns - 1) / 2) * 21, (j - (rows - 1) / 2) * 21, 0]
        : [i * 30 + random.range(-6, 6), j * 62 + random.range(-8, 8), random.range(-4, 4)];
      const turn = boxed ? IDENTITY : compose(aboutZ(random.range(0, 6.28)), LAY_Z_ALONG_X);
      shell(b, random, at, turn, length, shot);
    }
  b.endTarget();
  if (boxed) carton(b, [columns * 21 + 3, rows * 21 + 3, length + 4], [0, 0, -length / 2 - 2]);
  return b.done("shotgun shells", SHELLS);
}

function shell(
  b: ItemBuilder,
  random: Random,
  at: Vector,
  turn: Rotation,
  length: number,
  shot: boolean,
): void {
  const on = (z: number): Vector => add(at, apply(turn, [0, 0, z]));
  b.cylinder("polyethylene", [20.3, 20.3, length], at, { turn, density: 0.35 });
  b.cylinder("brass", [21, 21, 13], on(-length / 2 + 6.5), { turn, density: 2.6 });
  b.cylinder("steel", [22, 22, 2], on(-length / 2 + 1), { turn });
  if (shot)
    b.cylinder("lead", [18, 18, length * 0.4], on(length * 0.24), {
      turn,
      density: 6.6,
      texture: textured(random, "grain", 0.25, 1),
    });
  else b.cylinder("lead", [17, 17, 24], on(length * 0.25), { turn, density: 10.5 });
}

/** Rifle rounds side by side on stripper clips, or linked to a belt. */
function clips(random: Random): Item {
  const b = new ItemBuilder(random).beginTarget("ammunition");
  const calibre = random.pick(RIFLE);
  const long = calibre.length + calibre.nose;
  const linked = random.chance(0.4);
  const perClip = linked ? random.int(8, 20) : random.pick([5, 10]);
  const count = linked ? 1 : random.int(1, 4);
  const pitch = calibre.body + (linked ? 3.5 : 0.8);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < perClip; i++) {
      const at: Vector = [-long / 2, (i - (perClip - 1) / 2) * pitch, n * (calibre.body + 2)];
      cartridge(b, calibre, at, LAY_Z_ALONG_X);
      if (linked)
        b.prism(
          "steel",
          [
            movedRing(roundRing(16, calibre.body + 4, 8), -4, 0),
            movedRing(roundRing(13, calibre.body + 1, 8), -4, 0),
          ],
          4,
          [0, at[1], at[2]],
        );
    }
    if (!linked)
      b.box(
        "steel",
        [9, perClip * pitch, 1.6],
        [-long / 2 + 3, 0, n * (calibre.body + 2) - calibre.body / 2],
      );
  }
  return b.endTarget().done(linked ? "cartridge belt" : "stripper clips", ROUNDS);
}
