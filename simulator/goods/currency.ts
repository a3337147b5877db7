import type { Random } from "../random.ts";
import { aboutZ, type Rotation, type Vector } from "../scene/geometry.ts";
import { type Item, ItemBuilder, movedRing, roundRing, textured } from "./item.ts";

/** One issue of notes, mm; all notes of a bundle are printed alike and lie register-true, so that print adds up. */
interface Note {
  readonly length: number;
  readonly wide: number;
  readonly portrait: number;
  readonly thread: number;
  readonly window: number;
  readonly foil: boolean;
}

/** Bundles of a hundred notes, side by side, stacked, in shrink film, standing on edge, or rolled. */
export function currency(random: Random): Item {
  const note: Note = {
    length: random.range(133, 160),
    wide: random.range(63, 82),
    portrait: random.range(-0.3, 0.3),
    thread: random.range(-0.35, 0.35),
    window: random.pick([-0.38, 0.38]),
    foil: random.chance(0.6),
  };
  const b = new ItemBuilder(random).beginTarget("currency");
  const kind = random.weighted([
    ["stacks", 5],
    ["edge", 2],
    ["rolls", 1.5],
  ] as const);
  if (kind === "stacks") stacks(b, random, note);
  else if (kind === "edge") onEdge(b, random, note);
  else rolls(b, random, note);
  return b.endTarget().done("banknote bundles", {
    group: "paper-books",
    hs6: "490700",
    description: "banknotes",
    price: 5000,
  });
}

function stacks(b: ItemBuilder, random: Random, note: Note): void {
  const thick = random.range(9, 14);
  const across = random.int(1, 4);
  const along = across > 2 ? 1 : random.int(1, 2);
  const high = random.int(1, across * along > 2 ? 3 : 5);
  for (let i = 0; i < along; i++)
    for (let j = 0; j < across; j++)
      for (let k = 0; k < high; k++) {
        const at: Vector = [
          i * (note.length + 4) + random.range(-2, 2),
          j * (note.wide + 4) + random.range(-1.5, 1.5),
          k * (thick + 0.8),
        ];
        const flipped = random.chance(0.3);
        bundle(b, random, note, thick, at, aboutZ(random.range(-0.025, 0.025) + (flipped ? Math.PI : 0)));
      }
  if (random.chance(0.4)) {
    const size: Vector = [along * (note.length + 4) + 4, across * (note.wide + 4) + 4, 0.3];
    for (const z of [-thick / 2 - 0.5, (high - 0.5) * (thick + 0.8) + 0.5])
      b.box("polyethylene", size, [
        ((along - 1) * (note.length + 4)) / 2,
        ((across - 1) * (note.wide + 4)) / 2,
        z,
      ]);
  }
}

/** A hundred notes with what is printed on each, and its strap or rubber bands. */
function bundle(b: ItemBuilder, random: Random, note: Note, thick: number, at: Vector, turn: Rotation): void {
  const { length, wide } = note;
  const on = (x: number, y: number): Vector => [
    at[0] + turn[0] * x + turn[1] * y,
    at[1] + turn[3] * x + turn[4] * y,
    at[2],
  ];
  b.box("banknote", [length, wide, thick], at, {
    turn,
    density: random.range(0.74, 0.92),
    texture: textured(random, "grain", 0.035, 2),
  });
  const portrait = movedRing(roundRing(wide * 0.5, wide * 0.72, 14), 0, 0);
  b.prism("banknote", [portrait], thick, on(note.portrait * length, 0), { turn, density: 0.09 });
  b.box("banknote", [2, wide, thick], on(note.thread * length, 0), { turn, density: 0.24 });
  b.prism("banknote", [roundRing(wide * 0.36, wide * 0.52, 12)], thick, on(note.window * length, 0), {
    turn,
    density: -0.08,
  });
  for (const [x, y] of [
    [-0.43, 0.36],
    [0.43, -0.36],
  ] as const)
    b.box("banknote", [13, 9, thick], on(x * length, y * wide), { turn, density: 0.1 });
  if (note.foil)
    b.box("aluminium", [7, wide * 0.8, thick], on(-note.window * length, 0), { turn, density: 0.03 });
  if (random.chance(0.55))
    for (const s of [-1, 1])
      b.box("paper", [random.range(26, 38), wide + 1, 0.5], [at[0], at[1], at[2] + (s * thick) / 2], {
        turn,
      });
  else
    for (const x of random.chance(0.6) ? [-0.3, 0.3] : [0])
      for (const s of [-1, 1]) {
        const [from, to] = [on(x * length, -wide / 2 - 1), on(x * length, wide / 2 + 1)];
        const z = at[2] + (s * thick) / 2;
        b.wire(
          "rubber",
          [
            [from[0], from[1], z],
            [to[0] + s * 2, to[1], z],
          ],
          2.6,
          { density: 1.5 },
        );
      }
}

/** A row of bundles standing on their long edge, as in a cash box: the notes show as lines. */
function onEdge(b: ItemBuilder, random: Random, note: Note): void {
  const count = random.int(3, 9);
  const thick = random.range(9, 13);
  for (let i = 0; i < count; i++) {
    const at: Vector = [random.range(-2, 2), i * (thick + 1.6), random.range(-2, 2)];
    b.box("banknote", [note.length, thick, note.wide], at, {
      density: random.range(0.74, 0.92),
      texture: { kind: "weave", amount: 0.06, scale: 0.6, offset: random.range(0, 256), turn: 0 },
    });
    b.box("banknote", [2, thick, note.wide], [at[0] + note.thread * note.length, at[1], at[2]], {
      density: 0.24,
    });
    b.box(
      "banknote",
      [note.wide * 0.5, thick, note.wide * 0.7],
      [at[0] + note.portrait * note.length, at[1], at[2]],
      { density: 0.09 },
    );
    for (const s of [-1, 1])
      b.box("paper", [30, 0.5, note.wide + 1], [at[0], at[1] + (s * thick) / 2, at[2]]);
  }
}

/** Notes rolled up and held by rubber bands. */
function rolls(b: ItemBuilder, random: Random, note: Note): void {
  const count = random.int(2, 8);
  const d = random.range(28, 48);
  for (let i = 0; i < count; i++) {
    const at: Vector = [(i % 2) * (note.wide + 8), Math.floor(i / 2) * (d + 3), random.range(-3, 3)];
    const along: Rotation = [0, 0, 1, 1, 0, 0, 0, 1, 0];
    b.cylinder("banknote", [d, d, note.wide], at, {
      turn: along,
      density: 0.78,
      texture: textured(random, "weave", 0.05, 0.5),
    });
    b.cylinder("banknote", [d * 0.24, d * 0.24, note.wide], at, { turn: along, density: -0.78 });
    for (const s of [-0.22, 0.22])
      b.prism(
        "rubber",
        [roundRing(d + 3, d + 3, 16), roundRing(d, d, 16)],
        3,
        [at[0] + s * note.wide, at[1], at[2]],
        { turn: along },
      );
  }
}
