/** What simulating a scan costs on one core. Alone: `node test/bench/simulator.ts`. */
import { type ScanOptions, type SimulatedScan, simulateScan } from "../../simulator/scan.ts";
import { Workspace } from "../../simulator/workspace.ts";
import { report, spreadOf, spreadText } from "./figures.ts";

const SEED = 11;
/** Parcels of that seed's training mix of 373 lines and more: one that fills the detector does not come by chance. */
const LARGE: readonly number[] = [23, 26, 33, 38, 41, 51, 55, 56, 62, 66, 82, 84];
const LARGE_WARM_UP = 4;
const LARGE_ROUNDS = 8;
const FULL_PIXELS = 384 * 512;

interface Timed {
  readonly scan: SimulatedScan;
  /** CPU time, user and system, ms. */
  readonly used: number;
  readonly elapsed: number;
}

/** Simulates `count` parcels as they come after `warmUp` others, and some large ones; returns the former. */
export function simulatorFigures(warmUp = 5, count = 40): readonly SimulatedScan[] {
  const workspace = new Workspace();
  const all = Array.from({ length: warmUp + count }, (_, index) =>
    timed({ index, mix: "traffic", workspace }),
  );
  const measured = all.slice(warmUp);
  const used = measured.map((one) => one.used);
  const pixels = mean(measured.map(({ scan }) => scan.width * scan.height));
  report(
    "simulator, one core, CPU time",
    `${(1000 / mean(used)).toFixed(1)} scans/s of ${Math.round(pixels / 1000)} kilopixels; a scan ${spreadText(spreadOf(used), "ms")}`,
  );
  report("simulator, elapsed", `a scan ${spreadText(spreadOf(measured.map((one) => one.elapsed)), "ms")}`);
  largeFigures(workspace);
  return all.map(({ scan }) => scan);
}

/**
 * Rate of scans of 384 × 512 pixels at what large parcels cost a pixel, code compiled: of each parcel the cheapest of its
 * rounds, since what else runs on the machine adds to the others.
 */
function largeFigures(workspace: Workspace): void {
  const costs: number[] = [];
  let lines = 0;
  for (const index of LARGE) {
    const rounds = Array.from({ length: LARGE_WARM_UP + LARGE_ROUNDS }, () =>
      timed({ index, mix: "training", workspace }),
    );
    const { width, height } = (rounds[0] as Timed).scan;
    const least = Math.min(...rounds.slice(LARGE_WARM_UP).map((one) => one.used));
    costs.push((least / (width * height)) * FULL_PIXELS);
    lines += width / LARGE.length;
  }
  report(
    "simulator, a full 384 × 512, CPU time",
    `${(1000 / mean(costs)).toFixed(1)} scans/s (aim ≥ 30), from ${LARGE.length} parcels of ${Math.round(lines)} lines; a scan ${spreadText(spreadOf(costs), "ms")}`,
  );
}

function timed(options: Omit<ScanOptions, "seed">): Timed {
  const [began, before] = [performance.now(), process.cpuUsage()];
  const scan = simulateScan({ seed: SEED, ...options });
  const { user, system } = process.cpuUsage(before);
  return { scan, used: (user + system) / 1000, elapsed: performance.now() - began };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

if (import.meta.main) simulatorFigures();
