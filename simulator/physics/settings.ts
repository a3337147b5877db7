import type { Random } from "../random.ts";

/**
 * `standard`: the machines that training sees, spread wide around a real one. `shifted`: machines outside of that spread,
 * to show what is left on a machine nobody trained for.
 */
export const PHYSICS = ["standard", "shifted"] as const;
export type Physics = (typeof PHYSICS)[number];

/** One machine on one day. */
export interface DetectorSettings {
  readonly kilovolts: number;
  readonly filterAluminiumMm: number;
  readonly filterCopperMm: number;
  readonly sandwich?: { readonly first: number; readonly copper: number; readonly second: number };
  /** Photons per pixel in air that carry the noise, low and high energy. */
  readonly photons: readonly [number, number];
  /** Electronic noise, counts of the output. */
  readonly electronicCounts: number;
  /** Weight of a pixel's neighbours in the point spread, each side, along the belt and along the detector. */
  readonly blurLines: number;
  readonly blurPixels: number;
  /** How much more the low-energy plane is blurred; 1: alike. */
  readonly blurLow?: number;
  /** The low-energy sensors see a line this much later than the high-energy ones, lines, 0–1. */
  readonly lagLines?: number;
  /** The belt's speed wavers: lines are displaced by at most this, lines, over so many lines. */
  readonly jitter?: { readonly lines: number; readonly period: number; readonly phase: number };
  /** Share of the light that comes from around (scatter and glare). */
  readonly glare: number;
  /** What the darkest place still shows of air, low and high energy: afterglow, scatter from everywhere. */
  readonly floor?: readonly [number, number];
  /** Share of the noise that a line leaves in the next one. */
  readonly afterglow?: number;
  readonly gainSpread: number;
  /** Change of the gain from the first line to the last, relative. */
  readonly gainDrift?: number;
  readonly doseSpread: number;
  /** Detector pixels that are dead and stand as the mean of their neighbours. */
  readonly deadPixels?: number;
}

/**
 * Draws a machine. The ranges of `standard` hold a real dual-energy scanner whose scans were measured: steel and organic
 * ratios at 160–180 kV behind 4 mm Al and 0.08–0.12 mm Cu, edges of 2.3–4 pixels, the high plane noisier than the low one.
 */
export function drawSettings(random: Random, physics: Physics = "standard"): DetectorSettings {
  return physics === "standard" ? standard(random) : shifted(random);
}

function standard(random: Random): DetectorSettings {
  const photons = 62_000 * Math.exp(random.range(-1.1, 0.7));
  return {
    kilovolts: random.range(140, 180),
    filterAluminiumMm: random.range(2.5, 5),
    filterCopperMm: random.range(0.04, 0.25),
    sandwich: {
      first: random.range(0.22, 0.42),
      copper: random.range(0.45, 0.8),
      second: random.range(3, 5),
    },
    photons: [photons, photons * random.range(0.35, 1.3)],
    electronicCounts: random.range(9, 24),
    blurLines: random.range(0.08, 0.28),
    blurPixels: random.range(0.06, 0.22),
    blurLow: random.range(0.9, 1.25),
    lagLines: random.chance(0.75) ? random.range(0, 0.5) : 0,
    jitter: { lines: random.range(0, 0.35), period: random.range(60, 300), phase: random.range(0, 6.28) },
    glare: random.range(0.004, 0.016),
    floor: [random.range(0.0005, 0.006), random.range(0.0005, 0.012)],
    afterglow: random.range(0, 0.25),
    gainSpread: random.range(0.0004, 0.0022),
    gainDrift: random.range(-0.006, 0.006),
    doseSpread: random.range(0.0004, 0.0018),
    deadPixels: random.chance(0.3) ? random.int(1, 4) : 0,
  };
}

function shifted(random: Random): DetectorSettings {
  const soft = random.chance(0.5);
  const photons = 9_000 * Math.exp(random.range(-0.4, 0.4));
  return {
    ...standard(random),
    kilovolts: soft ? random.range(118, 135) : random.range(165, 180),
    filterCopperMm: soft ? random.range(0.02, 0.05) : random.range(0.32, 0.5),
    sandwich: {
      first: soft ? random.range(0.12, 0.2) : random.range(0.48, 0.65),
      copper: soft ? random.range(0.3, 0.42) : random.range(0.85, 1.1),
      second: random.range(5, 7),
    },
    photons: [photons, photons * random.range(0.6, 1.6)],
    electronicCounts: random.range(26, 40),
    blurLines: random.range(0.28, 0.33),
    blurPixels: random.range(0.22, 0.3),
    glare: random.range(0.018, 0.03),
    gainSpread: random.range(0.0025, 0.004),
  };
}
