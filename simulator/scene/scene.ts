import type { Random } from "../random.ts";
import { chooseContents, type Mix, type Scenario } from "../scenarios/contents.ts";
import { Workspace } from "../workspace.ts";
import { type Layout, layOut } from "./layout.ts";
import type { GeometryRanges } from "./machine.ts";
import { type DrawnView, drawGeometry, drawView } from "./view.ts";

/** Stated pitch of a pixel, along the belt and, at the tunnel's middle, along the detector. */
export const PIXEL_PITCH_MM = 1.5;
export const DETECTOR_PIXELS = 384;
export const MAX_LINES = 512;
const MIN_LINES = 96;
/** Widest thing across the belt, mm. */
const ACROSS_MM = 560;

export type { Mix, Scenario } from "../scenarios/contents.ts";

export interface DrawnScene {
  readonly layout: Layout;
  readonly width: number;
  readonly views: readonly DrawnView[];
}

export interface SceneOptions {
  readonly random: Random;
  readonly mix: Mix;
  readonly scenario: Scenario;
  readonly geometry: GeometryRanges;
  readonly views: 1 | 2;
  /** 0 = the first scan of the parcel; others: the same contents on the belt again. */
  readonly take?: number;
  /** Whether each view tells what lies where; false unless said. */
  readonly matter?: boolean;
  /** To draw in; one of its own unless said. */
  readonly workspace?: Workspace;
}

/** Every third take was unpacked and packed again; the others lie otherwise only. */
const REPACKED_TAKES = 3;

/** Packs the contents of a scenario, lays them on the belt and projects them. */
export function drawScene(options: SceneOptions): DrawnScene {
  const { random, mix, scenario, geometry, views, take = 0, matter = false } = options;
  const workspace = options.workspace ?? new Workspace();
  // Contents and packing do not depend on who looks at them: the same parcel under other physics, and a second view.
  const contents = chooseContents(random.fork("contents"), mix, scenario);
  const limits = { length: MAX_LINES * PIXEL_PITCH_MM * 0.93, across: ACROSS_MM };
  const packing = random.fork(take > 0 && take % REPACKED_TAKES === 0 ? `layout ${take}` : "layout");
  const layout = layOut(contents, limits, packing, take > 0 ? random.fork(`take ${take}`) : packing);
  const geometries = drawGeometry(geometry, PIXEL_PITCH_MM, views, random.fork("geometry"));
  const pitch = geometries[0]?.pitchMm ?? PIXEL_PITCH_MM;
  const width = Math.max(MIN_LINES, Math.min(MAX_LINES, Math.ceil(layout.length / pitch)));
  return {
    layout,
    width,
    views: geometries.map((one) =>
      drawView(layout, one, width, DETECTOR_PIXELS, matter, workspace.part(one.view)),
    ),
  };
}
