import type { Equipment, Inspected } from "../../protocols/dicom/dicos/common.ts";
import type { InstanceReference } from "../../protocols/dicom/dicos/tdr.ts";
import { SOP_CLASS } from "../../protocols/dicom/uids.ts";
import type { Energy, Scan } from "../scan.ts";
import { derivedUid, uidOfUuid } from "./uids.ts";

/** What gateways call themselves in objects. */
const MANUFACTURER = "Lynceus";

/** How a scan and its images are called in DICOS: as received where they came so, else by UIDs derived of the scan's id. */
export interface ScanNames {
  readonly scanUid: string;
  readonly scanId: string;
  readonly frameOfReference: string;
  instanceOf(view: number, energy: Energy): InstanceReference | null;
  seriesOf(view: number, energy: Energy): string;
  readonly all: readonly InstanceReference[];
}

export function namesOf(scan: Pick<Scan, "scanId" | "views" | "dicom">): ScanNames {
  const { scanId, dicom } = scan;
  const seriesOf = (view: number, energy: Energy) => derivedUid(scanId, "series", view, energy);
  if (dicom !== undefined) {
    const { scanUid, instances } = dicom;
    return {
      scanUid,
      scanId: dicom.scanId ?? scanId.slice(-12),
      frameOfReference: dicom.frameOfReference ?? derivedUid(scanId, "frame"),
      instanceOf: (view, energy) =>
        instances.find((one) => one.view === view && one.energy === energy) ?? null,
      seriesOf,
      all: instances,
    };
  }
  const instance = (view: number, energy: Energy): InstanceReference => ({
    sopClass: SOP_CLASS.dicosDxProcessing,
    sopInstance: derivedUid(scanId, "instance", view, energy),
  });
  return {
    scanUid: uidOfUuid(scanId),
    scanId: scanId.slice(-12),
    frameOfReference: derivedUid(scanId, "frame"),
    instanceOf: instance,
    seriesOf,
    all: scan.views.flatMap(({ view, energies }) => energies.map((energy) => instance(view, energy))),
  };
}

/** The equipment that a report or image of this gateway names. */
export function equipmentOf(
  scan: Pick<Scan, "key" | "lane" | "beganAt" | "dicom">,
  at: { readonly site: string; readonly gateway: string; readonly version: string },
): Equipment {
  const machine = scan.dicom?.machine;
  return {
    manufacturer: machine?.manufacturer ?? MANUFACTURER,
    model: machine?.model ?? "Lynceus gateway",
    serial: machine?.serial ?? scan.key.serial,
    software: at.version,
    machineId: machine?.id ?? scan.lane,
    location: machine?.location ?? at.site,
    address: `${at.site}/${at.gateway}`,
    calibratedAt: scan.beganAt,
  };
}

/** What was inspected: as the scanner said, else the item's first identifier, else the scan's own id. */
export function inspectedOf(
  { scanId, dicom }: Pick<Scan, "scanId" | "dicom">,
  known: {
    readonly identifiers: readonly { readonly scheme: string; readonly value: string }[];
    readonly measured: { readonly massKg: number | null };
  },
): Inspected {
  const { massKg } = known.measured;
  if (dicom?.ooi) return { ...dicom.ooi, massKg };
  const [first] = known.identifiers;
  const authority = first?.scheme ?? MANUFACTURER;
  const idType = first === undefined ? "TEXT" : "BARCODE";
  return { id: first?.value ?? scanId, authority, idType, type: "CARGO", massKg };
}
