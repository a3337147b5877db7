import { dicomError } from "./errors.ts";
import {
  type DataSet,
  type DicomElement,
  type DicomItem,
  type DicomValue,
  type Encoding,
  ITEM,
  ITEM_END,
  SEQUENCE_END,
  SHORT_VRS,
  UNDEFINED_LENGTH,
} from "./model.ts";

const DELIMITER_BYTES = 8;

/**
 * Encodes a data set little endian (PS3.5 clause 7), in the order and with the length forms it has: what
 * {@link readDataSet} read comes out byte for byte.
 * @throws LYN_DICOM_INVALID for a value that is too long for its VR's length field.
 */
export function encodeDataSet(set: DataSet, encoding: Encoding): Uint8Array {
  const bytes = new Uint8Array(sizeOfAll(set.elements, encoding));
  const out = new Output(bytes);
  for (const element of set.elements) writeElement(out, element, encoding);
  return bytes;
}

class Output {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  tag(tag: number): void {
    this.u16(tag >>> 16);
    this.u16(tag & 0xffff);
  }

  u16(value: number): void {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  letters(text: string): void {
    for (const letter of text) this.#bytes[this.#at++] = letter.charCodeAt(0);
  }

  bytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }
}

function writeElement(out: Output, element: DicomElement, encoding: Encoding): void {
  const { tag, vr, value } = element;
  const inner = innerEncoding(vr, value, encoding);
  const undefinedLength = value.kind === "fragments" || (value.kind === "items" && value.undefinedLength);
  const length = undefinedLength ? UNDEFINED_LENGTH : sizeOfValue(value, inner);
  out.tag(tag);
  if (encoding.explicit) {
    out.letters(vr);
    if (SHORT_VRS.has(vr)) {
      if (length > 0xffff)
        throw dicomError("LYN_DICOM_INVALID", `a value of ${length} bytes is too long for ${vr}`);
      out.u16(length);
    } else {
      out.u16(element.reserved ?? 0);
      out.u32(length);
    }
  } else out.u32(length);
  writeValue(out, value, inner);
}

function writeValue(out: Output, value: DicomValue, encoding: Encoding): void {
  if (value.kind === "bytes") out.bytes(value.bytes);
  else if (value.kind === "fragments") writeFragments(out, value.fragments);
  else {
    for (const item of value.items) writeItem(out, item, encoding);
    if (value.undefinedLength) writeDelimiter(out, SEQUENCE_END);
  }
}

function writeFragments(out: Output, fragments: readonly Uint8Array[]): void {
  for (const fragment of fragments) {
    out.tag(ITEM);
    out.u32(fragment.length);
    out.bytes(fragment);
  }
  writeDelimiter(out, SEQUENCE_END);
}

function writeItem(out: Output, item: DicomItem, encoding: Encoding): void {
  out.tag(ITEM);
  out.u32(item.undefinedLength ? UNDEFINED_LENGTH : sizeOfAll(item.elements, encoding));
  for (const element of item.elements) writeElement(out, element, encoding);
  if (item.undefinedLength) writeDelimiter(out, ITEM_END);
}

function writeDelimiter(out: Output, tag: number): void {
  out.tag(tag);
  out.u32(0);
}

/** Items of an undefined-length UN are implicit whatever surrounds them. */
function innerEncoding(vr: string, value: DicomValue, encoding: Encoding): Encoding {
  return vr === "UN" && value.kind === "items" ? { explicit: false } : encoding;
}

function sizeOfAll(elements: readonly DicomElement[], encoding: Encoding): number {
  let size = 0;
  for (const { vr, value } of elements) {
    const header = encoding.explicit && !SHORT_VRS.has(vr) ? 12 : 8;
    size += header + sizeOfValue(value, innerEncoding(vr, value, encoding));
  }
  return size;
}

function sizeOfValue(value: DicomValue, encoding: Encoding): number {
  if (value.kind === "bytes") return value.bytes.length;
  if (value.kind === "fragments") {
    return value.fragments.reduce((sum, { length }) => sum + DELIMITER_BYTES + length, DELIMITER_BYTES);
  }
  let size = value.undefinedLength ? DELIMITER_BYTES : 0;
  for (const item of value.items) {
    const ends = item.undefinedLength ? DELIMITER_BYTES : 0;
    size += DELIMITER_BYTES + sizeOfAll(item.elements, encoding) + ends;
  }
  return size;
}
