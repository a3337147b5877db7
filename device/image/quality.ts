import type { Analysis } from "../scan.ts";
import { looksInverted } from "./air.ts";
import { clippingOf } from "./clipping.ts";
import { greyOf } from "./kind.ts";
import { recogniseSubject, type Subject } from "./subject.ts";

/** What is known of one view when its quality is judged; planes in counts, all with the same air level. */
export interface QualityInput {
  readonly width: number;
  readonly height: number;
  readonly airLevel: number;
  readonly low?: Uint16Array;
  readonly high?: Uint16Array;
  readonly single?: Uint16Array;
  readonly rgb?: Uint8Array;
  readonly pixelPitchMm?: { readonly x: number; readonly y: number } | null;
  /** Where the air level came from. */
  readonly air: {
    readonly estimated: boolean;
    readonly doubtful: boolean;
    readonly inverted: boolean;
    /** Noise in air over the air level, 0..1; 0 when not measured. */
    readonly noise: number;
  };
  /** Bits a sample of the source; null when it is not known. */
  readonly bits: 8 | 16 | null;
  /** Colours were drawn into a grey radiograph. */
  readonly marked: boolean;
}

export interface QualityVerdict {
  /** 0..1: how far the image can be trusted. */
  readonly quality: number;
  /** False where nothing can be seen in the image at all: a model's silence would mean nothing. */
  readonly usable: boolean;
  /** What the image shows; `none` where it is not usable. Models are made for one or the other. */
  readonly subject: Subject;
  readonly problems: Analysis["problems"];
}

/** Transmission below which a pixel tells nothing of what is behind it. */
const OPAQUE_TRANSMISSION = 0.012;
/** Side of the blocks that are opaque as a whole, pixels: single dark pixels are noise or thin metal edges. */
const BLOCK = 8;
/** Transmission from which a pixel counts as air. */
const AIR_TRANSMISSION = 0.95;
/** Opaque share of the object from which the analyst is told. */
const OPAQUE_SHARE = 0.01;
/** Opaque share of the image from which nothing can be said. */
const BLIND_SHARE = 0.9;
/** Pseudo-colour shows what its maker chose to show: the counts are gone, so it never gets more. */
const COLOUR_QUALITY = 0.6;
/** Smallest side that shows anything, pixels. */
const MIN_SIDE = 16;

/**
 * Judges how far an image can be trusted, what it shows, and names what limits it; deterministic, no model. What is no X-ray
 * image, or is turned round or clipped so that its values mean something else, is not usable.
 */
export function judgeQuality(input: QualityInput): QualityVerdict {
  const refusal = refusalOf(input);
  if (refusal !== null) return refused(refusal);
  const { subject } = recogniseSubject(input);
  if (subject === "none")
    return refused("The image does not look like an X-ray scan: no model is asked about it");
  const turned = subject === "item" && isTurned(input);
  if (turned)
    return refused("The image is inverted (air dark, goods bright): its values do not mean transmission");
  const problems: { code: "IMAGE_QUALITY" | "OPAQUE_REGION"; text: string }[] = [];
  const limit = (text: string) => problems.push({ code: "IMAGE_QUALITY", text });
  const plane = input.high ?? input.single;
  if (!plane) return { quality: COLOUR_QUALITY, usable: true, subject, problems };
  const opaque = opaqueShares(plane, input.width, input.height, input.airLevel);
  if (opaque.ofImage >= BLIND_SHARE)
    return refused("The radiation did not get through: the image is dark almost everywhere");
  if (opaque.ofObject >= OPAQUE_SHARE) {
    const percent = Math.round(opaque.ofObject * 100);
    problems.push({
      code: "OPAQUE_REGION",
      text: `${percent} % of the object lets no radiation through: what is behind cannot be seen`,
    });
  }
  const quality = countQuality(input, opaque.ofObject, limit);
  return { quality, usable: true, subject, problems };
}

function refused(text: string): QualityVerdict {
  return { quality: 0, usable: false, subject: "none", problems: [{ code: "IMAGE_QUALITY", text }] };
}

/** What makes an image useless whatever it shows, in words; null where nothing does. */
function refusalOf({ width, height, low, high, single, rgb, airLevel, bits }: QualityInput): string | null {
  if (width < MIN_SIDE || height < MIN_SIDE)
    return `The image is ${width} × ${height} pixels: too small to show anything`;
  const values = high ?? single ?? rgb;
  if (!values || isBlank(values)) return "The image is blank: every pixel has the same value";
  if (low && high && low.every((value, i) => value === high[i]) && !isFlat(high))
    return "Both planes hold the same image: it is no dual-energy scan";
  for (const plane of [low, high, single]) {
    const clipping = plane && bits === 16 ? clippingOf(plane, width, airLevel) : null;
    if (clipping !== null)
      return `The image is clipped at its ${clipping} end: what was beyond cannot be known`;
  }
  return null;
}

/** Stored as attenuation: as the air estimate found, or as the border shows where an air level was stated or colours are. */
function isTurned({ air, low, high, single, rgb, width }: QualityInput): boolean {
  if (air.inverted) return true;
  const plane = high ?? single ?? low;
  return plane ? looksInverted(plane, width) : rgb !== undefined && looksInverted(greyOf(rgb), width);
}

function countQuality(input: QualityInput, opaque: number, limit: (text: string) => void): number {
  let quality = 1 - Math.min(0.5, opaque);
  if (input.air.estimated) quality *= 0.95;
  if (input.air.doubtful) {
    quality *= 0.7;
    limit(
      input.air.estimated
        ? "No air is visible in the image: the air level is a guess from its brightest part"
        : "The image is brighter than the air level stated for it: it was taken with another calibration",
    );
  }
  if (input.air.inverted) {
    quality *= 0.8;
    limit("The image is stored inverted (air dark); it was turned round");
  }
  if (input.air.noise > 0.02) {
    quality *= Math.max(0.5, 1.1 - 5 * input.air.noise);
    limit(`The image is noisy: ${(input.air.noise * 100).toFixed(1)} % in air`);
  }
  if (input.bits === 8) quality *= 0.8;
  if (input.marked) {
    quality *= 0.9;
    limit("Coloured marks are drawn into the image and hide what is under them");
  }
  if (input.low && input.high && areExchanged(input.low, input.high, input.airLevel)) {
    quality *= 0.4;
    limit(
      "The high-energy plane attenuates more than the low: planes exchanged, or an artefact; materials cannot be told",
    );
  }
  return Math.round(quality * 1000) / 1000;
}

/** Drawn rather than measured: neighbours repeat each other exactly, which noise does not do. */
function isFlat(plane: Uint16Array): boolean {
  let equal = 0;
  for (let i = 1; i < plane.length; i++) if (plane[i] === plane[i - 1]) equal++;
  return equal > plane.length * 0.3;
}

function isBlank(values: Uint16Array | Uint8Array): boolean {
  const first = values[0];
  return values.every((value) => value === first);
}

/** Opaque blocks as a share of the image and of what is not air; every other pixel of a block is looked at. */
function opaqueShares(plane: Uint16Array, width: number, height: number, airLevel: number) {
  const dark = OPAQUE_TRANSMISSION * airLevel;
  const air = AIR_TRANSMISSION * airLevel * (BLOCK / 2) ** 2;
  let blocks = 0;
  let opaque = 0;
  let object = 0;
  for (let top = 0; top + BLOCK <= height; top += BLOCK) {
    for (let left = 0; left + BLOCK <= width; left += BLOCK) {
      let sum = 0;
      let brightest = 0;
      for (let y = top; y < top + BLOCK; y += 2) {
        for (let i = y * width + left, end = i + BLOCK; i < end; i += 2) {
          const value = plane[i]!;
          sum += value;
          brightest = Math.max(brightest, value);
        }
      }
      blocks++;
      if (sum < air) object++;
      if (brightest < 2 * dark && sum < dark * (BLOCK / 2) ** 2) opaque++;
    }
  }
  return { ofImage: blocks === 0 ? 0 : opaque / blocks, ofObject: object === 0 ? 0 : opaque / object };
}

/** Low energy is attenuated more by every material; where the sums over the object say otherwise, the planes were exchanged. */
function areExchanged(low: Uint16Array, high: Uint16Array, airLevel: number): boolean {
  let lowSum = 0;
  let highSum = 0;
  let count = 0;
  const from = 0.1 * airLevel;
  const to = 0.85 * airLevel;
  for (let i = 0; i < low.length; i += 3) {
    const l = low[i]!;
    const h = high[i]!;
    const mean = (l + h) / 2;
    if (mean < from || mean > to) continue;
    lowSum += l;
    highSum += h;
    count++;
  }
  return count > 100 && lowSum > highSum * 1.02;
}
