import { attributeOf, formatTag } from "./dictionary.ts";
import { dicomError } from "./errors.ts";
import type { DataSet, DicomElement, DicomItem } from "./model.ts";
import { isText } from "./values.ts";

/** What an attribute is built from: text, numbers, bytes or items; an empty array gives an empty value. */
export type BuildValue = string | number | Uint8Array | readonly (string | number)[] | readonly DataSet[];

const UTF8 = new TextEncoder();
const PAD_ZERO: ReadonlySet<string> = new Set(["UI", "OB", "UN", "OW", "OF", "OD", "OL"]);

/**
 * A data element of the dictionary's VR (DICOS meaning), padded to an even length. Text is UTF-8: an object with other than
 * ASCII in it says `ISO_IR 192`.
 * @throws LYN_DICOM_INVALID for a tag that the dictionary does not know, unless `vr` is given.
 */
export function element(tag: number, value: BuildValue, vr = attributeOf(tag, true)?.vr): DicomElement {
  if (vr === undefined)
    throw dicomError("LYN_DICOM_INVALID", `no value representation for ${formatTag(tag)}`);
  if (vr === "SQ") return { tag, vr, value: { kind: "items", items: toItems(value), undefinedLength: true } };
  return { tag, vr, value: { kind: "bytes", bytes: padded(encodeValue(tag, vr, value), vr) } };
}

/** Elements in the order of their tags, as PS3.5 wants them. */
export function dataSet(elements: readonly DicomElement[]): DataSet {
  return { elements: [...elements].sort((a, b) => a.tag - b.tag) };
}

function toItems(value: BuildValue): DicomItem[] {
  if (!Array.isArray(value)) throw dicomError("LYN_DICOM_INVALID", "a sequence is built from items");
  return (value as readonly DataSet[]).map(({ elements }) => ({ elements, undefinedLength: true }));
}

function encodeValue(tag: number, vr: string, value: BuildValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const list = (Array.isArray(value) ? value : [value]) as readonly (string | number)[];
  if (isText(vr))
    return UTF8.encode(list.map((part) => (typeof part === "number" ? decimal(part) : part)).join("\\"));
  return binary(tag, vr, list.map(Number));
}

/** A number as DS or IS writes it: at most 16 characters. */
function decimal(value: number): string {
  const plain = String(value);
  return plain.length <= 16 ? plain : value.toPrecision(10).slice(0, 16);
}

function binary(tag: number, vr: string, list: readonly number[]): Uint8Array {
  const size = { US: 2, SS: 2, UL: 4, SL: 4, FL: 4, FD: 8, AT: 4 }[vr];
  if (size === undefined)
    throw dicomError("LYN_DICOM_INVALID", `${formatTag(tag)} is not built from numbers`);
  const bytes = new Uint8Array(list.length * size);
  const view = new DataView(bytes.buffer);
  list.forEach((value, index) => {
    const at = index * size;
    if (vr === "US") view.setUint16(at, value, true);
    else if (vr === "SS") view.setInt16(at, value, true);
    else if (vr === "UL") view.setUint32(at, value, true);
    else if (vr === "SL") view.setInt32(at, value, true);
    else if (vr === "FL") view.setFloat32(at, value, true);
    else if (vr === "FD") view.setFloat64(at, value, true);
    else {
      view.setUint16(at, value >>> 16, true);
      view.setUint16(at + 2, value & 0xffff, true);
    }
  });
  return bytes;
}

function padded(bytes: Uint8Array, vr: string): Uint8Array {
  if (bytes.length % 2 === 0) return bytes;
  const even = new Uint8Array(bytes.length + 1);
  even.set(bytes);
  if (!PAD_ZERO.has(vr)) even[bytes.length] = 0x20;
  return even;
}
