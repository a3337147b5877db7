import { tierOf, type Visibility, visibilityOf } from "../tiers.ts";
import type { TargetTruth } from "../truth.ts";
import type { Appearance } from "./appearance.ts";
import type { Pair } from "./pair.ts";
import { factorsOf, type Place } from "./project.ts";
import type { Stencil } from "./stencil.ts";

/** Pixels around the mask over which clutter counts. */
const MARGIN = 5;

/** How well a target of a stencil can be seen where it is put into a pair: as for a simulated scan (`../tiers.ts`). */
export function visibilityIn(
  pair: Pair,
  stencil: Stencil,
  mask: Uint8Array,
  place: Place,
  appearance: Appearance,
): Pick<TargetTruth, "contrast" | "occluded" | "tier"> {
  const factors = factorsOf(pair, stencil, place, appearance);
  const width = stencil.width + 2 * MARGIN;
  const height = stencil.height + 2 * MARGIN;
  const region = new Uint8Array(width * height);
  const planes = [0, 1].map((energy) => ({
    with: new Float32Array(width * height).fill(1),
    without: new Float32Array(width * height).fill(1),
    photons: 1 / (appearance.noise.quantum[energy as 0 | 1] as number),
  })) as [Energy, Energy];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sx, sy] = [x - MARGIN, y - MARGIN];
      const [px, py] = [place.x + sx, place.y + sy];
      if (px < 0 || py < 0 || px >= pair.width || py >= pair.height) continue;
      const inside = sx >= 0 && sy >= 0 && sx < stencil.width && sy < stencil.height;
      const own = sy * stencil.width + sx;
      const i = y * width + x;
      if (inside) region[i] = mask[own] as number;
      for (const energy of [0, 1] as const) {
        const before = pair.planes[energy][py * pair.width + px] as number;
        planes[energy].without[i] = before;
        planes[energy].with[i] = inside ? before * (factors[energy][own] as number) : before;
      }
    }
  }
  const electronic = Math.sqrt(appearance.noise.electronic);
  const seen = visibilityOf({ width, height, mask: region, low: planes[0], high: planes[1], electronic });
  return { ...rounded(seen), tier: tierOf(seen) };
}

interface Energy {
  readonly with: Float32Array;
  readonly without: Float32Array;
  readonly photons: number;
}

function rounded({ contrast, occluded }: Visibility): Visibility {
  return { contrast: Math.round(contrast * 1000) / 1000, occluded: Math.round(occluded * 1000) / 1000 };
}
