import type { Analysis, Energy } from "../scan.ts";
import type { AnalysableScan } from "./planes.ts";
import { digestPng, type PngPlane } from "./png16.ts";

/**
 * Digests of the planes as they can be asked for (`mqtt.md`, Hit `images` and command `image`, form `raw16`): the PNG of each
 * stored plane, before any normalisation.
 */
export function describeImages(scan: AnalysableScan): Analysis["images"] {
  return scan.views.flatMap((view) => {
    const { width, height, low, high, single, rgb } = view;
    const of = (energy: Energy, plane: PngPlane) => {
      const { sha256, bytes } = digestPng(plane);
      return { view: view.view, energy, form: "raw16" as const, sha256, mediaType: "image/png", bytes };
    };
    return [
      ...(low ? [of(0, { width, height, grey16: low })] : []),
      ...(high ? [of(1, { width, height, grey16: high })] : []),
      ...(single ? [of(2, { width, height, grey16: single })] : []),
      ...(rgb ? [of(2, { width, height, rgb8: rgb })] : []),
    ];
  });
}
