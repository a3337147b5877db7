import { BIN_EDGES_KEV, BIN_ENERGIES_KEV, MASS_ATTENUATION } from "./attenuation.ts";

export interface BeamOptions {
  /** Tube voltage, kV. */
  readonly kilovolts: number;
  /** Aluminium-equivalent filtration, mm. */
  readonly filterAluminiumMm: number;
  /** Copper filtration, mm (tube filter, belt and housing together). */
  readonly filterCopperMm: number;
  /** The sandwich detector: thin scintillator, copper filter, thick scintillator, mm. */
  readonly sandwich?: { readonly first: number; readonly copper: number; readonly second: number };
}

/** Shares of each detector's air signal that come from each bin; each sums to 1. */
export interface BeamWeights {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

const DENSITY = { Al: 2.7, Cu: 8.94, CsI: 4.51 } as const;
/** A usual sandwich, mm. */
export const SANDWICH = { first: 0.3, copper: 0.6, second: 4 } as const;
const CAESIUM_SHARE = 132.905 / (132.905 + 126.904);

/**
 * Signal share of each energy bin in the low and the high scintillator for a tungsten-like tube spectrum
 * (Kramers' continuum with the K lines), energy-integrating detection.
 */
export function beamWeights(options: BeamOptions): BeamWeights {
  const { first: front, copper: between, second: back } = options.sandwich ?? SANDWICH;
  const bins = BIN_ENERGIES_KEV.length;
  const low = new Float64Array(bins);
  const high = new Float64Array(bins);
  for (let k = 0; k < bins; k++) {
    const energy = BIN_ENERGIES_KEV[k] ?? 0;
    const aluminium = (MASS_ATTENUATION["Al"]?.[k] ?? 0) * DENSITY.Al * options.filterAluminiumMm * 0.1;
    const copperFilter = (MASS_ATTENUATION["Cu"]?.[k] ?? 0) * DENSITY.Cu * options.filterCopperMm * 0.1;
    const reaching = photonsInBin(k, options.kilovolts) * Math.exp(-aluminium - copperFilter);
    const scintillator = csi(k) * DENSITY.CsI;
    const copper = (MASS_ATTENUATION["Cu"]?.[k] ?? 0) * DENSITY.Cu * between * 0.1;
    const first = Math.exp(-scintillator * front * 0.1);
    low[k] = reaching * energy * (1 - first);
    high[k] = reaching * energy * first * Math.exp(-copper) * (1 - Math.exp(-scintillator * back * 0.1));
  }
  return { low: normalised(low), high: normalised(high) };
}

function photonsInBin(k: number, kilovolts: number): number {
  const from = BIN_EDGES_KEV[k] ?? 0;
  const to = Math.min(BIN_EDGES_KEV[k + 1] ?? 0, kilovolts);
  if (to <= from) return 0;
  // Kramers: photons per keV ∝ (E0 / E − 1); its integral over the bin is exact.
  let photons = kilovolts * Math.log(to / from) - (to - from);
  if (k === 4) photons *= 1.22; // tungsten Kα, 58–59 keV
  if (k === 5) photons *= 1.07; // tungsten Kβ, 67–69 keV
  return photons;
}

function csi(k: number): number {
  return (
    CAESIUM_SHARE * (MASS_ATTENUATION["Cs"]?.[k] ?? 0) +
    (1 - CAESIUM_SHARE) * (MASS_ATTENUATION["I"]?.[k] ?? 0)
  );
}

function normalised(values: Float64Array): Float64Array {
  let total = 0;
  for (const value of values) total += value;
  return values.map((value) => value / total);
}
