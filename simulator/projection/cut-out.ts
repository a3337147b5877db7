import { LynceusError } from "../../protocols/errors.ts";
import type { TargetClass } from "../goods/item.ts";
import type { BeamWeights } from "../physics/spectrum.ts";
import { decompose, linesOf } from "./basis.ts";
import type { Pair } from "./pair.ts";
import { MAX_STENCIL_SIDE, STENCIL_BINS, type Stencil } from "./stencil.ts";

const DARKEST = 1e-3;
/** What a target adds to the high attenuation where only a box is given and its outline has to be found. */
const ADDS_FROM = 0.06;
const RING = 3;
const SWEEPS = 400;

export interface CutOut {
  readonly class: TargetClass;
  /** Pixels of the pair; right and bottom exclusive. */
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** 1 where the target is, row-major over the box; found from the pixels where it is absent. */
  readonly mask?: Uint8Array;
}

/**
 * Cuts a labelled target out of a pair: what was behind it is filled in from the pixels around it (the smoothest surface
 * through them), the rest is the target, turned into water and iron so that it can be shone through anew elsewhere.
 * @throws LynceusError `LYN_SIMULATION` where the box does not lie in the pair or nothing stands out in it.
 */
export function cutStencil(pair: Pair, cut: CutOut, beam: BeamWeights): Stencil {
  const { box } = cut;
  const inside =
    box.x >= RING &&
    box.y >= RING &&
    box.x + box.width + RING <= pair.width &&
    box.y + box.height + RING <= pair.height;
  if (
    !inside ||
    box.width < 2 ||
    box.height < 2 ||
    Math.max(box.width, box.height) + 2 * RING > MAX_STENCIL_SIDE
  )
    throw failed("its box does not lie inside the pair with a rim of three pixels");
  const width = box.width + 2 * RING;
  const height = box.height + 2 * RING;
  const planes = pair.planes.map((plane) =>
    windowOf(plane, pair.width, box.x - RING, box.y - RING, width, height),
  );
  const [low, high] = planes as [Float32Array, Float32Array];
  const given = cut.mask ? framed(cut.mask, box.width, width, height) : undefined;
  const mask = given ?? outlineOf(high, width, height);
  if (!mask.includes(1)) throw failed("nothing stands out in its box");
  const grown = grow(mask, width, height);
  const behind = [low, high].map((plane) => filled(plane, grown, width, height)) as [
    Float32Array,
    Float32Array,
  ];
  const lines = new Float32Array(width * height * STENCIL_BINS);
  const here = new Float64Array(STENCIL_BINS);
  const back = new Float64Array(STENCIL_BINS);
  for (let i = 0; i < mask.length; i++) {
    if (!grown[i]) continue;
    linesOf(decompose(low[i] as number, high[i] as number, beam), here);
    linesOf(decompose(behind[0][i] as number, behind[1][i] as number, beam), back);
    for (let k = 0; k < STENCIL_BINS; k++)
      lines[i * STENCIL_BINS + k] = Math.max(0, (here[k] as number) - (back[k] as number));
  }
  return { width, height, lines, targets: [{ class: cut.class, mask, massKg: null }], blurred: true };
}

function failed(reason: string): LynceusError {
  return new LynceusError("LYN_SIMULATION", `The target cannot be cut out: ${reason}`, {
    remedy: "Give a box that holds one target and lies inside the scan",
  });
}

/** −ln T of a window. */
function windowOf(
  plane: Float32Array,
  stride: number,
  x0: number,
  y0: number,
  width: number,
  height: number,
) {
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      out[y * width + x] = -Math.log(Math.max(DARKEST, plane[(y0 + y) * stride + x0 + x] as number));
    }
  }
  return out;
}

function framed(mask: Uint8Array, boxWidth: number, width: number, height: number): Uint8Array {
  const out = new Uint8Array(width * height);
  for (let y = RING; y < height - RING; y++) {
    for (let x = RING; x < width - RING; x++) {
      out[y * width + x] = mask[(y - RING) * boxWidth + x - RING] ? 1 : 0;
    }
  }
  return out;
}

/** Pixels of the box that attenuate more than the surface through its rim. */
function outlineOf(high: Float32Array, width: number, height: number): Uint8Array {
  const box = new Uint8Array(width * height);
  for (let y = RING; y < height - RING; y++) box.fill(1, y * width + RING, (y + 1) * width - RING);
  const surface = filled(high, box, width, height);
  return box.map((here, i) => (here && (high[i] as number) - (surface[i] as number) > ADDS_FROM ? 1 : 0));
}

/** The mask and its neighbours, so that blurred edges come along. */
function grow(mask: Uint8Array, width: number, height: number): Uint8Array {
  const out = Uint8Array.from(mask);
  for (let y = 1; y + 1 < height; y++) {
    for (let x = 1; x + 1 < width; x++) {
      const i = y * width + x;
      if (mask[i - 1] || mask[i + 1] || mask[i - width] || mask[i + width]) out[i] = 1;
    }
  }
  return out;
}

/** The plane with its masked pixels replaced by the harmonic surface through the others (successive over-relaxation). */
function filled(plane: Float32Array, mask: Uint8Array, width: number, height: number): Float32Array {
  const out = Float32Array.from(plane);
  let [sum, count] = [0, 0];
  for (let i = 0; i < out.length; i++) if (!mask[i]) [sum, count] = [sum + (plane[i] as number), count + 1];
  for (let i = 0; i < out.length; i++) if (mask[i]) out[i] = sum / Math.max(1, count);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let y = 1; y + 1 < height; y++) {
      for (let x = 1; x + 1 < width; x++) {
        const i = y * width + x;
        if (!mask[i]) continue;
        const around =
          ((out[i - 1] as number) +
            (out[i + 1] as number) +
            (out[i - width] as number) +
            (out[i + width] as number)) /
          4;
        out[i] = (out[i] as number) + 1.85 * (around - (out[i] as number));
      }
    }
  }
  return out;
}
