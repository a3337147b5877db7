import { MOST_OPAQUE, weighView } from "../image/mass.ts";
import type { MassCalibration } from "../image/mass-calibration.ts";
import { USUAL_MASS } from "../image/mass-usual.ts";
import type { XrayMass } from "../scan.ts";
import type { NormalisedView } from "./normalise.ts";

/**
 * What the item weighs by its image: of the views that can be weighed, the one with the least mass behind opaque pixels.
 * Null where no view has two energies and a pitch.
 * @param calibration of this machine; null: the usual one, whose figure is never called reliable.
 */
export function weighScan(
  views: readonly NormalisedView[],
  calibration: MassCalibration | null,
): XrayMass | null {
  let best: XrayMass | null = null;
  for (const { planes, air } of views) {
    const { kind, low, high, pixelPitchMm, view } = planes;
    if (kind !== "dual-energy" || !low || !high || !isPitch(pixelPitchMm)) continue;
    const { kg, opaqueShare } = weighView({ ...planes, low, high, pixelPitchMm }, calibration ?? USUAL_MASS);
    if (best !== null && best.opaqueShare <= opaqueShare) continue;
    const reliable = calibration !== null && opaqueShare <= MOST_OPAQUE && !air.doubtful && !air.estimated;
    best = { kg, opaqueShare, reliable, view };
  }
  return best;
}

function isPitch(
  pitch: { readonly x: number; readonly y: number } | null,
): pitch is { x: number; y: number } {
  return pitch !== null && pitch.x > 0 && pitch.y > 0 && Number.isFinite(pitch.x * pitch.y);
}
