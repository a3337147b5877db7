import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import { type Mix, type Scenario, simulateScan } from "../scan.ts";
import { paint } from "./mask.ts";
import { encodeGrey8, encodeGrey16 } from "./png.ts";
import { type DatasetRecord, recordOf, stemOf } from "./record.ts";

export interface DatasetRequest {
  readonly out: string;
  readonly seed: number;
  readonly index: number;
  readonly mix: Mix;
  readonly scenario: Scenario;
}

export type DatasetAnswer =
  | { readonly ok: true; readonly record: DatasetRecord }
  | { readonly ok: false; readonly message: string };

/** Worker thread: simulates one scan at a time and writes its pictures; the record goes back to be collected. */
const port = parentPort;
port?.on("message", (request: DatasetRequest) => {
  try {
    port.postMessage({ ok: true, record: writeScan(request) } satisfies DatasetAnswer);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    port.postMessage({ ok: false, message } satisfies DatasetAnswer);
  }
});

function writeScan({ out, seed, index, mix, scenario }: DatasetRequest): DatasetRecord {
  const scan = simulateScan({ seed, index, mix, scenario });
  const { width, height } = scan;
  const stem = stemOf(index);
  for (const plane of scan.planes) {
    const name = plane.energy === 0 ? "low" : "high";
    writeFileSync(join(out, "images", `${stem}.${name}.png`), encodeGrey16(width, height, plane.samples));
  }
  const sidecar = { airLevel: scan.airLevel, pixelPitchMm: scan.pixelPitchMm };
  writeFileSync(join(out, "images", `${stem}.json`), `${JSON.stringify(sidecar)}\n`);
  const labels = new Uint8Array(width * height);
  for (const [n, target] of scan.truth.targets.entries()) paint(labels, width, target, n + 1);
  writeFileSync(join(out, "masks", `${stem}.png`), encodeGrey8(width, height, labels));
  return recordOf(scan);
}
