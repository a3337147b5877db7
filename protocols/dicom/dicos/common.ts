import { element } from "../build.ts";
import type { DicomElement } from "../model.ts";
import { TAG } from "../tags.ts";
import { dicomTime } from "../time.ts";

/** Editions of DICOS that are written. */
export type DicosVersion = "V02" | "V03";

/** Who made the scan or the report (General Equipment, IIC 1 v03, 14.1.1). Empty texts are written as `unknown`. */
export interface Equipment {
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly software: string;
  readonly machineId: string;
  readonly location: string;
  readonly address: string;
  /** ms since the epoch. */
  readonly calibratedAt: number;
}

/** What was scanned (Object of Inspection, 4.1). */
export interface Inspected {
  readonly id: string;
  readonly authority: string;
  readonly idType: "TEXT" | "RFID" | "BARCODE" | "MRP";
  readonly type: "CARGO" | "BAGGAGE" | "OTHER";
  /** kg; written in grams. */
  readonly massKg: number | null;
}

/** What every DICOS object of a scan says. */
export interface CommonOptions {
  readonly version: DicosVersion;
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly scanUid: string;
  readonly seriesUid: string;
  readonly scanId: string;
  readonly modality: string;
  /** ms since the epoch: of the scan, and of this object. */
  readonly scannedAt: number;
  readonly createdAt: number;
  readonly equipment: Equipment;
  readonly inspected: Inspected;
  readonly acquisition: string;
  readonly purpose: "OPERATIONAL" | "NON_OPERATIONAL";
}

const LO_LENGTH = 64;
const SH_LENGTH = 16;

/** SOP Common, Object of Inspection, General Scan, General Series and General Equipment. */
export function commonElements(options: CommonOptions): readonly DicomElement[] {
  const { version, equipment, inspected } = options;
  const scan = dicomTime(options.scannedAt);
  const created = dicomTime(options.createdAt);
  const calibrated = dicomTime(equipment.calibratedAt);
  return [
    element(TAG.characterSet, "ISO_IR 192"),
    element(TAG.instanceDate, created.date),
    element(TAG.instanceTime, created.time),
    element(TAG.sopClass, options.sopClass),
    element(TAG.sopInstance, options.sopInstance),
    element(TAG.scanDate, scan.date),
    element(TAG.scanTime, scan.time),
    element(TAG.seriesDate, scan.date),
    element(TAG.seriesTime, scan.time),
    element(TAG.contentDate, created.date),
    element(TAG.contentTime, created.time),
    element(TAG.timezone, "+0000"),
    element(TAG.modality, options.modality),
    element(TAG.manufacturer, named(equipment.manufacturer)),
    element(TAG.machineLocation, named(equipment.location)),
    element(TAG.machineAddress, named(equipment.address)),
    element(TAG.machineId, named(equipment.machineId, SH_LENGTH)),
    element(TAG.model, named(equipment.model)),
    element(TAG.serial, named(equipment.serial)),
    element(TAG.software, named(equipment.software)),
    element(TAG.calibrationDate, calibrated.date),
    element(TAG.calibrationTime, calibrated.time),
    element(TAG.ooiId, named(inspected.id)),
    element(TAG.ooiAuthority, named(inspected.authority)),
    element(TAG.ooiIdType, inspected.idType),
    element(TAG.gender, "U"),
    element(TAG.alternateIds, []),
    ...(inspected.massKg === null ? [] : [element(TAG.ooiMass, Math.round(inspected.massKg * 1e6) / 1e3)]),
    element(TAG.scanUid, options.scanUid),
    element(TAG.seriesUid, options.seriesUid),
    element(TAG.scanId, named(options.scanId, SH_LENGTH)),
    element(TAG.dicosVersion, version),
    element(TAG.ooiType, inspected.type),
    element(TAG.acquisitionStatus, options.acquisition),
    element(TAG.scanType, options.purpose),
    element(TAG.routingCodes, []),
  ];
}

/** A text of a type 1 attribute: never empty, no backslash, cut to its VR. */
function named(text: string, length = LO_LENGTH): string {
  const clean = text.replaceAll("\\", "/").trim().slice(0, length);
  return clean === "" ? "unknown" : clean;
}
