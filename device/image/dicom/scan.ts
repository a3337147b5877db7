import { type ObjectInfo, objectInfo } from "../../../protocols/dicom/object.ts";
import type { Part10Head } from "../../../protocols/dicom/part10.ts";
import type { DecodedPlane } from "../../../protocols/dicom/pixels/plane.ts";
import type { PlannedPlane, PlannedView, ScanPlan } from "../../../protocols/dicom/scan-plan.ts";
import type { AnalysableScan, ViewPlanes } from "../../inference/planes.ts";
import type { Energy, ScanKind, ScanView } from "../../scan.ts";
import { colourContent, greyOf } from "../kind.ts";
import type { Codecs } from "./codecs.ts";
import { readHeadOf, readPlane } from "./file.ts";

/** A DICOM file with what its head says, and nothing of its bytes. */
export interface DicomFile {
  readonly path: string;
  readonly info: ObjectInfo;
}

/** A DICOM file with its head in memory. */
export interface DicomObject extends DicomFile {
  readonly head: Part10Head;
}

/** A plane of a view in the form in which it is stored and analysed. */
export type ImagePlane =
  | { readonly energy: Energy; readonly format: "u16"; readonly samples: Uint16Array }
  | { readonly energy: Energy; readonly format: "rgb8"; readonly rgb: Uint8Array };

const ENERGY: Readonly<Record<PlannedPlane<unknown>["energy"], Energy>> = { low: 0, high: 1, single: 2 };

/** Reads the head of a file. @throws LYN_DICOM_… */
export async function openObject(path: string): Promise<DicomObject> {
  const head = await readHeadOf(path);
  return { path, head, info: objectInfo(head) };
}

/** The geometry of a planned view; pitch as the object states it. */
export function scanViewOf({ view, name, width, height, planes }: PlannedView<DicomFile>): ScanView {
  const pixelPitchMm = planes[0]?.object.info.pixelPitchMm ?? null;
  return { view, name, width, height, pixelPitchMm, energies: planes.map(({ energy }) => ENERGY[energy]) };
}

/** Decodes one plane. Grey that was stored as colour is grey. @throws LYN_DICOM_… */
export async function decodePlane(plane: PlannedPlane<DicomObject>, codecs: Codecs): Promise<ImagePlane> {
  const { object } = plane;
  return imagePlane(await readPlane(object.path, object.head, codecs), ENERGY[plane.energy]);
}

function imagePlane(decoded: DecodedPlane, energy: Energy): ImagePlane {
  if (decoded.kind === "grey") return { energy, format: "u16", samples: decoded.grey };
  if (colourContent(decoded.rgb).kind === "pseudo-colour")
    return { energy, format: "rgb8", rgb: decoded.rgb };
  return { energy, format: "u16", samples: greyOf(decoded.rgb) };
}

/** The kind of a scan once its planes are known: colour by name may be grey by content. */
export function kindOf(plan: ScanPlan<unknown>, planes: readonly Pick<ImagePlane, "format">[]): ScanKind {
  if (plan.kind !== "pseudo-colour") return plan.kind;
  return planes.some(({ format }) => format === "rgb8") ? "pseudo-colour" : "single-energy";
}

/** The whole scan in memory, for analysis without a spool. @throws LYN_DICOM_… */
export async function analysableOf(plan: ScanPlan<DicomObject>, codecs: Codecs): Promise<AnalysableScan> {
  const views: ViewPlanes[] = [];
  const all: ImagePlane[] = [];
  for (const planned of plan.views) {
    const { view, width, height, pixelPitchMm } = scanViewOf(planned);
    const planes: ImagePlane[] = [];
    for (const plane of planned.planes) planes.push(await decodePlane(plane, codecs));
    all.push(...planes);
    views.push({ view, width, height, pixelPitchMm, ...Object.assign({}, ...planes.map(named)) });
  }
  return { kind: kindOf(plan, all), views, airLevel: null, marked: false };
}

function named(plane: ImagePlane): Pick<ViewPlanes, "low" | "high" | "single" | "rgb"> {
  if (plane.format === "rgb8") return { rgb: plane.rgb };
  const { samples } = plane;
  return plane.energy === 0 ? { low: samples } : plane.energy === 1 ? { high: samples } : { single: samples };
}
