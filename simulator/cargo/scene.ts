import type { Random } from "../random.ts";
import type { Mix } from "../scan.ts";
import { CargoCanvas } from "./canvas.ts";
import { type Carrier, chassis } from "./carrier.ts";
import { buildContainer, type ContainerKind } from "./container.ts";
import { fill, type Lot } from "./filling.ts";
import { buildPallet } from "./pallet.ts";
import { type Fan, fanOf } from "./rays.ts";
import type { LoadState } from "./truth.ts";

export type CargoScenario = "pallets" | "containers";

/** What is in the way of the beam, and where the image begins and ends. */
export interface CargoScene {
  readonly carrier: Carrier;
  readonly lots: readonly Lot[];
  readonly fan: Fan;
  readonly width: number;
  /** Size of a pixel in the middle of the carrier, cm. */
  readonly columnCm: number;
  readonly rowCm: number;
  /** x of the left edge of the image, cm. */
  readonly originX: number;
  /** Areal densities, with `oversampling` columns for each column of the image. */
  readonly project: (oversampling: number) => CargoCanvas;
}

/** Shares of the states. In training all three are alike; in traffic most carriers are full. */
const STATES: Readonly<Record<Mix, readonly (readonly [LoadState, number])[]>> = {
  training: [
    ["empty", 1],
    ["part", 1.3],
    ["loaded", 1],
  ],
  traffic: [
    ["empty", 1.5],
    ["part", 1.5],
    ["loaded", 7],
  ],
};
const KINDS: readonly (readonly [ContainerKind, number])[] = [
  ["dry20", 3],
  ["dry40", 3],
  ["highcube40", 2.5],
  ["reefer40", 1.8],
  ["reefer20", 0.5],
  ["tank20", 0.6],
];
const MISDECLARED_SHARE: Readonly<Record<Mix, number>> = { training: 0.18, traffic: 0.05 };

/** Draws a carrier, its load, and the geometry of the scanner. */
export function drawCargoScene(scenario: CargoScenario, mix: Mix, rows: number, random: Random): CargoScene {
  const container = scenario === "containers";
  const near = container ? random.range(230, 620) : random.range(60, 130);
  const kind = random.weighted(KINDS);
  const build = random.fork("carrier");
  const carrier = container ? buildContainer(kind, near, build) : buildPallet(near, build);
  const { lots, litter } = fill(
    {
      room: carrier.room,
      state: random.weighted(STATES[mix]),
      carrier: container ? typeOf(kind) : "small",
      misdeclared: random.chance(MISDECLARED_SHARE[mix]),
    },
    random.fork("load"),
  );
  const below = container && random.chance(0.6) ? chassis(carrier.length, near, random.fork("chassis")) : [];
  const frame = drawFrame(carrier, container, rows, random);
  const solids = [...carrier.solids, ...below, ...litter, ...lots.flatMap((lot) => lot.solids)];
  const project = (oversampling: number): CargoCanvas => {
    const canvas = new CargoCanvas({
      fan: frame.fan,
      width: frame.width * oversampling,
      originX: frame.originX,
      columnCm: frame.columnCm / oversampling,
    });
    for (const solid of solids) canvas.add(solid);
    return canvas;
  };
  return { carrier, lots, ...frame, project };
}

function typeOf(kind: ContainerKind): "dry" | "reefer" | "tank" {
  if (kind === "tank20") return "tank";
  return kind.startsWith("reefer") ? "reefer" : "dry";
}

/** Place of the source, and the part of the lane that the image shows: the carrier, cropped close or with its surroundings. */
function drawFrame(
  carrier: Carrier,
  container: boolean,
  rows: number,
  random: Random,
): Pick<CargoScene, "fan" | "width" | "columnCm" | "rowCm" | "originX"> {
  const { near, far, height, length } = carrier;
  const sourceY = container ? random.range(-90, 120) : random.range(-20, 0.6 * height);
  const wide = random.chance(0.2);
  const highest = Math.max((height - sourceY) / near, (height - sourceY) / far);
  const lowest = Math.min(-sourceY / near, -sourceY / far);
  const size = highest - lowest;
  const top = highest + size * (wide ? random.range(0.02, 0.16) : random.range(0.02, 0.06));
  const bottom = lowest - size * (wide ? random.range(0, 0.3) : random.range(-0.03, 0.06));
  const margin = () => length * (wide ? random.range(0.01, 0.2) : random.range(-0.02, 0.03));
  const [left, right] = [margin(), margin()];
  const rowCm = ((top - bottom) * (near + far)) / 2 / rows;
  const columnCm = rowCm * (container ? random.range(0.9, 2.2) : random.range(0.85, 1.2));
  const width = Math.max(64, Math.round((length + left + right) / columnCm));
  return { fan: fanOf({ sourceY, top, bottom, rows }), width, columnCm, rowCm, originX: -left };
}
