import type { Subject } from "../../../device/image/subject.ts";
import type { AnalysableScan, ViewPlanes } from "../../../device/inference/planes.ts";
import { simulateCargo } from "../../../simulator/cargo/simulate.ts";
import { Random } from "../../../simulator/random.ts";
import { simulateScan } from "../../../simulator/scan.ts";
import { drawPicture, PHOTOGRAPHS, type Picture } from "../../fixtures/pictures.ts";
import {
  colouredOf,
  greyPicture,
  greyScanOf,
  scanOfPicture,
  scanOfSimulated,
  WRONG_KINDS,
} from "../../fixtures/wrong-kinds.ts";

/** One image and what it shows. */
export interface Sample {
  readonly subject: Subject;
  readonly family: string;
  readonly scan: AnalysableScan;
}

/** Families that show no X-ray image; the others of the wrong kinds are good scans given to the wrong model. */
const NONE = Object.keys(WRONG_KINDS).filter(
  (name) => !name.startsWith("container") && !name.startsWith("parcel"),
);

/** Samples to fit the recogniser on: good scans of both subjects in all forms, and everything that is neither. */
export function* samples(seed: number, count: number): Generator<Sample> {
  for (let index = 0; index < count; index++) {
    const random = new Random(seed, `sample ${index}`);
    const pick = index % 20;
    if (pick < 2) yield { subject: "item", family: "phantom", scan: phantom(random) };
    else if (pick < 8)
      yield { subject: "item", family: "parcel", scan: varied(parcelScan(seed, index, random), random) };
    else if (pick < 14) yield { subject: "cargo", family: "cargo", scan: cargoScan(seed, index, random) };
    else yield { subject: "none", ...wrong(seed, index, random) };
  }
}

function parcelScan(seed: number, index: number, random: Random): AnalysableScan {
  const scan = simulateScan({ seed, index, mix: random.chance(0.5) ? "training" : "traffic" });
  const form = random.int(0, 3);
  if (form === 0) return windowed(greyScanOf(scan), random);
  if (form === 1) return tinted(colouredOf(scan), random);
  return scanOfSimulated(scan, random.chance(0.5));
}

/** Test pieces: plates, wedges and discs in clean air, with and without noise, of any size. */
function phantom(random: Random): AnalysableScan {
  const width = random.int(24, 200);
  const height = random.int(24, 160);
  const air = random.range(40_000, 62_000);
  const grain = random.chance(0.4) ? 0 : random.range(1, 400);
  const ratio = random.range(1.2, 2.2);
  const depths = new Float32Array(width * height);
  for (let i = random.int(1, 5); i > 0; i--) {
    const [cx, cy] = [random.range(0.25, 0.75) * width, random.range(0.25, 0.75) * height];
    const [rx, ry] = [random.range(0.06, 0.35) * width, random.range(0.06, 0.35) * height];
    const [depth, round, wedge] = [random.range(0.1, 3), random.chance(0.4), random.chance(0.3)];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [u, v] = [(x - cx) / rx, (y - cy) / ry];
        const inside = round ? Math.hypot(u, v) < 1 : Math.max(Math.abs(u), Math.abs(v)) < 1;
        if (inside) depths[y * width + x]! += depth * (wedge ? Math.ceil((u + 1) * 3) / 6 : 1);
      }
    }
  }
  const plane = (factor: number) =>
    Uint16Array.from(depths, (d) =>
      Math.max(0, Math.min(65_535, air * Math.exp(-d * factor) + grain * random.normal())),
    );
  const base = { view: 0, width, height, pixelPitchMm: null };
  if (random.chance(0.7)) {
    const view = { ...base, low: plane(ratio), high: plane(1) };
    return { kind: "dual-energy", views: [view], airLevel: random.chance(0.5) ? air : null, marked: false };
  }
  const single = plane(1).map((value) => (value >> 8) * 257);
  return { kind: "single-energy", views: [{ ...base, single }], airLevel: null, marked: false };
}

function cargoScan(seed: number, index: number, random: Random): AnalysableScan {
  const scan = simulateCargo({
    seed,
    index,
    scenario: random.chance(0.8) ? "containers" : "pallets",
    mix: random.chance(0.5) ? "training" : "traffic",
    rows: random.pick([96, 128, 160]),
    bits: random.chance(0.6) ? 8 : 16,
  });
  const asPair = random.chance(0.4);
  const [first, second] = scan.planes;
  const planes = asPair ? [first!, second ?? { ...first!, energy: 1 as const }] : [second ?? first!];
  return scanOfSimulated({ ...scan, planes }, random.chance(0.3));
}

function wrong(seed: number, index: number, random: Random): Pick<Sample, "family" | "scan"> {
  if (random.chance(0.3)) {
    const picture = toned(greyPicture(drawPicture(PHOTOGRAPHS, seed, index)), random);
    return { family: "photograph, grey", scan: scanOfPicture(picture) };
  }
  const family = random.pick(NONE);
  return { family, scan: WRONG_KINDS[family]!(seed, index) };
}

/** A photograph with its tones stretched to black and white, bent, or both. */
function toned(picture: Picture, random: Random): Picture {
  const { rgb } = picture;
  if (random.chance(0.3)) return picture;
  let [low, high] = [255, 0];
  for (const value of rgb) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const gamma = Math.exp(random.range(-0.9, 0.9));
  const strength = random.range(0.9, 1.2);
  return {
    ...picture,
    rgb: rgb.map((value) =>
      Math.min(255, 255 * strength * ((value - low) / Math.max(1, high - low)) ** gamma),
    ),
  };
}

/** Mirrored, and at times cut to a part, so that no edge can be relied on. */
function varied(scan: AnalysableScan, random: Random): AnalysableScan {
  const cut = random.chance(0.35);
  return {
    ...scan,
    views: scan.views.map((view) => {
      const part = {
        x: cut ? random.int(0, Math.floor(view.width * 0.2)) : 0,
        y: cut ? random.int(0, Math.floor(view.height * 0.25)) : 0,
      };
      const size = {
        width: view.width - part.x - (cut ? random.int(0, Math.floor(view.width * 0.2)) : 0),
        height: view.height - part.y - (cut ? random.int(0, Math.floor(view.height * 0.25)) : 0),
      };
      return cropped(view, part, size, random.chance(0.5));
    }),
  };
}

function cropped(
  view: ViewPlanes,
  part: { readonly x: number; readonly y: number },
  { width, height }: { readonly width: number; readonly height: number },
  mirror: boolean,
): ViewPlanes {
  const take = <T extends Uint16Array | Uint8Array>(plane: T, channels: number): T => {
    const out = plane.slice(0, width * height * channels) as T;
    for (let y = 0; y < height; y++) {
      const from = ((part.y + y) * view.width + part.x) * channels;
      const line = plane.subarray(from, from + width * channels);
      // Coloured lines are only cut: turned round, their channels would change places.
      out.set(mirror && channels === 1 ? line.toReversed() : line, y * width * channels);
    }
    return out;
  };
  return {
    ...view,
    width,
    height,
    ...(view.low && { low: take(view.low, 1) }),
    ...(view.high && { high: take(view.high, 1) }),
    ...(view.single && { single: take(view.single, 1) }),
    ...(view.rgb && { rgb: take(view.rgb, 3) }),
  };
}

/** Another curve on 8-bit grey. */
function windowed(scan: AnalysableScan, random: Random): AnalysableScan {
  const gamma = Math.exp(random.range(-0.7, 0.5));
  const white = random.range(0.85, 1);
  const views = scan.views.map((view) => {
    const single = view.single?.map((v) => Math.round(255 * Math.min(1, v / 65_535 / white) ** gamma) * 257);
    return { ...view, ...(single && { single }) };
  });
  return { ...scan, views };
}

/** Another vendor's colours: channels bent, exchanged in part, paler or stronger. */
function tinted(scan: AnalysableScan, random: Random): AnalysableScan {
  const gamma = [0, 1, 2].map(() => Math.exp(random.range(-0.5, 0.5)));
  const strength = random.range(0.6, 1.4);
  const views = scan.views.map((view) => {
    const rgb = view.rgb?.slice();
    for (let i = 0; rgb && i < rgb.length; i += 3) {
      const bent = [0, 1, 2].map((c) => 255 * (rgb[i + c]! / 255) ** gamma[c]!);
      const grey = (bent[0]! + bent[1]! + bent[2]!) / 3;
      for (let c = 0; c < 3; c++)
        rgb[i + c] = Math.max(0, Math.min(255, grey + strength * (bent[c]! - grey)));
    }
    return { ...view, ...(rgb && { rgb }) };
  });
  return { ...scan, views };
}
