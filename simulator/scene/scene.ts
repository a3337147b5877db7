import type { Item, TargetClass } from "../goods/item.ts";
import type { Random } from "../random.ts";
import { chooseContents, type Mix, type Scenario } from "../scenarios/contents.ts";
import { Canvas } from "./canvas.ts";
import { aboutZ, add, apply, compose, rotatedExtents, type Vector } from "./geometry.ts";
import { type Placed, pack } from "./packing.ts";
import type { Parcel } from "./parcel.ts";
import { drawTarget, type TargetMark } from "./target-mark.ts";

export const PIXEL_PITCH_MM = 1.5;
export const DETECTOR_PIXELS = 384;
export const MAX_LINES = 512;
export type { Mix } from "../scenarios/contents.ts";

/** A target of the scene as it shows in the view. */
export interface DrawnTarget {
  /** Number of the object in the scene, from 1; the same in each view. */
  readonly object: number;
  readonly class: TargetClass;
  readonly item: number;
  readonly massKg: number;
  readonly mark: TargetMark;
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
export function drawScene(random: Random, mix: Mix, scenario: Scenario = "parcels"): DrawnScene {
  const { parcel, items } = chooseContents(random, mix, scenario);
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
  let object = 0;
  const items = placed.map(({ item, at, turn: own }, index) => {
    const pose = { at: add(centre, apply(turn, at)), turn: compose(turn, own) };
    let massKg = 0;
    for (const part of item.parts) if (part.target === undefined) massKg += canvas.draw(part, pose, false);
    for (const [n, name] of item.targets.entries()) {
      object++;
      const drawn = drawTarget(canvas, item, n, pose);
      massKg += drawn.massKg;
      if (drawn.mark)
        targets.push({ object, class: name, item: index, massKg: drawn.massKg, mark: drawn.mark });
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
