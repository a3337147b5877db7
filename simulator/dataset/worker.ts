import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MessagePort, parentPort } from "node:worker_threads";
import { type CargoScenario, simulateCargo } from "../cargo/simulate.ts";
import { Random } from "../random.ts";
import {
  type Mix,
  type Physics,
  type Scenario,
  type SimulatedPlane,
  type SimulatedScan,
  simulateScan,
} from "../scan.ts";
import { Workspace } from "../workspace.ts";
import { paint } from "./mask.ts";
import { encodeGrey8, encodeGrey16 } from "./png.ts";
import { drawDetector, rawPlane } from "./raw.ts";
import { type DatasetRecord, planeFilesOf, recordOf, stemOf } from "./record.ts";

export interface DatasetRequest {
  readonly out: string;
  readonly seed: number;
  readonly index: number;
  readonly mix: Mix;
  readonly scenario: Scenario | CargoScenario;
  /** Of parcels, mail and baggage; cargo scanners have a view and a physics of their own. */
  readonly physics: Physics;
  readonly views: 1 | 2;
  /** Planes as the detector delivers them, uncorrected; of one view of parcels, mail and baggage. */
  readonly raw: boolean;
  /** Which scan of the item, from 0, and how many there are of each. */
  readonly take: number;
  readonly takes: number;
}

export type DatasetAnswer =
  | { readonly ok: true; readonly record: DatasetRecord }
  | { readonly ok: false; readonly message: string };

/** Worker thread: simulates one scan at a time and writes its pictures; the record goes back to be collected. */
function serve(port: MessagePort): void {
  const workspace = new Workspace();
  port.on("message", (request: DatasetRequest) => {
    try {
      port.postMessage({ ok: true, record: writeScan(request, workspace) } satisfies DatasetAnswer);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      port.postMessage({ ok: false, message } satisfies DatasetAnswer);
    }
  });
}

function simulate(
  { scenario, physics, views, take, ...which }: DatasetRequest,
  workspace: Workspace,
): SimulatedScan {
  if (scenario === "pallets" || scenario === "containers") return simulateCargo({ ...which, scenario });
  return simulateScan({ ...which, scenario, physics, views, take, workspace });
}

function rawOf(
  { samples, energy }: SimulatedPlane,
  width: number,
  { seed, index }: DatasetRequest,
): Uint16Array {
  return rawPlane(
    samples,
    width,
    drawDetector(seed, energy),
    new Random(seed, `raw scan ${index} ${energy}`),
  );
}

function writeScan(request: DatasetRequest, workspace: Workspace): DatasetRecord {
  const { out } = request;
  const scan = simulate(request, workspace);
  const { width, height, truth, pixelPitchMm } = scan;
  const sidecar = request.raw ? { pixelPitchMm } : { airLevel: scan.airLevel, pixelPitchMm };
  for (const view of new Set(scan.planes.map((plane) => plane.view))) {
    const stem = stemOf(truth.index, view, request.take);
    const files = planeFilesOf(scan, view, request.take);
    for (const [n, plane] of scan.planes.filter((one) => one.view === view).entries())
      writeFileSync(
        join(out, "images", files[n] as string),
        encodeGrey16(width, height, request.raw ? rawOf(plane, width, request) : plane.samples),
      );
    writeFileSync(join(out, "images", `${stem}.json`), `${JSON.stringify(sidecar)}\n`);
    const labels = new Uint8Array(width * height);
    for (const target of truth.targets) if (target.view === view) paint(labels, width, target, target.object);
    writeFileSync(join(out, "masks", `${stem}.png`), encodeGrey8(width, height, labels));
  }
  return recordOf(scan, request);
}

if (parentPort !== null) serve(parentPort);
