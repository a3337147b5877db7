import { createHash } from "node:crypto";
import { dxDataSet } from "../../../protocols/dicom/dicos/dx.ts";
import { SOP_CLASS, SYNTAX } from "../../../protocols/dicom/uids.ts";
import { encodeDataSet } from "../../../protocols/dicom/writer.ts";
import type { SimulatedScan } from "../../scan.ts";

/** One object as it goes over the wire. */
export interface SentObject {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly transferSyntax: string;
  readonly dataset: Uint8Array;
}

const ENERGIES = ["low", "high"] as const;

/** A UID of a name; the same name gives the same UID. */
export function uidOf(name: string): string {
  return `2.25.${BigInt(`0x${createHash("sha256").update(name).digest("hex").slice(0, 32)}`)}`;
}

/**
 * The DICOS V03 DX objects of a scan: one for each view and energy, in series of their own, under one Scan Instance UID.
 * @param name names the scan; UIDs derive of it. `at`: ms since the epoch.
 */
export function objectsOf(
  scan: SimulatedScan,
  name: string,
  serial: string,
  at: number,
): readonly SentObject[] {
  const { width, height, planes, pixelPitchMm, truth } = scan;
  const views = new Set(planes.map(({ view }) => view)).size;
  const [identifier] = truth.identifiers;
  return planes.map(({ view, energy, samples }, index) => {
    const sopInstance = uidOf(`${name} ${view} ${energy}`);
    const dataset = dxDataSet({
      version: "V03",
      sopInstance,
      scanUid: uidOf(name),
      seriesUid: uidOf(`${name} series ${view} ${energy}`),
      scanId: name.slice(-16),
      scannedAt: at,
      createdAt: at,
      equipment: {
        manufacturer: "Lynceus",
        model: "Simulated scanner",
        serial,
        software: "1",
        machineId: serial,
        location: "Simulation",
        address: "Simulation",
        calibratedAt: at,
      },
      inspected: {
        id: identifier?.value ?? name,
        authority: identifier?.scheme ?? "Lynceus",
        idType: identifier === undefined ? "TEXT" : "BARCODE",
        type: "CARGO",
        massKg: truth.massKg,
      },
      acquisition: "SUCCESSFUL",
      // Nobody inspects a simulated item: DICOS lets operational scans be of a machine only.
      purpose: "NON_OPERATIONAL",
      width,
      height,
      samples,
      energy: ENERGIES[energy],
      view: { number: view, name: view === 0 ? "top" : "side", count: views },
      energies: { number: energy, count: planes.length / views },
      frameOfReference: uidOf(`${name} frame`),
      instanceNumber: index + 1,
      origin: "SYNTHETIC",
      pixelPitchMm,
      tube: { kilovolts: 160, microamperes: 700 },
    });
    return {
      sopClass: SOP_CLASS.dicosDxProcessing,
      sopInstance,
      transferSyntax: SYNTAX.explicitLittle,
      dataset: encodeDataSet(dataset, { explicit: true }),
    };
  });
}
