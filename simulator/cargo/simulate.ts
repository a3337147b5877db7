import { Random } from "../random.ts";
import type { Mix, SimulatedScan } from "../scan.ts";
import type { ScanTruth } from "../truth.ts";
import { CARGO_AIR_LEVEL, cargoTransmission, readOutCargo } from "./detector.ts";
import { drawStyle, toDisplay } from "./display.ts";
import { drawMachine } from "./machine.ts";
import { measureLoad, tilted } from "./measure.ts";
import { drawCargoPapers } from "./papers.ts";
import { type CargoScenario, type CargoScene, drawCargoScene } from "./scene.ts";
import { type CargoTruth, stateOf } from "./truth.ts";

export type { CargoScenario } from "./scene.ts";

export interface CargoOptions {
  readonly seed: number;
  readonly index: number;
  readonly scenario: CargoScenario;
  /** `traffic` unless said. */
  readonly mix?: Mix;
  /** Detector rows of the image; 512 unless said. */
  readonly rows?: number;
  /** 16: counts, air at 60,000; 8: what a viewing station shows, ×257, with a window of its own. 16 unless said. */
  readonly bits?: 8 | 16;
}

/** One view in one plane, or in two where the source interlaces two energies or the detector is a sandwich. */
export interface CargoScan extends SimulatedScan {
  readonly truth: ScanTruth & { readonly cargo: CargoTruth };
}

const DEFAULT_ROWS = 512;
/** Spread of the lane's slope in the image: trucks stand on uneven ground, pallets on a belt. */
const TILT: Readonly<Record<CargoScenario, number>> = { containers: 0.012, pallets: 0.002 };

/**
 * A container, pallet or unit load device as a cargo scanner sees it from the side, and what is true of it. Containers:
 * 2.5–6 MV; pallets and unit load devices: 160–300 kV or 1 MV. Pure: the same options give the same bytes.
 */
export function simulateCargo(options: CargoOptions): CargoScan {
  const { seed, index, scenario, mix = "traffic", rows = DEFAULT_ROWS, bits = 16 } = options;
  const stream = (name: string): Random => new Random(seed, `${scenario}/${mix}/${index}/${name}`);
  const scene = drawCargoScene(scenario, mix, rows, stream("scene"));
  const machine = drawMachine(scenario, stream("machine"));
  const interlaced = scenario === "containers" && machine.length === 2;
  const canvas = scene.project(interlaced ? 2 : 1);
  const tilt = TILT[scenario] * stream("tilt").normal();
  const noise = stream("noise");
  const style = drawStyle(stream("display"));
  const planes = machine.map((detector, energy) => {
    const all = cargoTransmission(canvas, detector.beam);
    const own = interlaced ? everyOther(all, energy) : all;
    const plane = tilted(own, scene.width, tilt);
    const counts = readOutCargo(plane, { width: scene.width, height: rows }, detector, noise.fork(energy));
    return bits === 8 ? toDisplay(counts, CARGO_AIR_LEVEL, style) : counts;
  });
  const cargo = truthOf(scene, interlaced ? everyOther(canvas.load, 0) : canvas.load, rows);
  const { carrier, lots } = scene;
  return {
    width: scene.width,
    height: rows,
    pixelPitchMm: { x: scene.columnCm * 10, y: scene.rowCm * 10 },
    airLevel: bits === 8 ? 65_535 : CARGO_AIR_LEVEL,
    planes: planes.map((samples, energy) => ({ view: 0, energy: energy === 0 ? 0 : 1, samples })),
    truth: { seed, index, targets: [], ...drawCargoPapers({ carrier, lots, mix }, stream("papers")), cargo },
  };
}

/** Every second column: interlaced pulses of two energies see neighbouring places. */
function everyOther(plane: Float32Array, offset: number): Float32Array {
  const out = new Float32Array(plane.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = plane[2 * i + offset]!;
  return out;
}

function truthOf(scene: CargoScene, load: Float32Array, rows: number): CargoTruth {
  const { carrier, lots, width, fan, columnCm, originX } = scene;
  const columnOf = (x: number) => (x - originX) / columnCm;
  const { profile, boxOf } = measureLoad({ load, width, rows, fan, room: carrier.room, columnOf });
  const other = lots.find((lot) => lot.misdeclared);
  return {
    carrier: carrier.name,
    state: lots.length === 0 ? "empty" : stateOf(profile, carrier.name === "tank20"),
    profile,
    inside: boxOf(carrier.room.x0, carrier.room.x1),
    loads: [...new Set(lots.map((lot) => lot.kind))],
    misdeclared:
      other === undefined
        ? null
        : { box: boxOf(other.x0, other.x1), group: other.trade.group, massKg: other.massKg },
    netKg: lots.reduce((sum, lot) => sum + lot.massKg, 0),
  };
}
