import type { Random } from "../random.ts";
import type { CargoDetector } from "./detector.ts";
import type { CargoScenario } from "./scene.ts";

/** Source and detector of a scan, one entry an energy: linacs for containers, tubes or a small linac for pallets. */
export function drawMachine(scenario: CargoScenario, random: Random): CargoDetector[] {
  const common = {
    photons: Math.exp(random.range(8.5, 11.5)),
    electronicCounts: random.range(4, 30),
    blurX: random.range(0.02, 0.2),
    blurY: random.range(0.02, 0.2),
    scatter: random.range(0.002, 0.03),
    gainSpread: random.range(0.001, 0.012),
    doseSpread: random.chance(0.25) ? random.range(0.01, 0.04) : random.range(0.001, 0.01),
    deadRows: random.chance(0.15) ? random.range(0.001, 0.006) : 0,
  };
  const one = (megavolts: number, filterIron: number, scintillator: number): CargoDetector => ({
    ...common,
    beam: { megavolts, filterIron, scintillator },
  });
  return scenario === "containers" ? linac(one, random) : tube(one, random);
}

type Make = (megavolts: number, filterIron: number, scintillator: number) => CargoDetector;

/** One energy, or 4 and 6 MV in turn. */
function linac(one: Make, random: Random): CargoDetector[] {
  const filter = random.range(5, 40);
  const thick = random.range(15, 30);
  if (random.chance(0.3))
    return [one(random.range(3.5, 4.2), filter, thick), one(random.range(5.7, 6.3), filter, thick)];
  return [one(random.pick([2.5, 4, 5, 6, 6, 6]) * random.range(0.96, 1.04), filter, thick)];
}

/** 160 to 300 kV, or 1 MV; a sandwich of two scintillators or one. */
function tube(one: Make, random: Random): CargoDetector[] {
  const voltage = random.pick([0.16, 0.2, 0.3, 0.3, 1]) * random.range(0.97, 1.03);
  const filter = random.range(0.3, 2.5);
  if (random.chance(0.4)) return [one(voltage, filter, random.range(1, 4))];
  return [one(voltage, filter, random.range(0.15, 0.4)), one(voltage, filter + 1.2, random.range(1.5, 4))];
}
