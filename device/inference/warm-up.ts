import type { AnalysableScan } from "./planes.ts";
import { turn } from "./planes.ts";

/** Runs after loading: enough for the compiler to settle, with the models only as often as their allocator needs. */
export const WARM_UP_RUNS = { all: 20, withModels: 3 } as const;

const WIDTH = 384;
const HEIGHT = 512;
const AIR = 60_000;

/** A parcel-sized scan of a uniform block in air. */
export function warmUpScan(): AnalysableScan {
  const plane = () => {
    const samples = new Uint16Array(WIDTH * HEIGHT).fill(AIR);
    for (let line = 64; line < WIDTH - 64; line++)
      samples.fill(AIR / 2, line * HEIGHT + 64, (line + 1) * HEIGHT - 64);
    return turn(samples, WIDTH, HEIGHT);
  };
  const view = {
    view: 0,
    width: WIDTH,
    height: HEIGHT,
    pixelPitchMm: { x: 1, y: 1 },
    low: plane(),
    high: plane(),
  };
  return { kind: "dual-energy", views: [view], airLevel: AIR, marked: false };
}
