import { inBatches, type Raster } from "./raster.ts";
import type { ScannerProfile } from "./schema.ts";

/** Hues of the usual palette, degrees: organic orange, mixed green, metal blue. */
export const USUAL_HUES = { organic: 32, mixed: 110, metal: 221 } as const;

/** Anchor of the mapping: a hue of the machine and the usual hue for the same material. */
interface Anchor {
  readonly from: number;
  readonly to: number;
}

/**
 * A picture in a machine's own colours, in the usual ones: the hue of each material moves to its usual hue, hues between move
 * with their neighbours; lightness stays, turned round where air is black. Grey stays grey.
 */
export async function recolour(
  raster: Raster,
  palette: NonNullable<ScannerProfile["palette"]>,
): Promise<Raster> {
  if (raster.channels !== 3) return raster;
  const anchors = (["organic", "mixed", "metal"] as const)
    .map((material): Anchor => ({ from: palette[material], to: USUAL_HUES[material] }))
    .sort((a, b) => a.from - b.from);
  const { data } = raster;
  const out = new Uint8Array(data.length);
  await inBatches(raster.height, raster.width, (from, to) => {
    for (let i = from * raster.width * 3; i < to * raster.width * 3; i += 3) {
      const { hue, chroma, lightness } = toHcl(data[i]!, data[i + 1]!, data[i + 2]!);
      const light = palette.air === "black" ? 1 - lightness : lightness;
      put(out, i, { hue: chroma === 0 ? 0 : moved(hue, anchors), chroma, lightness: light });
    }
  });
  return { ...raster, data: out };
}

/** Between two anchors by the share of the way; the circle closes behind the last. */
function moved(hue: number, anchors: readonly Anchor[]): number {
  const after = anchors.findIndex(({ from }) => hue < from);
  const next = anchors[Math.max(after, 0)]!;
  const before = anchors.at(after < 0 ? -1 : after - 1)!;
  const span = turn(next.from - before.from) || 360;
  const way = ((((next.to - before.to + 540) % 360) + 360) % 360) - 180;
  return turn(before.to + (turn(hue - before.from) / span) * way);
}

function turn(degrees: number): number {
  return ((degrees % 360) + 360) % 360;
}

interface Colour {
  /** Degrees. */
  readonly hue: number;
  readonly chroma: number;
  /** 0..1, mean of the brightest and darkest channel. */
  readonly lightness: number;
}

function toHcl(r: number, g: number, b: number): Colour {
  const [high, low] = [Math.max(r, g, b), Math.min(r, g, b)];
  const span = high - low;
  const lightness = (high + low) / 510;
  if (span === 0) return { hue: 0, chroma: 0, lightness };
  const sixth = high === r ? (g - b) / span : high === g ? (b - r) / span + 2 : (r - g) / span + 4;
  return { hue: turn(sixth * 60), chroma: span / 255, lightness };
}

function put(out: Uint8Array, at: number, { hue, chroma, lightness }: Colour): void {
  // Turned round, a pale colour is a dark one: it has no more room for chroma than its lightness leaves.
  const room = Math.min(chroma, 2 * Math.min(lightness, 1 - lightness));
  const low = lightness - room / 2;
  for (let channel = 0; channel < 3; channel++) {
    const place = turn(hue - 120 * channel);
    const share = Math.min(1, Math.max(0, 2 - Math.min(place, 360 - place) / 60));
    out[at + channel] = Math.round(255 * (low + room * share));
  }
}
