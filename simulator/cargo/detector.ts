import type { Random } from "../random.ts";
import { type CargoBeam, cargoAttenuationOf, cargoBeamWeights } from "./beam.ts";
import type { CargoCanvas } from "./canvas.ts";

/** Counts of air of a 16-bit cargo scan. */
export const CARGO_AIR_LEVEL = 60_000;

export interface CargoDetector {
  readonly beam: CargoBeam;
  /** Photons a pixel in air that carry the noise. */
  readonly photons: number;
  readonly electronicCounts: number;
  /** Weight of each neighbour in the point spread, along lines and along the detector. */
  readonly blurX: number;
  readonly blurY: number;
  /** Share of the signal that comes from the wide surroundings (scatter), so that nothing is quite black. */
  readonly scatter: number;
  /** Spread of the gain of rows that calibration left. */
  readonly gainSpread: number;
  /** Spread of the pulses' dose that the reference detector left. */
  readonly doseSpread: number;
  /** Rows that do not answer, as a share of all: shown bright or dark. */
  readonly deadRows: number;
}

const STEPS = 128;
const LIMIT = 16;
const EXP = Float32Array.from({ length: STEPS * LIMIT + 2 }, (_, i) => Math.exp(-i / STEPS));

/** Transmission of what the canvas holds, without blur or noise. */
export function cargoTransmission(canvas: CargoCanvas, beam: CargoBeam): Float32Array {
  const weights = cargoBeamWeights(beam);
  const bins = [...weights.keys()].filter((k) => weights[k]! > 1e-4);
  const planes = [...canvas.planes.values()];
  const mus = [...canvas.planes.keys()].map((name) => cargoAttenuationOf(name));
  const out = new Float32Array(canvas.width * canvas.height).fill(1);
  const here = new Float64Array(planes.length);
  for (let i = 0; i < out.length; i++) {
    let inWay = 0;
    for (let m = 0; m < planes.length; m++) {
      here[m] = Math.max(0, planes[m]![i]!);
      inWay += here[m]!;
    }
    if (inWay === 0) continue;
    let transmission = 0;
    for (const k of bins) {
      let depth = 0;
      for (let m = 0; m < mus.length; m++) depth += here[m]! * mus[m]![k]!;
      transmission += weights[k]! * decay(depth);
    }
    out[i] = transmission;
  }
  return out;
}

/** exp(−depth) from a table, 0 beyond its end. */
function decay(depth: number): number {
  const at = depth * STEPS;
  if (at >= STEPS * LIMIT) return 0;
  const step = at | 0;
  const here = EXP[step]!;
  return here + (at - step) * (EXP[step + 1]! - here);
}

/** Counts of one energy: blur, scatter, gain, dose, noise. Changes `plane`. */
export function readOutCargo(
  plane: Float32Array,
  size: { readonly width: number; readonly height: number },
  detector: CargoDetector,
  random: Random,
): Uint16Array {
  blur(plane, size, detector);
  addScatter(plane, size, detector.scatter);
  const { width, height } = size;
  const out = new Uint16Array(plane.length);
  const dose = Float32Array.from({ length: width }, () => 1 + detector.doseSpread * random.normal());
  const variance = CARGO_AIR_LEVEL ** 2 / detector.photons;
  const noise = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    const dead = random.chance(detector.deadRows) ? random.pick([0.02, 1.05]) : null;
    const gain = 1 + detector.gainSpread * random.normal();
    random.normals(noise);
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const transmission = dead ?? plane[i]! * dose[x]! * gain;
      const sigma = Math.sqrt(variance * transmission + detector.electronicCounts ** 2);
      const value = transmission * CARGO_AIR_LEVEL + sigma * noise[x]! + 0.5;
      out[i] = value <= 0 ? 0 : Math.min(65_535, value);
    }
  }
  return out;
}

function blur(
  plane: Float32Array,
  { width, height }: { readonly width: number; readonly height: number },
  { blurX, blurY }: Pick<CargoDetector, "blurX" | "blurY">,
): void {
  for (let y = 0; y < height; y++) {
    let before = plane[y * width]!;
    for (let i = y * width + 1, end = (y + 1) * width - 1; i < end; i++) {
      const here = plane[i]!;
      plane[i] = here + blurX * (before + plane[i + 1]! - 2 * here);
      before = here;
    }
  }
  for (let x = 0; x < width; x++) {
    let before = plane[x]!;
    for (let y = 1, i = x + width; y + 1 < height; y++, i += width) {
      const here = plane[i]!;
      plane[i] = here + blurY * (before + plane[i + width]! - 2 * here);
      before = here;
    }
  }
}

/** Scatter from around: the mean of each line's fan (the detector sees the whole irradiated slice) and its neighbours. */
function addScatter(
  plane: Float32Array,
  { width, height }: { readonly width: number; readonly height: number },
  share: number,
): void {
  const means = new Float32Array(width);
  for (let x = 0; x < width; x++) {
    let sum = 0;
    for (let i = x; i < plane.length; i += width) sum += plane[i]!;
    means[x] = sum / height;
  }
  for (let x = 0; x < width; x++) {
    const around = (means[Math.max(0, x - 1)]! + means[x]! + means[Math.min(width - 1, x + 1)]!) / 3;
    for (let i = x; i < plane.length; i += width) plane[i] = plane[i]! * (1 - share) + share * around;
  }
}
