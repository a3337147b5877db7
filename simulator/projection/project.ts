import { beamWeights } from "../physics/spectrum.ts";
import type { Random } from "../random.ts";
import type { Appearance } from "./appearance.ts";
import { attenuationOf, decompose, linesOf } from "./basis.ts";
import { noiseField } from "./noise.ts";
import type { Pair } from "./pair.ts";
import { STENCIL_BINS, type Stencil } from "./stencil.ts";

const DARKEST = 1e-4;

export interface Place {
  /** Pixel of the pair where the stencil's first pixel comes to lie. */
  readonly x: number;
  readonly y: number;
}

/**
 * Threat image projection: the pair with a thing in it that was not there. The thing's transmission, as the pair's own beam
 * sees it behind what is already in the ray (decomposed into water and iron, so that the beam is as hard as it has become),
 * is blurred as the pair is, multiplied in (added in −log space), and the noise that fewer photons bring is added after.
 * Pure; the pair is left as it is.
 */
export function projectStencil(
  pair: Pair,
  stencil: Stencil,
  place: Place,
  appearance: Appearance,
  random: Random,
): Pair {
  const factors = factorsOf(pair, stencil, place, appearance);
  const planes = [0, 1].map((energy) => {
    const factor = factors[energy] as Float32Array;
    return multiplied(pair, energy as 0 | 1, factor, stencil, place, appearance, random.fork(energy));
  });
  return { ...pair, planes: planes as [Float32Array, Float32Array] };
}

/** What the stencil multiplies each energy by, low and high, over its own pixels. */
export function factorsOf(
  pair: Pair,
  stencil: Stencil,
  place: Place,
  appearance: Appearance,
): [Float32Array, Float32Array] {
  const [low, high] = transmissionBehind(pair, stencil, place, appearance);
  if (stencil.blurred) return [low, high];
  return [blurred(low, stencil, appearance.blur, appearance.lag), blurred(high, stencil, appearance.blur, 0)];
}

/** The stencil's transmission in each energy, given what each ray has passed already. */
function transmissionBehind(
  pair: Pair,
  stencil: Stencil,
  place: Place,
  { beam, floor }: Pick<Appearance, "beam" | "floor">,
): [Float32Array, Float32Array] {
  const { width, height, lines } = stencil;
  const weights = beamWeights(beam);
  const out: [Float32Array, Float32Array] = [
    new Float32Array(width * height).fill(1),
    new Float32Array(width * height).fill(1),
  ];
  const behind = new Float64Array(STENCIL_BINS);
  const both = new Float64Array(STENCIL_BINS);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * STENCIL_BINS;
      if ((lines[at + STENCIL_BINS - 1] as number) <= 0) continue;
      const [low, high] = [0, 1].map((e) =>
        around(pair, e as 0 | 1, place.x + x, place.y + y, floor[e as 0 | 1]),
      );
      linesOf(decompose(low as number, high as number, weights), behind);
      for (let k = 0; k < STENCIL_BINS; k++) both[k] = (behind[k] as number) + (lines[at + k] as number);
      for (const [energy, w] of [weights.low, weights.high].entries()) {
        const adds = attenuationOf(both, 0, w) - attenuationOf(behind, 0, w);
        (out[energy] as Float32Array)[y * width + x] = Math.exp(-Math.max(0, adds));
      }
    }
  }
  return out;
}

/** −ln T of the 3 × 3 pixels about a place, without the floor: noise would pass for another material. */
function around(pair: Pair, energy: 0 | 1, x: number, y: number, floor: number): number {
  const plane = pair.planes[energy];
  let sum = 0;
  for (let dy = -1; dy <= 1; dy++) {
    const row = Math.max(0, Math.min(pair.height - 1, y + dy)) * pair.width;
    for (let dx = -1; dx <= 1; dx++)
      sum += plane[row + Math.max(0, Math.min(pair.width - 1, x + dx))] as number;
  }
  return -Math.log(Math.max(DARKEST, Math.min(1, sum / 9 - floor)));
}

/** Gaussian point spread; `lag` moves the picture along the belt by a part of a pixel. */
function blurred(
  plane: Float32Array,
  { width, height }: Stencil,
  blur: Appearance["blur"],
  lag: number,
): Float32Array {
  const along = convolved(plane, width, height, 1, kernelOf(blur.x, lag));
  return convolved(along, width, height, width, kernelOf(blur.y, 0));
}

/** Weights at −R … R of a Gaussian about `shift`, each over its pixel; sum 1. */
function kernelOf(sigma: number, shift: number): Float64Array {
  const reach = Math.ceil(3 * sigma + Math.abs(shift)) + 1;
  const out = new Float64Array(2 * reach + 1);
  const fine = 8;
  let total = 0;
  for (let k = -reach; k <= reach; k++) {
    let sum = 0;
    for (let j = 0; j < fine; j++) {
      const d = k + (j + 0.5) / fine - 0.5 - shift;
      sum += sigma > 0.05 ? Math.exp(-0.5 * (d / sigma) ** 2) : Math.max(0, 1 - Math.abs(d));
    }
    out[k + reach] = sum;
    total += sum;
  }
  return out.map((weight) => weight / total);
}

function convolved(plane: Float32Array, width: number, height: number, step: number, kernel: Float64Array) {
  const reach = (kernel.length - 1) / 2;
  const out = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      let sum = 0;
      for (let k = -reach; k <= reach; k++) {
        const at = step === 1 ? x - k : y - k;
        const inside = at >= 0 && at < (step === 1 ? width : height);
        sum += (kernel[k + reach] as number) * (inside ? (plane[i - k * step] as number) : 1);
      }
      out[i] = sum;
    }
  }
  return out;
}

function multiplied(
  pair: Pair,
  energy: 0 | 1,
  factor: Float32Array,
  { width, height }: Stencil,
  place: Place,
  { floor, noise }: Appearance,
  random: Random,
): Float32Array {
  const out = Float32Array.from(pair.planes[energy]);
  const grain = noiseField(width, height, noise.neighbours, random);
  const least = floor[energy];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [px, py] = [place.x + x, place.y + y];
      if (px < 0 || py < 0 || px >= pair.width || py >= pair.height) continue;
      const i = py * pair.width + px;
      const f = factor[y * width + x] as number;
      if (f > 0.9999) continue;
      const was = out[i] as number;
      const now = was > least ? least + (was - least) * f : was;
      // Multiplying shrank the noise that was there by f; photons that do not come leave more of it.
      const missing = noise.quantum[energy] * Math.max(0, now) * (1 - f) + noise.electronic * (1 - f * f);
      out[i] = Math.max(0, now + Math.sqrt(missing) * (grain[y * width + x] as number));
    }
  }
  return out;
}
