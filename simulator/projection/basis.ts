import { BIN_ENERGIES_KEV } from "../physics/attenuation.ts";
import { type MaterialName, materialOf } from "../physics/materials.ts";
import type { BeamWeights } from "../physics/spectrum.ts";

const BINS = BIN_ENERGIES_KEV.length;
/** More attenuation than this is the machine's floor rather than matter. */
const OPAQUE = 5;
const STEPS = 6;

/** Amounts of the two basis materials, g/cm²; iron may be a little negative for matter lighter than water. */
export type Basis = [water: number, iron: number];

const WATER: MaterialName = "water";
const IRON: MaterialName = "steel";

/** Attenuation −ln T of line integrals (dimensionless, one a bin) under the weights of one detector. */
export function attenuationOf(lines: ArrayLike<number>, at: number, weights: Float64Array): number {
  let transmission = 0;
  for (let k = 0; k < BINS; k++)
    transmission += (weights[k] as number) * Math.exp(-(lines[at + k] as number));
  return -Math.log(transmission);
}

/**
 * Water and iron that attenuate the two energies as measured (−ln T): Newton's iteration on the two detectors' polychromatic
 * attenuation, after Alvarez and Macovski, Phys. Med. Biol. 21 (1976) 733. Says how the spectrum has hardened behind what is
 * there; what is nearly opaque is taken as {@link OPAQUE}.
 */
export function decompose(low: number, high: number, beam: BeamWeights): Basis {
  const water = materialOf(WATER).attenuation;
  const iron = materialOf(IRON).attenuation;
  const wanted = [Math.min(low, OPAQUE), Math.min(high, OPAQUE)] as const;
  const basis: Basis = [Math.max(0, wanted[1]) / 0.18, 0];
  for (let step = 0; step < STEPS; step++) {
    const [a, b] = [tangent(basis, beam.low, water, iron), tangent(basis, beam.high, water, iron)];
    const determinant = a.water * b.iron - a.iron * b.water;
    if (Math.abs(determinant) < 1e-9) break;
    const [da, db] = [wanted[0] - a.value, wanted[1] - b.value];
    basis[0] = clamp(basis[0] + (da * b.iron - db * a.iron) / determinant, -3, 60);
    basis[1] = clamp(basis[1] + (db * a.water - da * b.water) / determinant, -0.5, 30);
  }
  return basis;
}

interface Tangent {
  readonly value: number;
  readonly water: number;
  readonly iron: number;
}

/** Attenuation of the basis amounts and how it grows with each of them. */
function tangent(basis: Basis, weights: Float64Array, water: Float32Array, iron: Float32Array): Tangent {
  let [sum, byWater, byIron] = [0, 0, 0];
  for (let k = 0; k < BINS; k++) {
    const w = water[k] as number;
    const f = iron[k] as number;
    const passing = (weights[k] as number) * Math.exp(-(basis[0] * w + basis[1] * f));
    sum += passing;
    byWater += passing * w;
    byIron += passing * f;
  }
  return { value: -Math.log(sum), water: byWater / sum, iron: byIron / sum };
}

/** Line integrals of basis amounts, one a bin. */
export function linesOf(basis: Basis, out: Float64Array): void {
  const water = materialOf(WATER).attenuation;
  const iron = materialOf(IRON).attenuation;
  for (let k = 0; k < BINS; k++) out[k] = basis[0] * (water[k] as number) + basis[1] * (iron[k] as number);
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
