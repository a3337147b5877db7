import { LynceusError } from "../protocols/errors.ts";
import { drawPapers } from "./declaration.ts";
import { manifestOf } from "./goods/nomenclature.ts";
import { AIR_LEVEL, expose } from "./physics/detector.ts";
import { drawSettings, type Physics } from "./physics/settings.ts";
import { measureVisibility } from "./physics/visibility.ts";
import { Random } from "./random.ts";
import { SCENARIOS, type Scenario } from "./scenarios/contents.ts";
import {
  DETECTOR_PIXELS,
  type DrawnScene,
  type DrawnTarget,
  drawScene,
  type Mix,
  PIXEL_PITCH_MM,
} from "./scene/scene.ts";
import { tierOf, type Visibility } from "./tiers.ts";
import type { ScanTruth, TargetTruth } from "./truth.ts";

export { PHYSICS, type Physics } from "./physics/settings.ts";
export { SCENARIOS, type Scenario } from "./scenarios/contents.ts";
export type { Mix } from "./scene/scene.ts";

export interface SimulatedPlane {
  readonly view: 0;
  readonly energy: 0 | 1;
  /** Row-major height × width, airLevel × transmission. */
  readonly samples: Uint16Array;
}

export interface SimulatedScan {
  readonly width: number;
  readonly height: number;
  readonly pixelPitchMm: { readonly x: number; readonly y: number };
  readonly airLevel: number;
  readonly planes: readonly SimulatedPlane[];
  readonly truth: ScanTruth;
}

export interface ScanOptions {
  readonly seed: number;
  readonly index: number;
  readonly scenario?: Scenario;
  readonly mix?: Mix;
  /** The machine: of the spread that training sees, or outside of it. */
  readonly physics?: Physics;
}

/**
 * One parcel, letter or bag seen by a dual-energy line scanner, and what is true of it. Pure: the same options give the same
 * bytes, and scan `index` depends on no other.
 * @throws LynceusError `LYN_SIMULATION` for a scenario that is not simulated.
 */
export function simulateScan(options: ScanOptions): SimulatedScan {
  const { seed, index, scenario = "parcels", mix = "traffic", physics = "standard" } = options;
  if (!SCENARIOS.includes(scenario)) {
    throw new LynceusError("LYN_SIMULATION", `Scenario ${String(scenario)} is not simulated`, {
      remedy: `Use ${SCENARIOS.join(", ")}`,
    });
  }
  const stream = (name: string): Random => new Random(seed, `${scenario}/${mix}/${index}/${name}`);
  const scene = drawScene(stream("scene"), mix, scenario);
  const settings = drawSettings(stream("detector"), physics);
  const [low, high] = expose(scene.canvas, settings, stream("noise"));
  const seen = measureVisibility(
    scene.canvas,
    scene.targets.map(({ mark }) => mark),
    settings,
  );
  const targets = scene.targets.map((target, n) => truthOf(target, seen[n] as Visibility));
  const grossKg = scene.items.reduce((sum, { massKg }) => sum + massKg, scene.packagingKg);
  const facts = { manifest: manifestOf(scene.items), grossKg, classes: scene.targets.map((t) => t.class) };
  return {
    width: scene.canvas.width,
    height: DETECTOR_PIXELS,
    pixelPitchMm: { x: PIXEL_PITCH_MM, y: PIXEL_PITCH_MM },
    airLevel: AIR_LEVEL,
    planes: [
      { view: 0, energy: 0, samples: low },
      { view: 0, energy: 1, samples: high },
    ],
    truth: {
      seed,
      index,
      targets,
      groups: groupShares(scene),
      massKg: grossKg,
      ...drawPapers(facts, mix, stream("papers")),
    },
  };
}

function truthOf({ object, class: name, massKg, mark }: DrawnTarget, seen: Visibility): TargetTruth {
  return {
    object,
    view: 0,
    class: name,
    box: mark.box,
    massKg,
    maskRle: mark.maskRle,
    contrast: rounded(seen.contrast),
    occluded: rounded(seen.occluded),
    tier: tierOf(seen),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function groupShares(scene: DrawnScene): ScanTruth["groups"] {
  const masses = new Map<string, number>();
  let total = 0;
  for (const { item, massKg } of scene.items) {
    masses.set(item.trade.group, (masses.get(item.trade.group) ?? 0) + massKg);
    total += massKg;
  }
  return [...masses]
    .map(([group, massKg]) => ({ group, share: massKg / total, massKg }))
    .sort((a, b) => b.massKg - a.massKg);
}
