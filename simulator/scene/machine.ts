import type { Physics } from "../physics/settings.ts";

type Range = readonly [number, number];

/** How machines of a kind are built; where there are several ranges, one of them is picked first. */
export interface GeometryRanges {
  /** Source to the tunnel's middle, mm. */
  readonly distanceMm: readonly Range[];
  /** True pitch of the pixels over the stated one. */
  readonly pitchFactor: readonly Range[];
}

const RANGES: Readonly<Record<Physics, GeometryRanges>> = {
  standard: { distanceMm: [[620, 1200]], pitchFactor: [[0.94, 1.06]] },
  shifted: {
    distanceMm: [
      [480, 600],
      [1300, 2400],
    ],
    pitchFactor: [
      [0.86, 0.93],
      [1.07, 1.15],
    ],
  },
};

export function geometryRanges(physics: Physics): GeometryRanges {
  return RANGES[physics];
}
