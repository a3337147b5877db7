import type { DataSet, DicomElement, DicomItem } from "./model.ts";
import { TAG } from "./tags.ts";

/** Label of `TextDecoder` for each term of (0008,0005) that security scanners use; others are read as Latin-1. */
const CHARSETS: Readonly<Record<string, string>> = {
  "ISO_IR 192": "utf-8",
  GB18030: "gb18030",
  GBK: "gbk",
  "ISO 2022 IR 149": "euc-kr",
  "ISO_IR 13": "shift_jis",
  "ISO 2022 IR 13": "shift_jis",
  "ISO_IR 144": "iso-8859-5",
  "ISO_IR 127": "iso-8859-6",
  "ISO_IR 126": "iso-8859-7",
  "ISO_IR 101": "iso-8859-2",
};
/** VRs whose text depends on the character set (PS3.5, 6.1.2.3). */
const LOCAL_TEXT: ReadonlySet<string> = new Set("LO LT PN SH ST UC UT".split(" "));
/** VRs in which a backslash does not part values. */
const ONE_VALUE: ReadonlySet<string> = new Set("LT ST UT UR".split(" "));
const BINARY: Readonly<Record<string, number>> = {
  US: 2,
  SS: 2,
  UL: 4,
  SL: 4,
  FL: 4,
  FD: 8,
  UV: 8,
  SV: 8,
  AT: 4,
  OW: 2,
};
const TEXT_VRS: ReadonlySet<string> = new Set(
  "AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split(" "),
);

/** The element of a tag at this level; undefined where it is absent. */
export function find(set: DataSet, tag: number): DicomElement | undefined {
  return set.elements.find((element) => element.tag === tag);
}

/** Whether the VR holds text. */
export function isText(vr: string): boolean {
  return TEXT_VRS.has(vr);
}

/** The values of a text element, trimmed of padding; empty where absent, empty or not text. `charset`: see {@link charsetOf}. */
export function texts(element: DicomElement | undefined, charset = "latin1"): readonly string[] {
  if (element?.value.kind !== "bytes" || element.value.bytes.length === 0) return [];
  const { vr, value } = element;
  const text = new TextDecoder(LOCAL_TEXT.has(vr) ? charset : "latin1").decode(value.bytes);
  const parts = ONE_VALUE.has(vr) ? [text] : text.split("\\");
  return parts.map((part) => part.replace(/[\0 ]+$/, "").replace(/^ +/, ""));
}

/** The first value of a text attribute, null where it is absent or empty. */
export function textOf(set: DataSet, tag: number): string | null {
  const [first] = texts(find(set, tag), charsetOf(set));
  return first === undefined || first === "" ? null : first;
}

/** All values of a text attribute. */
export function textsOf(set: DataSet, tag: number): readonly string[] {
  return texts(find(set, tag), charsetOf(set));
}

/** What `TextDecoder` calls the character set of an object: UTF-8, the Korean and Chinese ones, else Latin-1. */
export function charsetOf(set: DataSet): string {
  const element = find(set, TAG.characterSet);
  if (element === undefined) return "latin1";
  const terms = texts(element);
  return CHARSETS[terms.findLast((term) => term in CHARSETS) ?? ""] ?? "latin1";
}

/** The numbers of an element, binary or decimal text; what is no number is left out. 64-bit integers lose what is above 2^53. */
export function numbers(element: DicomElement | undefined): readonly number[] {
  if (element?.value.kind !== "bytes") return [];
  const { vr, value } = element;
  if (vr === "DS" || vr === "IS") {
    return texts(element).flatMap((text) => {
      const number = Number(text);
      return text === "" || !Number.isFinite(number) ? [] : [number];
    });
  }
  const size = BINARY[vr];
  if (size === undefined) return [];
  const view = new DataView(value.bytes.buffer, value.bytes.byteOffset, value.bytes.byteLength);
  const count = Math.floor(value.bytes.length / size);
  return Array.from({ length: count }, (_, index) => binary(view, index * size, vr));
}

function binary(view: DataView, at: number, vr: string): number {
  switch (vr) {
    case "US":
    case "OW":
      return view.getUint16(at, true);
    case "SS":
      return view.getInt16(at, true);
    case "UL":
      return view.getUint32(at, true);
    case "SL":
      return view.getInt32(at, true);
    case "FL":
      return view.getFloat32(at, true);
    case "FD":
      return view.getFloat64(at, true);
    case "SV":
      return Number(view.getBigInt64(at, true));
    case "AT":
      return view.getUint16(at, true) * 0x10000 + view.getUint16(at + 2, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}

/** The first number of an attribute, null where there is none. */
export function numberOf(set: DataSet, tag: number): number | null {
  return numbers(find(set, tag))[0] ?? null;
}

/** All numbers of an attribute. */
export function numbersOf(set: DataSet, tag: number): readonly number[] {
  return numbers(find(set, tag));
}

/** The items of a sequence; empty where it is absent or no sequence. */
export function itemsOf(set: DataSet, tag: number): readonly DicomItem[] {
  const value = find(set, tag)?.value;
  return value?.kind === "items" ? value.items : [];
}
