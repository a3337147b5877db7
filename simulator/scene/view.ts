import type { TargetClass } from "../goods/item.ts";
import type { Random } from "../random.ts";
import { type Memory, ownMemory } from "../workspace.ts";
import { type FanBeam, projected } from "./beam.ts";
import { Canvas, type Pose } from "./canvas.ts";
import { aboutX, apply, compose, type Vector } from "./geometry.ts";
import type { Layout } from "./layout.ts";
import type { GeometryRanges } from "./machine.ts";
import { targetMassKg } from "./mass.ts";
import { type MatterMap, MatterTally } from "./matter.ts";
import { drawTarget, type TargetMark } from "./target-mark.ts";

/** Height of the tunnel's middle over the belt, mm: what the pixel pitch is stated for. */
export const TUNNEL_MIDDLE_MM = 150;
/** Free pixels beside what is scanned, where it fits. */
const RIM_PIXELS = 4;

/** How one view looks at the belt. */
export interface ViewGeometry {
  readonly view: 0 | 1;
  /** Direction of the source about the belt's axis, rad: 0 above, π below, ±π/2 at the side. */
  readonly angle: number;
  /** Source to the tunnel's middle, mm. */
  readonly distanceMm: number;
  /** Offset of the source along the detector's axis, mm. */
  readonly offsetMm: number;
  /** Pitch along the detector at the tunnel's middle and along the belt, mm. */
  readonly pitchMm: number;
}

/** A target of the scene as it shows in a view. */
export interface DrawnTarget {
  /** Number of the object in the scene, from 1; the same in each view. */
  readonly object: number;
  readonly class: TargetClass;
  readonly item: number;
  readonly massKg: number;
  readonly mark: TargetMark;
}

export interface DrawnView {
  readonly view: 0 | 1;
  readonly canvas: Canvas;
  readonly targets: readonly DrawnTarget[];
  /** Where it was asked for. */
  readonly matter?: MatterMap;
}

/** Draws the geometry of one or two views: the first from above or below, the second from a side. */
export function drawGeometry(
  ranges: GeometryRanges,
  statedPitchMm: number,
  views: 1 | 2,
  random: Random,
): ViewGeometry[] {
  const factor = within(ranges.pitchFactor, random);
  const draw = (view: 0 | 1): ViewGeometry => ({
    view,
    angle:
      (view === 0 ? (random.chance(0.5) ? 0 : Math.PI) : (random.chance(0.5) ? 0.5 : -0.5) * Math.PI) +
      random.range(-0.22, 0.22),
    distanceMm: within(ranges.distanceMm, random),
    offsetMm: random.range(-120, 120),
    pitchMm: statedPitchMm * factor,
  });
  return ([0, 1] as const).slice(0, views).map(draw);
}

function within(ranges: readonly (readonly [number, number])[], random: Random): number {
  const [least, most] = random.pick(ranges);
  return random.range(least, most);
}

/** Projects a layout into a view of `width` lines and `height` detector pixels; `matter`: and tells what lies where; `memory`: to draw in. */
export function drawView(
  layout: Layout,
  geometry: ViewGeometry,
  width: number,
  height: number,
  matter = false,
  memory: Memory = ownMemory,
): DrawnView {
  const { shift, beam } = aim(layout, geometry, height);
  const turn = aboutX(geometry.angle);
  const seen = ({ at, turn: own }: Pose): Pose => {
    const [x, u, w] = apply(turn, [at[0], at[1], at[2] - TUNNEL_MIDDLE_MM]);
    return { at: [x, u + shift, w], turn: compose(turn, own) };
  };
  const canvas = new Canvas(width, height, geometry.pitchMm, beam, memory);
  const tally = matter ? new MatterTally(canvas) : undefined;
  const shell = seen(layout.packaging.pose);
  for (const part of layout.packaging.item.parts) canvas.draw(part, shell, false);
  tally?.take("packaging");
  const targets: DrawnTarget[] = [];
  let object = 0;
  for (const [index, { item, pose }] of layout.items.entries()) {
    const own = seen(pose);
    for (const part of item.parts) if (part.target === undefined) canvas.draw(part, own, false);
    tally?.take(item.trade.group);
    for (const [n, name] of item.targets.entries()) {
      object++;
      const mark = drawTarget(canvas, item, n, own);
      tally?.take(name);
      if (mark === undefined) continue;
      targets.push({ object, class: name, item: index, massKg: targetMassKg(item, n), mark });
    }
  }
  return {
    view: geometry.view,
    canvas,
    targets,
    ...(tally === undefined ? {} : { matter: tally.map() }),
  };
}

/** Slides the detector so that the parcel shows whole; a source too near for that stands further off. */
function aim(layout: Layout, geometry: ViewGeometry, height: number): { shift: number; beam: FanBeam } {
  const span = height * geometry.pitchMm;
  const rim = RIM_PIXELS * geometry.pitchMm;
  let { distanceMm } = geometry;
  let [least, most] = extent(layout, geometry, distanceMm);
  for (let tries = 0; tries < 6 && most - least > span - 2 * rim; tries++) {
    distanceMm *= 1.35;
    [least, most] = extent(layout, geometry, distanceMm);
  }
  // As far in the middle of the detector as the parcel lies in the middle of the belt, but whole.
  const shift =
    most - least > span - 2 * rim
      ? (span - most - least) / 2
      : Math.min(span - rim - most, Math.max(rim - least, span / 2));
  return { shift, beam: { sourceU: geometry.offsetMm + shift, sourceW: distanceMm } };
}

/** First and last place on the detector that the parcel shows at, before the detector is slid. */
function extent(layout: Layout, geometry: ViewGeometry, distanceMm: number): [number, number] {
  const turn = aboutX(geometry.angle);
  const beam: FanBeam = { sourceU: geometry.offsetMm, sourceW: distanceMm };
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const y of [-1, 1]) {
    for (const z of [-1, 1]) {
      const corner: Vector = [
        0,
        layout.middle[1] + y * layout.half[1],
        layout.middle[2] + z * layout.half[2] - TUNNEL_MIDDLE_MM,
      ];
      const [, u, w] = apply(turn, corner);
      const v = projected(beam, u, w);
      least = Math.min(least, v);
      most = Math.max(most, v);
    }
  }
  return [least, most];
}
