import { LynceusError } from "../protocols/errors.ts";
import { drawPapers } from "./declaration.ts";
import { manifestOf } from "./goods/nomenclature.ts";
import { AIR_LEVEL, expose, transmissionsOf } from "./physics/detector.ts";
import { type DetectorSettings, drawSettings, PHYSICS, type Physics } from "./physics/settings.ts";
import { measureVisibility } from "./physics/visibility.ts";
import { Random } from "./random.ts";
import { SCENARIOS, type Scenario } from "./scenarios/contents.ts";
import type { Layout } from "./scene/layout.ts";
import { geometryRanges } from "./scene/machine.ts";
import type { MatterMap } from "./scene/matter.ts";
import { DETECTOR_PIXELS, drawScene, type Mix, PIXEL_PITCH_MM } from "./scene/scene.ts";
import type { DrawnTarget, DrawnView } from "./scene/view.ts";
import { tierOf, type Visibility } from "./tiers.ts";
import type { ScanTruth, TargetTruth } from "./truth.ts";
import type { Workspace } from "./workspace.ts";

export { PHYSICS, type Physics } from "./physics/settings.ts";
export { SCENARIOS, type Scenario } from "./scenarios/contents.ts";
export type { Mix } from "./scene/scene.ts";

export interface SimulatedPlane {
  /** 0 from above or below, 1 from the side. */
  readonly view: 0 | 1;
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
  /** What lies where in the first view, where it was asked for. */
  readonly matter?: MatterMap;
}

export interface ScanOptions {
  readonly seed: number;
  readonly index: number;
  readonly scenario?: Scenario;
  readonly mix?: Mix;
  /** `standard` unless said; the same contents lie on the belt either way. */
  readonly physics?: Physics;
  /** 1 unless said; the first view is the same either way. */
  readonly views?: 1 | 2;
  /**
   * Which scan of the same parcel on the same machine, 0 unless said: a whole number. From 1 on it lies otherwise on the belt;
   * in every third it was also packed anew.
   */
  readonly take?: number;
  /** Whether the first view tells what lies where; false unless said. The scan is the same either way. */
  readonly matter?: boolean;
  /** Memory to work in, kept from scan to scan by who simulates many; the scan is the same either way. */
  readonly workspace?: Workspace;
}

/**
 * One parcel, letter or bag seen by a dual-energy line scanner, and what is true of it. Pure: the same options give the same
 * bytes, and scan `index` depends on no other.
 * @throws LynceusError `LYN_SIMULATION` for a scenario, physics or number of views that is not simulated.
 */
export function simulateScan(options: ScanOptions): SimulatedScan {
  const {
    seed,
    index,
    scenario = "parcels",
    mix = "traffic",
    physics = "standard",
    views = 1,
    take = 0,
    matter = false,
    workspace,
  } = options;
  check(scenario, physics, views);
  const stream = (name: string): Random => new Random(seed, `${scenario}/${mix}/${index}/${name}`);
  const geometry = geometryRanges(physics);
  const {
    layout,
    width,
    views: drawn,
  } = drawScene({
    random: stream("scene"),
    mix,
    scenario,
    geometry,
    views,
    take,
    matter,
    ...(workspace === undefined ? {} : { workspace }),
  });
  const settings = drawSettings(stream("detector"), physics);
  const seen = drawn.map((view) =>
    look(view, settings, stream(`noise ${view.view}${take > 0 ? ` take ${take}` : ""}`)),
  );
  const grossKg = layout.items.reduce((sum, { massKg }) => sum + massKg, layout.packaging.massKg);
  const classes = layout.items.flatMap(({ item }) => item.targets);
  return {
    width,
    height: DETECTOR_PIXELS,
    pixelPitchMm: { x: PIXEL_PITCH_MM, y: PIXEL_PITCH_MM },
    airLevel: AIR_LEVEL,
    planes: seen.flatMap(({ planes }) => planes),
    truth: {
      seed,
      index,
      targets: seen.flatMap(({ targets }) => targets),
      groups: groupShares(layout),
      massKg: grossKg,
      ...drawPapers({ manifest: manifestOf(layout.items), grossKg, classes }, mix, stream("papers")),
    },
    ...(drawn[0]?.matter === undefined ? {} : { matter: drawn[0].matter }),
  };
}

function check(scenario: Scenario, physics: Physics, views: number): void {
  const refuse = (what: string, choices: readonly (string | number)[]): never => {
    throw new LynceusError("LYN_SIMULATION", `${what} is not simulated`, {
      remedy: `Use ${choices.join(", ")}`,
    });
  };
  if (!SCENARIOS.includes(scenario)) refuse(`Scenario ${String(scenario)}`, SCENARIOS);
  if (!PHYSICS.includes(physics)) refuse(`Physics ${String(physics)}`, PHYSICS);
  if (views !== 1 && views !== 2) refuse(`A scan of ${String(views)} views`, [1, 2]);
}

/** A view as the detector delivers it, and how well its targets can be seen in it. */
function look(
  { view, canvas, targets: drawn }: DrawnView,
  settings: DetectorSettings,
  random: Random,
): { readonly planes: SimulatedPlane[]; readonly targets: TargetTruth[] } {
  const clean = transmissionsOf(canvas, settings);
  const marks = drawn.map(({ mark }) => mark);
  const seen = measureVisibility(canvas, marks, settings, clean);
  const targets = drawn.map((target, n) => truthOf(target, view, seen[n] as Visibility));
  const [low, high] = expose(canvas, settings, random, clean);
  const planes: SimulatedPlane[] = [
    { view, energy: 0, samples: low },
    { view, energy: 1, samples: high },
  ];
  return { planes, targets };
}

function truthOf(
  { object, class: name, massKg, mark }: DrawnTarget,
  view: 0 | 1,
  seen: Visibility,
): TargetTruth {
  return {
    object,
    view,
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

function groupShares(layout: Layout): ScanTruth["groups"] {
  const masses = new Map<string, number>();
  let total = 0;
  for (const { item, massKg } of layout.items) {
    masses.set(item.trade.group, (masses.get(item.trade.group) ?? 0) + massKg);
    total += massKg;
  }
  return [...masses]
    .map(([group, massKg]) => ({ group, share: massKg / total, massKg }))
    .sort((a, b) => b.massKg - a.massKg);
}
