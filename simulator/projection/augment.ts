import { LynceusError } from "../../protocols/errors.ts";
import { makeTarget } from "../goods/catalogue.ts";
import { type Item, TARGET_CLASSES, type TargetClass } from "../goods/item.ts";
import { Random } from "../random.ts";
import { aboutX, aboutY, aboutZ, compose, LAY_Z, type Rotation, STAND_X } from "../scene/geometry.ts";
import type { TargetTruth } from "../truth.ts";
import { type Appearance, appearanceOf } from "./appearance.ts";
import { pickStencil } from "./library.ts";
import { maskOf } from "./mask.ts";
import { countsOf, OUTPUT_AIR_LEVEL, type Pair } from "./pair.ts";
import { bodyOf, findPlace } from "./place.ts";
import { type Place, projectStencil } from "./project.ts";
import { drawStencil, type Stencil } from "./stencil.ts";
import { visibilityIn } from "./visibility.ts";

/** Things tried before a pair counts as too small for any. */
const MAX_TRIES = 24;
/** Threats put into one pair. */
export const MAX_THREATS = 8;

export interface AugmentOptions {
  readonly pair: Pair;
  /** mm a pixel: sets the size of what is drawn. */
  readonly pixelPitchMm: number;
  readonly seed: number;
  readonly index: number;
  /** 1 unless said; at most {@link MAX_THREATS}. */
  readonly threats?: number;
  /** Drawn from these; all simulated classes unless said. */
  readonly classes?: readonly TargetClass[];
  /** Already estimated from this pair. */
  readonly appearance?: Appearance;
  /** Taken instead of drawn things where it is given: cut out of labelled scans of this pitch. */
  readonly library?: readonly Stencil[];
}

/** A threat as it was put in; its mass in kg, null where it was cut out of another scan. */
export type ProjectedTarget = Omit<TargetTruth, "massKg" | "view"> & { readonly massKg: number | null };

/** A real pair with threats in it that were not there. Never a machine's scan: `origin` says so wherever it goes. */
export interface AugmentedScan {
  readonly origin: "AUGMENTED";
  readonly width: number;
  readonly height: number;
  readonly airLevel: number;
  /** Counts, row-major, airLevel × transmission. */
  readonly low: Uint16Array;
  readonly high: Uint16Array;
  readonly targets: readonly ProjectedTarget[];
}

/**
 * Puts threats, drawn or cut out, into a real pair at random places of its body. Pure: the same pair and options give the same bytes.
 * @throws LynceusError `LYN_SIMULATION` where nothing of the wanted classes fits into the pair.
 */
export function augment(options: AugmentOptions): AugmentedScan {
  const { seed, index, threats = 1, classes = TARGET_CLASSES } = options;
  if (!Number.isInteger(threats) || threats < 1 || threats > MAX_THREATS) {
    throw new LynceusError("LYN_SIMULATION", `${threats} threats cannot be put into a pair`, {
      remedy: `Ask for 1 to ${MAX_THREATS}`,
    });
  }
  const appearance = options.appearance ?? appearanceOf(options.pair);
  const body = bodyOf(options.pair);
  const targets: ProjectedTarget[] = [];
  let pair = options.pair;
  for (let n = 0; n < threats; n++) {
    const random = new Random(seed, `projection/${index}/${n}`);
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const own = random.fork(attempt);
      const stencil =
        options.library === undefined
          ? drawnThreat(own.pick(classes), options.pixelPitchMm, own)
          : pickStencil(options.library, classes, own);
      const place = stencil && findPlace(pair, body, stencil, own);
      if (stencil === undefined || place === undefined) continue;
      targets.push(...truthOf(pair, stencil, place, appearance, targets.length));
      pair = projectStencil(pair, stencil, place, appearance, own.fork("noise"));
      break;
    }
  }
  if (targets.length === 0) {
    throw new LynceusError("LYN_SIMULATION", "No threat fits into this pair", {
      remedy: "Give a pair of a larger body, the right pixel pitch, or classes of smaller things",
    });
  }
  const [low, high] = pair.planes;
  return {
    origin: "AUGMENTED",
    width: pair.width,
    height: pair.height,
    airLevel: OUTPUT_AIR_LEVEL,
    low: countsOf(low),
    high: countsOf(high),
    targets,
  };
}

/** A thing of a class as it may lie, seen alone. */
function drawnThreat(name: TargetClass, pitch: number, random: Random): Stencil | undefined {
  const item = makeTarget(name, random);
  return drawStencil(item, lying(item, random), pitch);
}

/** Mostly flat as it rests, sometimes tilted by what is below; things that rest on any side lie on any. */
export function lying(item: Item, random: Random): Rotation {
  let turn: Rotation = aboutZ(random.range(0, 2 * Math.PI));
  if (item.rests === "any" && random.chance(0.3)) turn = compose(turn, random.chance(0.5) ? LAY_Z : STAND_X);
  const tilt = random.chance(0.5) ? 0.5 : 0.12;
  return compose(compose(aboutX(random.range(-tilt, tilt)), aboutY(random.range(-tilt, tilt))), turn);
}

/** Targets in pixels of the pair they are about to be put into, numbered on from `known`. */
function truthOf(
  pair: Pair,
  stencil: Stencil,
  place: Place,
  appearance: Appearance,
  known: number,
): ProjectedTarget[] {
  const found: ProjectedTarget[] = [];
  for (const { class: name, mask, massKg } of stencil.targets) {
    const shown = maskOf(mask, stencil, place, pair);
    if (shown === undefined) continue;
    const seen = visibilityIn(pair, stencil, mask, place, appearance);
    found.push({ object: known + found.length + 1, class: name, massKg, ...shown, ...seen });
  }
  return found;
}
