import { dataSet, element } from "../build.ts";
import { dicomError } from "../errors.ts";
import type { DataSet } from "../model.ts";
import { TAG } from "../tags.ts";
import { SOP_CLASS } from "../uids.ts";
import { type CommonOptions, commonElements } from "./common.ts";

/** One energy of one view as a DX object for processing (IIC 1 v03, 8.2.1): 16-bit counts, air bright. */
export interface DxOptions extends Omit<CommonOptions, "sopClass" | "modality"> {
  readonly width: number;
  readonly height: number;
  /** Row-major counts. */
  readonly samples: Uint16Array;
  readonly energy: "low" | "high" | "single";
  /** Numbers from 0, and how many there are in the scan. */
  readonly view: { readonly number: number; readonly name: string; readonly count: number };
  readonly energies: { readonly number: number; readonly count: number };
  readonly frameOfReference: string;
  readonly instanceNumber: number;
  readonly origin: "MACHINE" | "SYNTHETIC" | "AUGMENTED";
  readonly pixelPitchMm: { readonly x: number; readonly y: number } | null;
  /** Tube, as far as it is known: kV and µA. */
  readonly tube: { readonly kilovolts: number; readonly microamperes: number };
}

const ENERGY_TYPE = { low: "LOW ENERGY", high: "HIGH ENERGY", single: "INTENSITY" } as const;
const ENERGY_NAME = { low: "low energy", high: "high energy", single: "single energy" } as const;

/** A DX data set, elements in order. @throws LYN_DICOM_PIXELS where samples and size differ. */
export function dxDataSet(options: DxOptions): DataSet {
  const { width, height, samples, energy, view, energies, version, pixelPitchMm, tube } = options;
  if (samples.length !== width * height || width > 0xffff || height > 0xffff) {
    throw dicomError("LYN_DICOM_PIXELS", `${samples.length} samples do not fill ${width} × ${height} pixels`);
  }
  const v03 = version === "V03";
  const common = commonElements({
    ...options,
    sopClass: SOP_CLASS.dicosDxProcessing,
    // V02 files call the modality DX, V03 files XRAY (reference, 1.3).
    modality: v03 ? "XRAY" : "DX",
  });
  return dataSet([
    ...common,
    element(TAG.imageType, ["ORIGINAL", v03 ? ENERGY_TYPE[energy] : "PRIMARY"]),
    element(TAG.presentationIntent, "FOR PROCESSING"),
    element(TAG.kvp, tube.kilovolts),
    element(TAG.detectorType, []),
    ...(energies.count > 1 ? [element(TAG.detectorConfiguration, "SANDWICH")] : []),
    element(TAG.tubeCurrent, tube.microamperes),
    element(TAG.instanceNumber, options.instanceNumber),
    element(TAG.imagePosition, [0, 0, 0]),
    element(TAG.imageOrientation, [1, 0, 0, 0, 1, 0]),
    element(TAG.frameOfReference, options.frameOfReference),
    element(TAG.positionReference, []),
    element(TAG.samplesPerPixel, 1),
    element(TAG.photometric, "MONOCHROME2"),
    element(TAG.rows, height),
    element(TAG.columns, width),
    element(TAG.bitsAllocated, 16),
    element(TAG.bitsStored, 16),
    element(TAG.highBit, 15),
    element(TAG.pixelRepresentation, 0),
    element(TAG.burnedIn, "NO"),
    element(TAG.intensityRelationship, "LIN"),
    element(TAG.intensitySign, 1),
    element(TAG.rescaleIntercept, 0),
    element(TAG.rescaleSlope, 1),
    element(TAG.rescaleType, "US"),
    element(TAG.lossy, "00"),
    element(TAG.acquisitionContext, []),
    element(TAG.presentationLutShape, "IDENTITY"),
    ...(pixelPitchMm === null ? [] : [element(TAG.imagerSpacing, [pixelPitchMm.y, pixelPitchMm.x])]),
    ...(v03
      ? [
          element(TAG.imageOrigin, options.origin),
          element(TAG.coordinateSystem, "LHS"),
          element(TAG.effectiveEnergy, 0),
        ]
      : []),
    element(TAG.seriesView, view.number),
    element(TAG.seriesViewDescription, view.name),
    element(TAG.viewCount, view.count),
    element(TAG.seriesEnergy, energies.number),
    element(TAG.seriesEnergyDescription, ENERGY_NAME[energy]),
    element(TAG.energyCount, energies.count),
    element(TAG.pixels, littleEndian(samples)),
  ]);
}

function littleEndian(samples: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) return bytes;
  const turned = bytes.slice();
  for (let at = 0; at + 1 < turned.length; at += 2) turned.subarray(at, at + 2).reverse();
  return turned;
}
