import type { ScanPlanes } from "../../models/planes.ts";
import { type AirEstimate, estimateAir, invert, rescale } from "../image/air.ts";
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
/** A plane brighter than its stated air by this factor was taken with another calibration. */
const STALE_FACTOR = 1.1;

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
  const estimate = estimateAir(guide, view.width);
  if (airLevel !== null) return stated({ ...base, kind: planeKind, airLevel, ...planesOf(view) }, estimate);
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

/** Where the plane shows air at the stated level its noise counts; where it does not, nothing is known of it. */
function stated(planes: ScanPlanes, estimate: AirEstimate): NormalisedView {
  const doubtful = !estimate.doubtful && estimate.level > STALE_FACTOR * planes.airLevel;
  const seen = Math.abs(estimate.level / planes.airLevel - 1) < 0.02;
  return { planes, air: { estimated: false, doubtful, inverted: false, noise: seen ? estimate.noise : 0 } };
}
