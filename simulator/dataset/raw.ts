import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AIR_LEVEL } from "../physics/detector.ts";
import { Random } from "../random.ts";
import { DETECTOR_PIXELS, PIXEL_PITCH_MM } from "../scene/scene.ts";
import { encodeGrey16 } from "./png.ts";

/** Energies by the names of their files, in the order of their planes. */
export const ENERGIES = ["low", "high"] as const;
/** Lines of a dark and of an air frame. */
export const FRAME_LINES = 128;
const MODULE_PIXELS = 64;
/** Raw counts of the detector: dark level, and air over it, before pixels differ. */
const DARK_COUNTS = 900;
const SPAN_COUNTS = 42_000;
const READ_NOISE = 12;
/** Photons a pixel in a line of an air frame. */
const AIR_PHOTONS = 40_000;
const MOST_DEAD = 4;

/** One line detector of one energy, as it is before anybody corrects it: raw = dark + span × transmission. */
export interface RawDetector {
  readonly dark: Float64Array;
  readonly span: Float64Array;
  /** Pixels that always say the same, ascending. */
  readonly dead: readonly number[];
}

/** The detector of a seed: modules and pixels with levels and gains of their own, a few dead ones. */
export function drawDetector(seed: number, energy: 0 | 1, pixels: number = DETECTOR_PIXELS): RawDetector {
  const random = new Random(seed, `raw detector ${energy}`);
  const dark = new Float64Array(pixels);
  const span = new Float64Array(pixels);
  let [level, gain] = [0, 1];
  for (let y = 0; y < pixels; y++) {
    if (y % MODULE_PIXELS === 0) [level, gain] = [random.range(-150, 150), random.range(0.85, 1.15)];
    dark[y] = DARK_COUNTS + level + 25 * random.normal();
    span[y] = SPAN_COUNTS * gain * (1 + 0.04 * random.normal());
  }
  const dead = new Set<number>();
  for (let n = random.int(1, MOST_DEAD); n > 0; n--) dead.add(random.int(2, pixels - 3));
  for (const y of dead) span[y] = 0;
  return { dark, span, dead: [...dead].sort((a, b) => a - b) };
}

/** Raw counts of a plane of counts at the common air level; rows are detector pixels. */
export function rawPlane(
  samples: Uint16Array,
  width: number,
  { dark, span }: RawDetector,
  random: Random,
): Uint16Array {
  const out = new Uint16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const y = Math.floor(i / width);
    const value = dark[y]! + (span[y]! * samples[i]!) / AIR_LEVEL + READ_NOISE * random.normal();
    out[i] = Math.min(65_535, Math.max(0, Math.round(value)));
  }
  return out;
}

/** A frame without a scan: the X-rays off (`dark`), or on and nothing in the tunnel (`air`). */
export function rawFrame(kind: "dark" | "air", { dark, span }: RawDetector, random: Random): Uint16Array {
  const out = new Uint16Array(dark.length * FRAME_LINES);
  for (let i = 0; i < out.length; i++) {
    const y = Math.floor(i / FRAME_LINES);
    const light = kind === "air" ? span[y]! * (1 + random.normal() / Math.sqrt(AIR_PHOTONS)) : 0;
    out[i] = Math.min(65_535, Math.max(0, Math.round(dark[y]! + light + READ_NOISE * random.normal())));
  }
  return out;
}

/** Writes `frames/{dark,air}.{low,high}.png` and `scanner.json`, the profile with which a gateway corrects the images. */
export async function writeFrames(folder: string, seed: number): Promise<void> {
  await mkdir(join(folder, "frames"), { recursive: true });
  const detectors = ([0, 1] as const).map((energy) => drawDetector(seed, energy));
  for (const [energy, detector] of detectors.entries()) {
    for (const kind of ["dark", "air"] as const) {
      const samples = rawFrame(kind, detector, new Random(seed, `${kind} frame ${energy}`));
      const png = encodeGrey16(FRAME_LINES, DETECTOR_PIXELS, samples);
      await writeFile(join(folder, "frames", `${kind}.${ENERGIES[energy]}.png`), png);
    }
  }
  await writeFile(join(folder, "scanner.json"), `${JSON.stringify(profile(), null, 2)}\n`);
}

/** Dead pixels are left for the frames to tell. */
function profile(): object {
  const frames = Object.fromEntries(
    ENERGIES.map((name) => [name, { dark: `frames/dark.${name}.png`, air: `frames/air.${name}.png` }]),
  );
  const pixelPitchMm = { x: PIXEL_PITCH_MM, y: PIXEL_PITCH_MM };
  const view = { view: 0, energies: ENERGIES, detectorPixels: DETECTOR_PIXELS, pixelPitchMm, frames };
  return {
    schema: "lynceus-scanner/1",
    machine: { vendor: "Lynceus simulator", model: "raw counts" },
    views: [view],
    raw: { detectorAlong: "height", airLevel: AIR_LEVEL },
  };
}
