import { element } from "./build.ts";
import { dicomError } from "./errors.ts";
import type { DataSet, Encoding } from "./model.ts";
import { type PixelLocation, readDataSet } from "./reader.ts";
import { TAG } from "./tags.ts";
import { SYNTAX } from "./uids.ts";
import { textOf } from "./values.ts";
import { encodeDataSet } from "./writer.ts";

const PREAMBLE = 128;
const META_GROUP = 0x0002;

/** A DICOM file (PS3.10). */
export interface Part10 {
  /** 128 bytes, mostly zero. */
  readonly preamble: Uint8Array;
  /** File meta information, group 0002, always explicit. */
  readonly meta: DataSet;
  /** Of (0002,0010). */
  readonly transferSyntax: string;
  readonly dataset: DataSet;
}

/** The part of a file before its pixel data. */
export interface Part10Head extends Part10 {
  /** Null where the object has none. */
  readonly pixels: PixelLocation | null;
}

/** Whether bytes begin as a DICOM file does: 128 bytes of any kind, then `DICM`. */
export function isPart10(bytes: Uint8Array): boolean {
  return (
    bytes.length >= PREAMBLE + 4 && String.fromCharCode(...bytes.subarray(PREAMBLE, PREAMBLE + 4)) === "DICM"
  );
}

/**
 * Reads a whole DICOM file; values are views into `bytes`.
 * @throws LYN_DICOM_FORMAT, LYN_DICOM_SYNTAX, LYN_DICOM_TRUNCATED, LYN_DICOM_INVALID, LYN_DICOM_LIMIT
 */
export function readPart10(bytes: Uint8Array): Part10 {
  const { preamble, meta, transferSyntax, start } = readMeta(bytes);
  const { elements } = readDataSet(bytes, { ...encodingOf(transferSyntax), offset: start });
  return { preamble, meta, transferSyntax, dataset: { elements } };
}

/**
 * Reads a file as far as its pixel data, from its first bytes. What is behind the pixel data is not read.
 * @throws as {@link readPart10}; LYN_DICOM_TRUNCATED also means: give more bytes.
 */
export function readHead(bytes: Uint8Array): Part10Head {
  const { preamble, meta, transferSyntax, start } = readMeta(bytes);
  const read = readDataSet(bytes, { ...encodingOf(transferSyntax), offset: start, untilPixels: true });
  return { preamble, meta, transferSyntax, dataset: { elements: read.elements }, pixels: read.pixels };
}

/** Encodes a file; what {@link readPart10} read comes out byte for byte. */
export function encodePart10(file: Part10): Uint8Array {
  const meta = encodeDataSet(file.meta, { explicit: true });
  const dataset = encodeDataSet(file.dataset, encodingOf(file.transferSyntax));
  return join(file.preamble, DICM, meta, dataset);
}

const DICM = Uint8Array.of(0x44, 0x49, 0x43, 0x4d);

/** How the data set of a transfer syntax is encoded. @throws LYN_DICOM_SYNTAX for big endian, deflated and 64-bit lengths. */
export function encodingOf(transferSyntax: string): Encoding {
  if (transferSyntax === SYNTAX.implicitLittle) return { explicit: false };
  const unread: readonly string[] = [SYNTAX.explicitBig, SYNTAX.deflated, SYNTAX.explicitExtended];
  if (unread.includes(transferSyntax)) {
    throw dicomError("LYN_DICOM_SYNTAX", `transfer syntax ${transferSyntax} is not read`, { transferSyntax });
  }
  return { explicit: true };
}

/** What the file meta information of an object says. */
export interface MetaOptions {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly transferSyntax: string;
  readonly implementationClass: string;
  readonly implementationVersion: string;
  /** `V02`, `V02A` or `V03`: (0002,0004), which only DICOS has. */
  readonly dicosVersion?: string;
  readonly sourceAeTitle?: string;
}

/** File meta information (PS3.10, 7.1), its group length filled in. */
export function metaOf(options: MetaOptions): DataSet {
  const body = [
    element(TAG.metaVersion, Uint8Array.of(0, 1)),
    element(TAG.mediaSopClass, options.sopClass),
    element(TAG.mediaSopInstance, options.sopInstance),
    ...(options.dicosVersion === undefined ? [] : [element(TAG.metaDicosVersion, options.dicosVersion)]),
    element(TAG.transferSyntax, options.transferSyntax),
    element(TAG.implementationClass, options.implementationClass),
    element(TAG.implementationVersion, options.implementationVersion),
    ...(options.sourceAeTitle === undefined ? [] : [element(TAG.sourceAeTitle, options.sourceAeTitle)]),
  ];
  const length = encodeDataSet({ elements: body }, { explicit: true }).length;
  return { elements: [element(TAG.metaLength, length), ...body] };
}

/** A file of a data set. */
export function part10Of(dataset: DataSet, options: MetaOptions): Part10 {
  const meta = metaOf(options);
  return { preamble: new Uint8Array(PREAMBLE), meta, transferSyntax: options.transferSyntax, dataset };
}

/** What stands before a data set in a file: preamble, `DICM`, file meta information. */
export function encodePreface(options: MetaOptions): Uint8Array {
  return join(new Uint8Array(PREAMBLE), DICM, encodeDataSet(metaOf(options), { explicit: true }));
}

function readMeta(bytes: Uint8Array) {
  if (!isPart10(bytes))
    throw dicomError("LYN_DICOM_FORMAT", "this is no DICOM file: DICM does not stand at byte 128");
  const read = readDataSet(bytes, { explicit: true, offset: PREAMBLE + 4, onlyGroup: META_GROUP });
  const meta = { elements: read.elements };
  const transferSyntax = textOf(meta, TAG.transferSyntax);
  if (transferSyntax === null) {
    throw dicomError("LYN_DICOM_FORMAT", "the file meta information names no transfer syntax");
  }
  return { preamble: bytes.subarray(0, PREAMBLE), meta, transferSyntax, start: read.end };
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
