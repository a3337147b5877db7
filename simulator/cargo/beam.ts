import { type MaterialName, massFractions } from "../physics/materials.ts";
import { CARGO_ATTENUATION, CARGO_EDGES_MEV, CARGO_ENERGIES_MEV } from "./attenuation.ts";

/** What leaves the source and what the detector makes of it. */
export interface CargoBeam {
  /** End point of the bremsstrahlung: accelerating voltage of the linac or tube, MV. */
  readonly megavolts: number;
  /** Iron-equivalent filtration of target and collimator, g/cm². */
  readonly filterIron: number;
  /** Thickness of the cadmium-tungstate-like scintillator, g/cm². */
  readonly scintillator: number;
}

const BINS = CARGO_ENERGIES_MEV.length;
/** Mass fractions of the scintillator's heavy part; cadmium counts as tin, two places beside it in the table. */
const SCINTILLATOR = { W: 0.51, Sn: 0.31, O: 0.18 } as const;

/**
 * Share of the detector's air signal that comes from each bin, sum 1: Kramers' continuum up to the end point, filtered,
 * absorbed energy in the scintillator. A thick-target spectrum in the forward direction is harder than Kramers' at MeV
 * energies; the filtration makes up for a part of it.
 */
export function cargoBeamWeights({ megavolts, filterIron, scintillator }: CargoBeam): Float64Array {
  const weights = new Float64Array(BINS);
  let total = 0;
  for (let k = 0; k < BINS; k++) {
    const from = CARGO_EDGES_MEV[k]!;
    const to = Math.min(CARGO_EDGES_MEV[k + 1]!, megavolts);
    if (to <= from) continue;
    const photons = megavolts * Math.log(to / from) - (to - from);
    const through = Math.exp(-(CARGO_ATTENUATION["Fe"]![k] ?? 0) * filterIron);
    const absorbed = 1 - Math.exp(-mixed(SCINTILLATOR, k) * scintillator);
    weights[k] = photons * through * absorbed * (CARGO_ENERGIES_MEV[k] ?? 0);
    total += weights[k]!;
  }
  return weights.map((weight) => weight / total);
}

/** cm²/g of a material in each bin. */
export function cargoAttenuationOf(material: MaterialName): Float64Array {
  const fractions = massFractions(material);
  return Float64Array.from({ length: BINS }, (_, k) => mixed(fractions, k));
}

function mixed(fractions: Readonly<Record<string, number>>, bin: number): number {
  let sum = 0;
  for (const [element, share] of Object.entries(fractions)) {
    const value = CARGO_ATTENUATION[element]?.[bin];
    if (value === undefined) throw new RangeError(`element ${element} is not tabulated for cargo energies`);
    sum += share * value;
  }
  return sum;
}
