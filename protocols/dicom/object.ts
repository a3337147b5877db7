import { isLynceusError, type LynceusError } from "../errors.ts";
import { type Identified, identify } from "../identifiers/identify.ts";
import type { DataSet } from "./model.ts";
import type { Part10Head } from "./part10.ts";
import { describePixels, type PixelDescription } from "./pixels/description.ts";
import { ACQUISITION_STATUSES } from "./rules/modules.ts";
import { TAG } from "./tags.ts";
import { timestampOf } from "./time.ts";
import { isDicos, objectKind } from "./uids.ts";
import { itemsOf, numberOf, numbersOf, textOf, textsOf } from "./values.ts";

/** What the head of an object says that a gateway needs; DICOS attributes as DICOS means them. */
export interface ObjectInfo {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly transferSyntax: string;
  readonly kind: ReturnType<typeof objectKind>;
  readonly dicos: boolean;
  /** Scan Instance UID (0020,000D), in plain DICOM the Study Instance UID. */
  readonly scanUid: string;
  readonly seriesUid: string;
  /** RFC 3339 UTC; null where the object does not say. */
  readonly startedAt: string | null;
  readonly view: number | null;
  readonly viewName: string | null;
  readonly energy: "low" | "high" | null;
  /** What tells two energies apart where they are not named: keV, kV or a number, smaller is lower. */
  readonly energyRank: number | null;
  /** Intensities, or something computed of them (Z effective, basis materials …). */
  readonly derived: boolean;
  /** Views and energies of the whole scan, where stated. */
  readonly viewCount: number | null;
  readonly energyCount: number | null;
  /** The pixels, or why they cannot be read; null for a report. */
  readonly pixels: PixelDescription | LynceusError | null;
  /** mm a pixel along columns (x) and rows (y). */
  readonly pixelPitchMm: { readonly x: number; readonly y: number } | null;
  readonly logarithmic: boolean;
  readonly acquisition: readonly string[];
  readonly purpose: "OPERATIONAL" | "NON_OPERATIONAL";
  readonly origin: "MACHINE" | "SYNTHETIC" | "AUGMENTED";
  /** Identifiers of the object of inspection; never of a person. */
  readonly identifiers: readonly Identified[];
  /** OOI mass; DICOS has grams where DICOM has kg. */
  readonly massKg: number | null;
  readonly machine: MachineInfo;
  readonly scanId: string | null;
  readonly frameOfReference: string | null;
  /** Null for plain DICOM, and where the object is a person. */
  readonly ooi: InspectedObject | null;
}

/** The object of inspection as the scanner names it. */
export interface InspectedObject {
  readonly id: string;
  readonly authority: string;
  readonly idType: "TEXT" | "RFID" | "BARCODE" | "MRP";
  readonly type: "CARGO" | "BAGGAGE" | "OTHER";
}

/** Who made the scan, as the object says. */
export interface MachineInfo {
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly serial: string | null;
  readonly id: string | null;
  readonly location: string | null;
}

const DERIVED = /^(Z_EFFECTIVE|BASIS_MATERIAL_[12]|COMPTON|PHOTOELECTRIC|DENSITY|MU)$/;
const ORIGINS = ["MACHINE", "SYNTHETIC", "AUGMENTED"] as const;
const ID_TYPES = ["TEXT", "RFID", "BARCODE", "MRP"] as const;
const OOI_TYPES = ["CARGO", "BAGGAGE"] as const;
/** Heavier things are not conveyed; a larger figure is a unit mistaken, kg. */
const MAX_MASS_KG = 100_000;

/** Reads the head of an object. Missing or odd attributes are null, never an error: what was received is kept anyway. */
export function objectInfo(head: Part10Head): ObjectInfo {
  const { dataset, meta, transferSyntax } = head;
  const sopClass = textOf(dataset, TAG.sopClass) ?? textOf(meta, TAG.mediaSopClass) ?? "";
  const dicos = isDicos(sopClass);
  const kind = objectKind(sopClass);
  const grams = dicos ? numberOf(dataset, TAG.ooiMass) : null;
  const massKg = grams !== null && grams > 0 && grams / 1000 <= MAX_MASS_KG ? grams / 1000 : null;
  return {
    sopClass,
    sopInstance: textOf(dataset, TAG.sopInstance) ?? textOf(meta, TAG.mediaSopInstance) ?? "",
    transferSyntax,
    kind,
    dicos,
    scanUid: textOf(dataset, TAG.scanUid) ?? "",
    seriesUid: textOf(dataset, TAG.seriesUid) ?? "",
    startedAt: timestampOf(
      textOf(dataset, TAG.scanDate),
      textOf(dataset, TAG.scanTime),
      textOf(dataset, TAG.timezone),
    ),
    ...placeOf(dataset),
    viewCount: countOf(dataset, TAG.viewCount),
    energyCount: countOf(dataset, TAG.energyCount),
    pixels: kind === "tdr" || kind === "qr" ? null : pixelsOf(head),
    pixelPitchMm: pitchOf(dataset),
    logarithmic: textOf(dataset, TAG.intensityRelationship) === "LOG",
    acquisition: acquisitionOf(dataset),
    ...provenance(dataset, dicos),
    identifiers: dicos ? identifiersOf(dataset) : [],
    massKg,
    machine: {
      manufacturer: textOf(dataset, TAG.manufacturer),
      model: textOf(dataset, TAG.model),
      serial: textOf(dataset, TAG.serial),
      id: textOf(dataset, TAG.machineId),
      location: textOf(dataset, TAG.machineLocation),
    },
    scanId: textOf(dataset, TAG.scanId),
    frameOfReference: textOf(dataset, TAG.frameOfReference),
    ooi: dicos ? inspectedOf(dataset) : null,
  };
}

function inspectedOf(dataset: DataSet): InspectedObject | null {
  const id = textOf(dataset, TAG.ooiId);
  const type = textOf(dataset, TAG.ooiType);
  if (id === null || type === "PERSON") return null;
  const idType = textOf(dataset, TAG.ooiIdType);
  return {
    id,
    authority: textOf(dataset, TAG.ooiAuthority) ?? "",
    idType: ID_TYPES.find((one) => one === idType) ?? "TEXT",
    type: OOI_TYPES.find((one) => one === type) ?? "OTHER",
  };
}

function placeOf(
  dataset: DataSet,
): Pick<ObjectInfo, "view" | "viewName" | "energy" | "energyRank" | "derived"> {
  const second = textsOf(dataset, TAG.imageType)[1] ?? "";
  const said = `${second} ${textOf(dataset, TAG.seriesEnergyDescription) ?? ""}`.toUpperCase();
  const low = /\bLOW\b/.test(said);
  const energy = low === /\bHIGH\b/.test(said) ? null : low ? "low" : "high";
  const positive = (value: number | null) => (value !== null && value > 0 ? value : null);
  return {
    view: numberOf(dataset, TAG.seriesView),
    viewName: textOf(dataset, TAG.seriesViewDescription),
    energy,
    energyRank:
      positive(numberOf(dataset, TAG.effectiveEnergy)) ??
      positive(numberOf(dataset, TAG.seriesEnergy)) ??
      positive(numberOf(dataset, TAG.kvp)),
    derived: DERIVED.test(second),
  };
}

function countOf(dataset: DataSet, tag: number): number | null {
  const count = numberOf(dataset, tag);
  return count !== null && count >= 1 && count <= 64 ? count : null;
}

function pixelsOf(head: Part10Head): PixelDescription | LynceusError {
  try {
    return describePixels(head);
  } catch (error) {
    if (isLynceusError(error)) return error;
    throw error;
  }
}

function pitchOf(dataset: DataSet): ObjectInfo["pixelPitchMm"] {
  for (const tag of [TAG.imagerSpacing, TAG.detectorSpacing, TAG.pixelSpacing, TAG.reportedSpacing]) {
    const [rows, columns = rows] = numbersOf(dataset, tag);
    if (rows !== undefined && columns !== undefined && rows > 0 && columns > 0)
      return { x: columns, y: rows };
  }
  return null;
}

function acquisitionOf(dataset: DataSet): readonly string[] {
  const known = textsOf(dataset, TAG.acquisitionStatus).filter((status) =>
    ACQUISITION_STATUSES.includes(status),
  );
  return known.length === 0 ? ["SUCCESSFUL"] : known;
}

/** TIP images, test articles and what is not of a machine must never be decided on (reference, 1.7 TIP). */
function provenance(dataset: DataSet, dicos: boolean): Pick<ObjectInfo, "purpose" | "origin"> {
  if (!dicos) return { purpose: "OPERATIONAL", origin: "MACHINE" };
  const stated = textOf(dataset, TAG.imageOrigin);
  const tip = textOf(dataset, TAG.tipType);
  const known = stated === null ? "MACHINE" : (ORIGINS.find((origin) => origin === stated) ?? "SYNTHETIC");
  const projected = tip === "FTI" ? "AUGMENTED" : "SYNTHETIC";
  const test = textOf(dataset, TAG.testArticle) !== null;
  return {
    origin: tip !== null && known === "MACHINE" ? projected : known,
    purpose: textOf(dataset, TAG.scanType) === "NON_OPERATIONAL" || test ? "NON_OPERATIONAL" : "OPERATIONAL",
  };
}

function identifiersOf(dataset: DataSet): readonly Identified[] {
  if (textOf(dataset, TAG.ooiType) === "PERSON") return [];
  const sets = [dataset, ...itemsOf(dataset, TAG.alternateIds)];
  const found = sets.flatMap((set) => identify(textOf(set, TAG.ooiId) ?? ""));
  return found.filter(
    ({ scheme, value }, at) => found.findIndex((one) => one.scheme === scheme && one.value === value) === at,
  );
}
