import type { ScanPlanes } from "../../models/planes.ts";
import { compareAir, estimateAir, invert, rescale } from "../image/air.ts";
import type { QualityInput } from "../image/quality.ts";
import type { ScanKind } from "../scan.ts";
import type { ViewPlanes } from "./planes.ts";

/** A view as the models read it: one air level for all its planes, bright air. */
export interface NormalisedView {
  readonly planes: ScanPlanes;
  readonly air: QualityInput["air"];
}

/** Scale of 8-bit samples, which have no counts. */
const RGB_AIR = 255;

/**
 * Gives a view one air level: the stated one, or one estimated for each plane, to which the planes are then scaled. A stated
 * level is taken at its word, except that a plane much brighter than its own air is said to be so (`air.doubtful`).
 */
export function normaliseView(kind: ScanKind, view: ViewPlanes, airLevel: number | null): NormalisedView {
  const base = { view: view.view, width: view.width, height: view.height, pixelPitchMm: view.pixelPitchMm };
  const planeKind = kind === "ct" || kind === "ait" ? "other" : kind;
  if (view.rgb) {
    const air = { estimated: false, doubtful: false, inverted: false, noise: 0 };
    return { planes: { ...base, kind: planeKind, airLevel: RGB_AIR, rgb: view.rgb }, air };
  }
  const { low, high, single } = view;
  const guide = high ?? single;
  if (!guide) throw new TypeError("a view without planes cannot be analysed");
  if (airLevel !== null) {
    const { noise, brighter } = compareAir(guide, view.width, airLevel);
    const air = { estimated: false, doubtful: brighter, inverted: false, noise };
    return { planes: { ...base, kind: planeKind, airLevel, ...planesOf(view) }, air };
  }
  const estimate = estimateAir(guide, view.width);
  const turned = (plane: Uint16Array) => (estimate.inverted ? invert(plane) : plane);
  const { level } = estimate;
  const lowPlane = low && turned(low);
  const air = {
    estimated: true,
    doubtful: estimate.doubtful,
    inverted: estimate.inverted,
    noise: estimate.noise,
  };
  return {
    planes: {
      ...base,
      kind: planeKind,
      airLevel: level,
      ...(lowPlane && { low: rescale(lowPlane, level / estimateAir(lowPlane, view.width).level) }),
      ...(high && { high: turned(high) }),
      ...(single && { single: turned(single) }),
    },
    air,
  };
}

function planesOf({ low, high, single }: ViewPlanes): Pick<ViewPlanes, "low" | "high" | "single"> {
  return { ...(low && { low }), ...(high && { high }), ...(single && { single }) };
}
