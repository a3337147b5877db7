import type { Item } from "./goods/item.ts";
import { expose } from "./physics/detector.ts";
import { type MaterialName, materialOf } from "./physics/materials.ts";
import { type DetectorSettings, drawSettings, type Physics } from "./physics/settings.ts";
import { Random } from "./random.ts";
import type { Scenario } from "./scenarios/contents.ts";
import type { Canvas, Pose } from "./scene/canvas.ts";
import { aboutX, apply, IDENTITY, type Vector } from "./scene/geometry.ts";
import type { Layout } from "./scene/layout.ts";
import { geometryRanges } from "./scene/machine.ts";
import { partsMassKg } from "./scene/mass.ts";
import { DETECTOR_PIXELS, drawScene, type Mix, PIXEL_PITCH_MM } from "./scene/scene.ts";
import type { Part } from "./scene/shapes.ts";
import { drawGeometry, drawView, TUNNEL_MIDDLE_MM, type ViewGeometry } from "./scene/view.ts";

/** Pixels, right and bottom exclusive. */
export interface WedgeBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One step as a laboratory knows it: what it is made of and how much of it the rays pass, g/cm². */
export interface WedgeStep {
  readonly material: MaterialName;
  readonly arealDensity: number;
  /** The middle of the step in the image, away from its rim. */
  readonly box: WedgeBox;
}

/** A test piece as a machine sees it: counts, row-major, `airLevel` × transmission. */
export interface SimulatedWedge {
  readonly width: number;
  readonly height: number;
  readonly low: Uint16Array;
  readonly high: Uint16Array;
  /** As the machine states it, which may be wrong. */
  readonly pixelPitchMm: { readonly x: number; readonly y: number };
  readonly steps: readonly WedgeStep[];
  /** Plates of known mass, on the belt and above it: the height of the middle of each, and a box around it with air on all sides. */
  readonly plates: readonly { readonly heightMm: number; readonly massKg: number; readonly box: WedgeBox }[];
}

/** A machine: how it looks at the belt and what its detector does. */
export interface Machine {
  readonly geometry: ViewGeometry;
  readonly settings: DetectorSettings;
}

/** Two organics between which goods lie, a light and a heavy metal; the thickest step of each, g/cm². */
const LADDERS: readonly { readonly material: MaterialName; readonly most: number }[] = [
  { material: "polyethylene", most: 18 },
  { material: "cellulose", most: 18 },
  { material: "aluminium", most: 20 },
  { material: "steel", most: 12 },
];
const STEPS = 12;
const STEP_MM = { along: 40, across: 50 } as const;
const PLATE_MM = { along: 120, across: 120, thick: 20 } as const;
/** Air between the steps and a plate, and before and after all, mm along the belt: side by side a slanting view lays one over the other. */
const LEAD_MM = 40;
const STEPS_FROM_MM = 2 * LEAD_MM + PLATE_MM.along;
const STEPS_END_MM = STEPS_FROM_MM + STEPS * STEP_MM.along;
/** Heights of the middles of the two plates over the belt, and where they begin along it, mm. */
const PLATES = [
  { heightMm: 10, from: LEAD_MM },
  { heightMm: 210, from: STEPS_END_MM + LEAD_MM },
] as const;
/** Height of the middle of the test piece over the belt: where the middle of goods usually is. */
const HEIGHT_MM = 100;
/** Half extents of the whole piece, mm. */
const HALF: Vector = [(STEPS_END_MM + PLATE_MM.along + 2 * LEAD_MM) / 2, 105, 105];
/** Air around the plate, pixels. */
const RIM_PIXELS = 8;
/** Part of a step's evenly covered middle that is measured: the rim is blurred into its neighbours. */
const CORE = 0.6;

/** The machine that scans scan `index` of a seed, as `simulateScan` draws it. */
export function machineOf(options: {
  readonly seed: number;
  readonly index: number;
  readonly scenario?: Scenario;
  readonly mix?: Mix;
  readonly physics?: Physics;
}): Machine {
  const { seed, index, scenario = "parcels", mix = "traffic", physics = "standard" } = options;
  const stream = (name: string): Random => new Random(seed, `${scenario}/${mix}/${index}/${name}`);
  const ranges = geometryRanges(physics);
  const { views } = drawScene({ random: stream("scene"), mix, scenario, geometry: ranges, views: 1 });
  // In the order of `drawScene`.
  const scene = stream("scene");
  for (const earlier of ["contents", "layout"]) scene.fork(earlier);
  const [geometry] = drawGeometry(ranges, PIXEL_PITCH_MM, 1, scene.fork("geometry"));
  // For a large parcel the source stands further off than it was drawn.
  const distanceMm = views[0]!.canvas.beam.sourceW;
  return { geometry: { ...geometry!, distanceMm }, settings: drawSettings(stream("detector"), physics) };
}

/**
 * A test piece of polyethylene, pressboard, aluminium and steel steps at the height of goods, with plates of known mass before and after them, seen by a
 * machine. Steps grow as the square, so that thin goods are as well known as thick ones.
 */
export function simulateWedge(machine: Machine, seed: number): SimulatedWedge {
  const parts = LADDERS.flatMap(({ material, most }, row) =>
    Array.from({ length: STEPS }, (_, n) => {
      const arealDensity = most * ((n + 1) / STEPS) ** 2;
      const at: Vector = [STEPS_FROM_MM + (n + 0.5) * STEP_MM.along, (row - 1.5) * STEP_MM.across, HEIGHT_MM];
      return {
        arealDensity,
        part: slab(material, at, STEP_MM, (10 * arealDensity) / materialOf(material).density),
      };
    }),
  );
  const plates = PLATES.map(({ heightMm, from }) => {
    const at: Vector = [from + PLATE_MM.along / 2, 0, heightMm];
    return { heightMm, part: slab("cellulose", at, PLATE_MM, PLATE_MM.thick) };
  });
  const { geometry, settings } = machine;
  const layout = layoutOf([...parts, ...plates].map(({ part }) => part));
  const width = Math.ceil(layout.length / geometry.pitchMm);
  const { canvas } = drawView(layout, geometry, width, DETECTOR_PIXELS);
  const [low, high] = expose(canvas, settings, new Random(seed, "wedge"));
  const pose = poseIn(geometry, canvas);
  const boxOf = (part: Part): WedgeBox => canvas.reach(part, pose);
  return {
    width,
    height: DETECTOR_PIXELS,
    low,
    high,
    pixelPitchMm: { x: PIXEL_PITCH_MM, y: PIXEL_PITCH_MM },
    steps: parts.map(({ arealDensity, part }) => ({
      material: part.material,
      arealDensity: arealDensity / incidence(part, geometry),
      box: coreOf(boxOf(part), STEP_MM, geometry.pitchMm),
    })),
    plates: plates.map(({ heightMm, part }) => {
      const outer = boxOf(part);
      return {
        heightMm,
        massKg: partsMassKg([part]),
        box: {
          x: outer.x - RIM_PIXELS,
          y: outer.y - RIM_PIXELS,
          width: outer.width + 2 * RIM_PIXELS,
          height: outer.height + 2 * RIM_PIXELS,
        },
      };
    }),
  };
}

/** Cosine of the angle between the rays through a slab that lies flat and its upright. */
function incidence({ at }: Part, { angle, offsetMm, distanceMm }: ViewGeometry): number {
  const turn = aboutX(angle);
  const [, u, w] = apply(turn, [0, at[1], at[2] - TUNNEL_MIDDLE_MM]);
  const [, uprightU, uprightW] = apply(turn, [0, 0, 1]);
  const [across, down] = [u - offsetMm, distanceMm - w];
  return Math.abs(uprightU * across - uprightW * down) / Math.hypot(across, down);
}

/** A block of this size, lying flat. */
function slab(
  material: MaterialName,
  at: Vector,
  size: { readonly along: number; readonly across: number },
  thick: number,
): Part {
  const half: Vector = [size.along / 2, size.across / 2, thick / 2];
  return {
    shape: { kind: "box", half },
    material,
    density: materialOf(material).density,
    at,
    turn: IDENTITY,
  };
}

/** The test piece alone on the belt. */
function layoutOf(parts: readonly Part[]): Layout {
  const trade = { group: "other", hs6: "902300", description: "step wedge", price: 0 } as const;
  const item: Item = {
    kind: "step wedge",
    trade,
    parts,
    targets: [],
    half: HALF,
    rests: "flat",
  };
  const pose = { at: [0, 0, 0] as Vector, turn: IDENTITY };
  return {
    packaging: { item: { ...item, parts: [] }, pose, massKg: 0 },
    items: [{ item, pose, massKg: partsMassKg(parts) }],
    parcel: HALF,
    placed: [],
    middle: [HALF[0], 0, 115],
    half: HALF,
    length: 2 * HALF[0],
  };
}

/** Where the belt's frame lies in the view's (`drawView`): the detector was slid so that the piece shows whole. */
function poseIn({ angle, offsetMm }: ViewGeometry, { beam }: Canvas): Pose {
  const turn = aboutX(angle);
  const [x, u, w] = apply(turn, [0, 0, -TUNNEL_MIDDLE_MM]);
  return { at: [x, u + beam.sourceU - offsetMm, w], turn };
}

/** The middle of what all of a slab's thickness covers: a slanting ray enters and leaves it at different places. */
function coreOf(
  outer: WedgeBox,
  size: { readonly along: number; readonly across: number },
  pitch: number,
): WedgeBox {
  const covered = (seen: number, mm: number) => Math.max(2, 2 * (mm / pitch) - seen) * CORE;
  const width = Math.max(3, Math.floor(covered(outer.width, size.along)));
  const height = Math.max(3, Math.floor(covered(outer.height, size.across)));
  return {
    x: Math.round(outer.x + (outer.width - width) / 2),
    y: Math.round(outer.y + (outer.height - height) / 2),
    width,
    height,
  };
}
