import type { BeamOptions } from "../physics/spectrum.ts";
import { estimateBeam } from "./beam.ts";
import { edgeSpread, lagAlongBelt } from "./edges.ts";
import { estimateNoise, type NoiseEstimate } from "./noise.ts";
import type { Pair } from "./pair.ts";

/** What a pair itself tells of the machine that made it: enough to make something drawn look as if it had been there. */
export interface Appearance {
  readonly beam: BeamOptions;
  /** Standard deviation of the point spread in pixels, along the belt (x) and along the detector (y). */
  readonly blur: { readonly x: number; readonly y: number };
  /** Pixels by which the low plane lies behind the high one along the belt. */
  readonly lag: number;
  readonly noise: NoiseEstimate;
  /** Transmission that is always there (scatter, glare, dark offset), low and high: it is not attenuated. */
  readonly floor: readonly [number, number];
}

const MAX_FLOOR = 0.02;
/** Where at least this share of a plane is darker than {@link OPAQUE}, its darkest is the floor rather than matter. */
const OPAQUE_SHARE = 0.002;
const OPAQUE = 0.03;
/** What is believed otherwise. */
const USUAL_FLOOR = 0.002;

/** `beam` is better estimated from several pairs of the machine (`estimateBeam`); from this one alone where it is absent. */
export function appearanceOf(pair: Pair, beam: BeamOptions = estimateBeam([pair])): Appearance {
  const [low, high] = pair.planes;
  return {
    beam,
    blur: { x: edgeSpread(high, pair, "x"), y: edgeSpread(high, pair, "y") },
    lag: lagAlongBelt(pair),
    noise: estimateNoise(pair),
    floor: [floorOf(low), floorOf(high)],
  };
}

function floorOf(plane: Float32Array): number {
  const sorted = Float32Array.from(plane).sort();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  const darkest = Math.max(0, at(5e-4));
  return at(OPAQUE_SHARE) < OPAQUE ? Math.min(MAX_FLOOR, 0.8 * darkest) : Math.min(USUAL_FLOOR, darkest / 2);
}
