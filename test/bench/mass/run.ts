/** Prints the error of the mass by X-ray on simulated scans, each machine calibrated by one scan of its test piece alone. */
import { MOST_OPAQUE, weighView } from "../../../device/image/mass.ts";
import { USUAL_MASS } from "../../../device/image/mass-usual.ts";
import { PHYSICS, type Physics, SCENARIOS, simulateScan } from "../../../simulator/scan.ts";
import { machineOf } from "../../../simulator/wedge.ts";
import { report } from "../figures.ts";
import { calibrated } from "./machine.ts";

const SCANS = Number(process.env["LYNCEUS_MASS_SCANS"] ?? 60);
/** Another seed than the one that three of the constants were set on (4711). */
const SEED = Number(process.env["LYNCEUS_MASS_SEED"] ?? 90210);

for (const physics of PHYSICS) {
  for (const scenario of SCENARIOS) {
    const own = errorsOf(physics, scenario, true);
    const usual = errorsOf(physics, scenario, false);
    report(
      `mass, ${physics}, ${scenario}`,
      `${textOf(own)}; uncalibrated ${percent(medianOf(usual.clear.map(Math.abs)))}`,
    );
  }
}

interface Errors {
  readonly clear: readonly number[];
  readonly opaque: readonly number[];
}

function errorsOf(physics: Physics, scenario: (typeof SCENARIOS)[number], own: boolean): Errors {
  const clear: number[] = [];
  const opaque: number[] = [];
  for (let index = 0; index < SCANS; index++) {
    const options = { seed: SEED, index, scenario, mix: "traffic" as const, physics };
    const scan = simulateScan(options);
    const [low, high] = [0, 1].map((energy) => scan.planes.find((plane) => plane.energy === energy)!.samples);
    const calibration = own ? calibrated(machineOf(options), index) : USUAL_MASS;
    const { kg, opaqueShare } = weighView({ ...scan, low: low!, high: high! }, calibration);
    (opaqueShare <= MOST_OPAQUE ? clear : opaque).push(kg / scan.truth.massKg - 1);
  }
  return { clear, opaque };
}

function textOf({ clear, opaque }: Errors): string {
  const sizes = clear.map(Math.abs);
  return `median error ${percent(medianOf(sizes))}, 90 % within ${percent(at(sizes, 0.9))}, bias ${percent(medianOf(clear))} (${clear.length} scans; ${opaque.length} opaque in part, median ${percent(medianOf(opaque.map(Math.abs)))})`;
}

function at(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function medianOf(values: readonly number[]): number {
  return at(values, 0.5);
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}
