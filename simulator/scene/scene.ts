import type { Item, TargetClass } from "../goods/item.ts";
import type { Random } from "../random.ts";
import { chooseContents, type Mix } from "../scenarios/contents.ts";
import { Canvas } from "./canvas.ts";
import { aboutZ, add, apply, compose, rotatedExtents, type Vector } from "./geometry.ts";
import { type Placed, pack } from "./packing.ts";
import type { Parcel } from "./parcel.ts";

export const PIXEL_PITCH_MM = 1.5;
export const DETECTOR_PIXELS = 384;
export const MAX_LINES = 512;
/** A target's box holds the pixels where it adds more than this, g/cm². */
const MARK_THRESHOLD = 0.04;

export type { Mix } from "../scenarios/contents.ts";

export interface DrawnTarget {
  readonly class: TargetClass;
  readonly item: number;
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly massKg: number;
  /** Run lengths of the mask inside the box, row-major, beginning with a run outside. */
  readonly maskRle: readonly number[];
}

export interface DrawnScene {
  readonly canvas: Canvas;
  readonly items: readonly { readonly item: Item; readonly massKg: number }[];
  readonly packagingKg: number;
  readonly targets: readonly DrawnTarget[];
  /** Room inside the parcel, mm. */
  readonly parcel: Vector;
  /** Bounding boxes of the contents in the parcel's frame (origin in the middle of its floor), mm. */
  readonly placed: readonly { readonly at: Vector; readonly half: Vector }[];
}

/** Packs the contents of a scenario, lays them on the belt and projects them. */
export function drawScene(random: Random, mix: Mix): DrawnScene {
  const { parcel, items } = chooseContents(random, mix);
  return project(parcel, pack(items, parcel.inner, random), random);
}

function project(parcel: Parcel, placed: readonly Placed[], random: Random): DrawnScene {
  const yaw = random.chance(0.65)
    ? random.int(0, 3) * (Math.PI / 2) + random.range(-0.2, 0.2)
    : random.range(0, 2 * Math.PI);
  const belt = DETECTOR_PIXELS * PIXEL_PITCH_MM;
  let turn = aboutZ(yaw);
  let reach = rotatedExtents(turn, [parcel.outer[0] / 2, parcel.outer[1] / 2, 1]);
  if (2 * reach[1] > belt - 12) {
    turn = aboutZ(random.range(-0.15, 0.15));
    reach = rotatedExtents(turn, [parcel.outer[0] / 2, parcel.outer[1] / 2, 1]);
  }
  const lead = random.range(12, 70);
  const lines = Math.min(MAX_LINES, Math.ceil((2 * reach[0] + lead + random.range(12, 70)) / PIXEL_PITCH_MM));
  const width = Math.max(96, lines);
  const centre: Vector = [lead + reach[0], random.range(reach[1] + 4, belt - reach[1] - 4), 0];
  const canvas = new Canvas(width, DETECTOR_PIXELS, PIXEL_PITCH_MM);
  let packagingKg = 0;
  const shell = { at: add(centre, [0, 0, parcel.inner[2] / 2]), turn };
  for (const part of parcel.packaging.parts) packagingKg += canvas.draw(part, shell, false);
  const targets: DrawnTarget[] = [];
  const items = placed.map(({ item, at, turn: own }, index) => {
    const pose = { at: add(centre, apply(turn, at)), turn: compose(turn, own) };
    let massKg = 0;
    for (const part of item.parts) if (part.target === undefined) massKg += canvas.draw(part, pose, false);
    for (const [n, name] of item.targets.entries()) {
      let targetKg = 0;
      for (const part of item.parts) if (part.target === n) targetKg += canvas.draw(part, pose, true);
      massKg += targetKg;
      const marked = takeMark(canvas);
      if (marked) targets.push({ class: name, item: index, massKg: targetKg, ...marked });
    }
    return { item, massKg };
  });
  return {
    canvas,
    items,
    packagingKg,
    targets,
    parcel: parcel.inner,
    placed: placed.map(({ item, at, turn: own }) => ({ at, half: rotatedExtents(own, item.half) })),
  };
}

/** Box and mask of the target just drawn; clears the mark for the next. */
function takeMark(canvas: Canvas): Pick<DrawnTarget, "box" | "maskRle"> | undefined {
  const { width, height, mark } = canvas;
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = canvas.from[y] as number; x < (canvas.to[y] as number); x++) {
      if ((mark[y * width + x] as number) <= MARK_THRESHOLD) continue;
      if (x < x0) x0 = x;
      if (x >= x1) x1 = x + 1;
      if (y < y0) y0 = y;
      y1 = y + 1;
    }
  }
  if (x1 <= x0) {
    mark.fill(0);
    return undefined;
  }
  const maskRle: number[] = [];
  let run = 0;
  let within = false;
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const here = (mark[y * width + x] as number) > MARK_THRESHOLD;
      if (here === within) run++;
      else {
        maskRle.push(run);
        run = 1;
        within = here;
      }
    }
  }
  maskRle.push(run);
  mark.fill(0);
  return { box: { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }, maskRle };
}
