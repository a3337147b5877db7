import { BIN_ENERGIES_KEV } from "../physics/attenuation.ts";
import { type MaterialName, materialOf } from "../physics/materials.ts";
import { type BeamOptions, type BeamWeights, beamWeights } from "../physics/spectrum.ts";
import { attenuationOf } from "./basis.ts";
import type { Pair } from "./pair.ts";

const KILOVOLTS = [120, 140, 160, 180] as const;
const COPPER_MM = [0, 0.04, 0.08, 0.12, 0.17, 0.24, 0.35, 0.5] as const;
const ALUMINIUM_MM = 4;
/** What is believed where a pair holds too little to tell. */
const USUAL: BeamOptions = { kilovolts: 160, filterAluminiumMm: ALUMINIUM_MM, filterCopperMm: 0.16 };
/** High attenuations among which organic matter and thin metal are looked for. */
const ORGANIC_AT = [0.2, 0.6] as const;
const METAL_AT = [0.4, 1.2] as const;
const ENOUGH_PIXELS = 300;
/** The low/high ratio of metal stands out over that of organic matter by more than this. */
const METAL_STANDS_OUT = 1.3;

/**
 * The tube voltage and filter whose low/high ratios fit pairs of one machine: the lightest matter seen is taken as cellulose
 * and, where something stands out, the heaviest as steel. The more pairs, the surer that there is some of both among them: a
 * single one without organic matter misleads.
 */
export function estimateBeam(pairs: readonly Pair[]): BeamOptions {
  const organic = quartile(
    pairs.map((pair) => ratioAt(pair, ORGANIC_AT, 0.1)),
    0.25,
  );
  if (organic === undefined) return USUAL;
  const metal = quartile(
    pairs.map((pair) => ratioAt(pair, METAL_AT, 0.97)),
    0.75,
  );
  const usesMetal = metal !== undefined && metal.ratio > METAL_STANDS_OUT * organic.ratio;
  let best = USUAL;
  let least = Number.POSITIVE_INFINITY;
  for (const kilovolts of KILOVOLTS) {
    for (const filterCopperMm of COPPER_MM) {
      const options = { kilovolts, filterAluminiumMm: ALUMINIUM_MM, filterCopperMm };
      const weights = beamWeights(options);
      let miss = (materialRatio("cellulose", organic.high, weights) / organic.ratio - 1) ** 2;
      if (usesMetal) miss += (materialRatio("steel", metal.high, weights) / metal.ratio - 1) ** 2;
      // Equal fits are frequent; the usual voltage is the better guess then.
      miss += 1e-4 * ((kilovolts - USUAL.kilovolts) / 40) ** 2;
      if (miss < least) [best, least] = [options, miss];
    }
  }
  return best;
}

interface RatioAt {
  readonly ratio: number;
  readonly high: number;
}

function quartile(found: readonly (RatioAt | undefined)[], share: number): RatioAt | undefined {
  const known = found.filter((one) => one !== undefined).sort((a, b) => a.ratio - b.ratio);
  return known[Math.round(share * (known.length - 1))];
}

/** A quantile of the low/high ratio among pixels whose high attenuation lies in a range, with their mean high attenuation. */
function ratioAt(pair: Pair, range: readonly [number, number], quantile: number): RatioAt | undefined {
  const [low, high] = pair.planes;
  const ratios: number[] = [];
  let sum = 0;
  for (let i = 0; i < high.length; i++) {
    const a = -Math.log(Math.max(1e-4, high[i] as number));
    if (a < range[0] || a > range[1]) continue;
    ratios.push(-Math.log(Math.max(1e-4, low[i] as number)) / a);
    sum += a;
  }
  if (ratios.length < ENOUGH_PIXELS) return undefined;
  ratios.sort((a, b) => a - b);
  return { ratio: ratios[Math.floor(quantile * (ratios.length - 1))] as number, high: sum / ratios.length };
}

/** Low/high attenuation ratio of a material where it attenuates the high energy by `high` (−ln T). */
export function materialRatio(name: MaterialName, high: number, weights: BeamWeights): number {
  const mu = materialOf(name).attenuation;
  const lines = new Float64Array(BIN_ENERGIES_KEV.length);
  let [thin, thick] = [0, 200];
  for (let step = 0; step < 40; step++) {
    const areal = (thin + thick) / 2;
    for (let k = 0; k < lines.length; k++) lines[k] = areal * (mu[k] as number);
    if (attenuationOf(lines, 0, weights.high) < high) thin = areal;
    else thick = areal;
  }
  return attenuationOf(lines, 0, weights.low) / attenuationOf(lines, 0, weights.high);
}
