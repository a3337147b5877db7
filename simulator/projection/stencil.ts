import type { Item, TargetClass } from "../goods/item.ts";
import { BIN_ENERGIES_KEV } from "../physics/attenuation.ts";
import { Canvas } from "../scene/canvas.ts";
import { type Rotation, rotatedExtents } from "../scene/geometry.ts";

export const STENCIL_BINS = BIN_ENERGIES_KEV.length;
/** Sides of a stencil, pixels. */
export const MAX_STENCIL_SIDE = 1024;
/** A target's mask holds the pixels where it adds more than this, g/cm² (`labels.md`). */
const MASK_FROM = 0.04;
/** Pixels of air around what is drawn, for the blur. */
const MARGIN = 8;

/** One thing seen alone: what it adds to each ray, row-major. */
export interface Stencil {
  readonly width: number;
  readonly height: number;
  /** Line integrals μ/ρ · areal density (dimensionless) at each bin energy: lines[pixel × bins + k]. */
  readonly lines: Float32Array;
  readonly targets: readonly StencilTarget[];
  /** Cut out of a scan, so that the machine has blurred it already. */
  readonly blurred?: true;
}

export interface StencilTarget {
  readonly class: TargetClass;
  /** 1 where the target adds more than 0.04 g/cm², over the whole stencil. */
  readonly mask: Uint8Array;
  /** kg; null where it is not known. */
  readonly massKg: number | null;
}

/**
 * Draws an item alone in parallel rays at a pixel pitch of `pitch` mm, turned by `turn`; undefined where it would not fit into
 * a stencil or shows nothing of its targets.
 */
export function drawStencil(item: Item, turn: Rotation, pitch: number): Stencil | undefined {
  const stencil = drawThing(item, turn, pitch);
  return stencil === undefined || stencil.targets.length === 0 ? undefined : stencil;
}

/** As {@link drawStencil}, of a thing that may hold no target and is at most `most` pixels long and wide. */
export function drawThing(
  item: Item,
  turn: Rotation,
  pitch: number,
  most = MAX_STENCIL_SIDE,
): Stencil | undefined {
  const half = rotatedExtents(turn, item.half);
  const width = Math.ceil((2 * half[0]) / pitch) + 2 * MARGIN;
  const height = Math.ceil((2 * half[1]) / pitch) + 2 * MARGIN;
  if (width > most || height > most) return undefined;
  const canvas = new Canvas(width, height, pitch);
  const pose = { at: [(width * pitch) / 2, (height * pitch) / 2, 0] as const, turn };
  for (const part of item.parts) if (part.target === undefined) canvas.draw(part, pose, false);
  const targets: StencilTarget[] = [];
  for (const [n, name] of item.targets.entries()) {
    let massKg = 0;
    canvas.mark.fill(0);
    for (const part of item.parts) if (part.target === n) massKg += canvas.draw(part, pose, true);
    const mask = maskFrom(canvas.mark);
    if (mask.includes(1)) targets.push({ class: name, mask, massKg });
  }
  return { width, height, lines: canvas.bins, targets };
}

function maskFrom(mark: Float32Array): Uint8Array {
  const mask = new Uint8Array(mark.length);
  for (let i = 0; i < mask.length; i++) mask[i] = (mark[i] as number) > MASK_FROM ? 1 : 0;
  return mask;
}
