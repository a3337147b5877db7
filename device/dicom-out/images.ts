import { access } from "node:fs/promises";
import { join } from "node:path";
import type { DicosVersion } from "../../protocols/dicom/dicos/common.ts";
import { dxDataSet } from "../../protocols/dicom/dicos/dx.ts";
import { encodePart10, part10Of } from "../../protocols/dicom/part10.ts";
import { SOP_CLASS, SYNTAX } from "../../protocols/dicom/uids.ts";
import { IMPLEMENTATION } from "../dicom-net/implementation.ts";
import { readPlanes } from "../inference/planes.ts";
import type { Energy, Scan } from "../scan.ts";
import { equipmentOf, inspectedOf, namesOf } from "./references.ts";

/** An image object to go out. */
export interface OutgoingImage {
  readonly sopInstance: string;
  readonly view: number;
  readonly energy: Energy;
  /** The object as it was received, on the disk, or as it was made. */
  readonly content: { readonly path: string } | { readonly bytes: Uint8Array };
}

const ENERGIES = ["low", "high", "single"] as const;
/** Nothing is known of the tube: the attributes are required, and 0 says so. */
const UNKNOWN_TUBE = { kilovolts: 0, microamperes: 0 };

/**
 * The images of a scan as DICOS DX objects: those received as they came, else one made of each stored 16-bit plane.
 * Pseudo-colour planes are no intensities and make none. Throws what reading the spool throws.
 */
export async function imagesOf(
  scan: Scan,
  options: {
    readonly version: DicosVersion;
    readonly software: string;
    readonly site: string;
    readonly gateway: string;
  },
): Promise<readonly OutgoingImage[]> {
  const { evidence, dicom } = scan;
  if (dicom !== undefined) {
    const received = (evidence ?? []).map(async ({ file, view, energy }): Promise<OutgoingImage> => {
      const instance = dicom.instances.find((one) => one.view === view && one.energy === energy);
      const path = join(scan.directory, file);
      await access(path);
      return { sopInstance: instance?.sopInstance ?? file, view, energy, content: { path } };
    });
    return Promise.all(received);
  }
  return made(scan, options);
}

function made(scan: Scan, options: Parameters<typeof imagesOf>[1]): readonly OutgoingImage[] {
  const { version, software, site, gateway } = options;
  const names = namesOf(scan);
  const { views } = readPlanes(scan);
  const planes = views.flatMap(({ view, width, height, low, high, single, pixelPitchMm }) =>
    [low, high, single].flatMap((samples, energy) =>
      samples === undefined ? [] : [{ view, width, height, samples, pixelPitchMm, energy: energy as Energy }],
    ),
  );
  return planes.flatMap(({ view, energy, ...plane }, index): OutgoingImage[] => {
    const instance = names.instanceOf(view, energy);
    if (instance === null) return [];
    const own = planes.filter((one) => one.view === view).map((one) => one.energy);
    const dataset = dxDataSet({
      ...plane,
      version,
      sopInstance: instance.sopInstance,
      scanUid: names.scanUid,
      seriesUid: names.seriesOf(view, energy),
      scanId: names.scanId,
      scannedAt: Date.parse(scan.key.startedAt) || scan.beganAt,
      createdAt: scan.receivedAt,
      equipment: equipmentOf(scan, { site, gateway, version: software }),
      inspected: inspectedOf(scan, scan),
      acquisition: scan.acquisition[0] ?? "SUCCESSFUL",
      purpose: scan.origin === "MACHINE" ? scan.purpose : "NON_OPERATIONAL",
      energy: ENERGIES[energy],
      view: {
        number: view,
        name: scan.views.find((one) => one.view === view)?.name ?? `view ${view}`,
        count: views.length,
      },
      energies: { number: Math.max(0, own.indexOf(energy)), count: own.length },
      frameOfReference: names.frameOfReference,
      instanceNumber: index + 1,
      origin: scan.origin,
      tube: UNKNOWN_TUBE,
    });
    const meta = {
      sopClass: SOP_CLASS.dicosDxProcessing,
      sopInstance: instance.sopInstance,
      transferSyntax: SYNTAX.explicitLittle,
    };
    return [
      {
        sopInstance: instance.sopInstance,
        view,
        energy,
        content: {
          bytes: encodePart10(part10Of(dataset, { ...meta, ...IMPLEMENTATION, dicosVersion: version })),
        },
      },
    ];
  });
}
