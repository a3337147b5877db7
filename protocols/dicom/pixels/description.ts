import { dicomError } from "../errors.ts";
import { DICOM_LIMITS } from "../limits.ts";
import type { DataSet } from "../model.ts";
import type { Part10Head } from "../part10.ts";
import { TAG } from "../tags.ts";
import { find, numberOf, numbers, textOf } from "../values.ts";

/** How the pixel data of an object is to be read (PS3.3 C.7.6.3, and the wider samples of DICOS V02A). */
export interface PixelDescription {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly samplesPerPixel: 1 | 3;
  readonly photometric: string;
  /** Bits a sample takes in the stream: 8, 16, 32 or 64. */
  readonly bitsAllocated: 8 | 16 | 32 | 64;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  /** IEEE 754 samples. */
  readonly float: boolean;
  /** Colour planes one after another instead of pixel by pixel. */
  readonly planar: boolean;
  /** Bytes of one decoded frame. */
  readonly frameBytes: number;
}

const COLOURS: ReadonlySet<string> = new Set(["RGB", "YBR_FULL", "YBR_RCT", "YBR_ICT", "YBR_FULL_422"]);
const FLOATS: ReadonlySet<number> = new Set([TAG.floatPixels, TAG.doublePixels, TAG.pixelsFloat]);

/**
 * Reads the description of the pixels, with every bound, before a pixel is touched.
 * @throws LYN_DICOM_PIXELS for an object without pixels or of an impossible size, LYN_DICOM_LIMIT.
 */
export function describePixels({
  dataset,
  pixels,
}: Pick<Part10Head, "dataset" | "pixels">): PixelDescription {
  if (pixels === null) throw dicomError("LYN_DICOM_PIXELS", "the object has no pixel data");
  const rows = size(dataset, TAG.rows, "rows");
  const columns = size(dataset, TAG.columns, "columns");
  if (rows * columns > DICOM_LIMITS.maxFramePixels) {
    throw dicomError(
      "LYN_DICOM_LIMIT",
      `a frame of ${columns} × ${rows} pixels is over ${DICOM_LIMITS.maxFramePixels}`,
    );
  }
  const samplesPerPixel = samples(dataset);
  const float = FLOATS.has(pixels.tag);
  const bitsAllocated = allocated(dataset);
  const bitsStored = whole(
    numberOf(dataset, TAG.bitsStored) ?? bitsAllocated,
    1,
    bitsAllocated,
    "bits stored",
  );
  const highBit = whole(
    numberOf(dataset, TAG.highBit) ?? bitsStored - 1,
    bitsStored - 1,
    bitsAllocated - 1,
    "high bit",
  );
  return {
    rows,
    columns,
    frames: frameCount(dataset),
    samplesPerPixel,
    photometric: photometric(dataset, samplesPerPixel),
    bitsAllocated,
    bitsStored,
    highBit,
    signed: numberOf(dataset, TAG.pixelRepresentation) === 1,
    float,
    planar: samplesPerPixel === 3 && numberOf(dataset, TAG.planarConfiguration) === 1,
    frameBytes: (rows * columns * samplesPerPixel * bitsAllocated) / 8,
  };
}

function size(dataset: DataSet, tag: number, name: string): number {
  return whole(numberOf(dataset, tag) ?? 0, 1, 0xffff, name);
}

function whole(value: number, least: number, most: number, name: string): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw dicomError("LYN_DICOM_PIXELS", `${name} of ${value}: ${least} to ${most} is possible`);
}

function samples(dataset: DataSet): 1 | 3 {
  const count = numberOf(dataset, TAG.samplesPerPixel) ?? 1;
  if (count === 1 || count === 3) return count;
  throw dicomError("LYN_DICOM_PIXELS", `${count} samples a pixel: 1 and 3 are read`);
}

function allocated(dataset: DataSet): 8 | 16 | 32 | 64 {
  const bits = numberOf(dataset, TAG.bitsAllocated) ?? 0;
  if (bits === 8 || bits === 16 || bits === 32 || bits === 64) return bits;
  throw dicomError("LYN_DICOM_PIXELS", `${bits} bits allocated: 8, 16, 32 and 64 are read`);
}

/** Stratovan's writer gives the frame count as US where DICOM has IS, which implicit VR does not tell. */
function frameCount(dataset: DataSet): number {
  const element = find(dataset, TAG.frames);
  if (element === undefined) return 1;
  const said =
    numbers(element)[0] ?? (element.vr === "IS" ? numbers({ ...element, vr: "US" })[0] : undefined);
  const count = said ?? 1;
  if (count > DICOM_LIMITS.maxFrames) {
    throw dicomError("LYN_DICOM_LIMIT", `${count} frames, more than ${DICOM_LIMITS.maxFrames}`);
  }
  return whole(count, 1, DICOM_LIMITS.maxFrames, "frames");
}

function photometric(dataset: DataSet, samplesPerPixel: 1 | 3): string {
  const given = textOf(dataset, TAG.photometric) ?? (samplesPerPixel === 1 ? "MONOCHROME2" : "RGB");
  const grey = given === "MONOCHROME1" || given === "MONOCHROME2" || given === "PALETTE COLOR";
  if (samplesPerPixel === 1 ? grey : COLOURS.has(given)) return given;
  throw dicomError("LYN_DICOM_PIXELS", `photometric interpretation ${given.slice(0, 16)} is not read`);
}
