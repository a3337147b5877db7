import { attributeOf, formatTag } from "./dictionary.ts";
import { dicomError } from "./errors.ts";
import { DICOM_LIMITS } from "./limits.ts";
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
import { PIXEL_TAGS, TAG } from "./tags.ts";
import { isDicos } from "./uids.ts";

/** Where the pixel data of a head stands; its value was not read. */
export interface PixelLocation {
  readonly tag: number;
  readonly vr: string;
  /** Offset of the value field in the bytes that were given. */
  readonly offset: number;
  /** Bytes of the value field; null for encapsulated fragments, whose end only their delimiter tells. */
  readonly length: number | null;
}

/** A data set, with what ended it. */
export interface ReadDataSet extends DataSet {
  /** With `untilPixels`: where the pixel data begins. */
  readonly pixels: PixelLocation | null;
  /** Offset behind the last element read. */
  readonly end: number;
}

export interface ReadOptions extends Encoding {
  /** Offset of the first element. */
  readonly offset?: number;
  /** Stops at the pixel data of the top level: all that follows it is not read. */
  readonly untilPixels?: boolean;
  /** Stops before the first element of another group (file meta information). */
  readonly onlyGroup?: number;
}

interface Header {
  readonly tag: number;
  readonly vr: string;
  readonly length: number;
  readonly reserved: number;
}

/**
 * Reads a little-endian data set (PS3.5 clause 7) as it stands: order, length forms, odd lengths, unknown tags and VRs are
 * kept. Values are views into `bytes`, not copies.
 * @throws LYN_DICOM_TRUNCATED, LYN_DICOM_INVALID, LYN_DICOM_LIMIT
 */
export function readDataSet(bytes: Uint8Array, options: ReadOptions): ReadDataSet {
  return new Reader(bytes, options).read(options);
}

/** The fragments of encapsulated pixel data whose value begins at `offset`; the first is the basic offset table. Throws as {@link readDataSet}. */
export function readFragments(bytes: Uint8Array, offset: number): readonly Uint8Array[] {
  return new Reader(bytes, { explicit: true, offset }).fragments();
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  #count = 0;
  #dicos = false;

  constructor(bytes: Uint8Array, options: ReadOptions) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = options.offset ?? 0;
  }

  read(options: ReadOptions): ReadDataSet {
    const elements: DicomElement[] = [];
    let pixels: PixelLocation | null = null;
    while (this.#at < this.#bytes.length) {
      // What follows the file meta information may be encoded otherwise: only its tag is looked at.
      if (options.onlyGroup !== undefined && this.#peekTag() >>> 16 !== options.onlyGroup) break;
      const header = this.#header(options);
      if (options.untilPixels === true && PIXEL_TAGS.has(header.tag)) {
        const length = header.length === UNDEFINED_LENGTH ? null : header.length;
        pixels = { tag: header.tag, vr: header.vr, offset: this.#at, length };
        break;
      }
      const element = this.#element(header, options, 0);
      this.#note(element);
      elements.push(element);
    }
    return { elements, pixels, end: this.#at };
  }

  /** DICOS redefines attributes, and implicit VR needs to know: the SOP class stands before them. */
  #note({ tag, value }: DicomElement): void {
    if (tag !== TAG.sopClass || value.kind !== "bytes") return;
    this.#dicos = isDicos(String.fromCharCode(...value.bytes.subarray(0, 64)));
  }

  #element(header: Header, encoding: Encoding, depth: number): DicomElement {
    const { tag, vr, reserved } = header;
    this.#tally();
    const value = this.#value(header, encoding, depth);
    return reserved === 0 ? { tag, vr, value } : { tag, vr, value, reserved };
  }

  #value({ tag, vr, length }: Header, encoding: Encoding, depth: number): DicomValue {
    if (length === UNDEFINED_LENGTH) {
      if (PIXEL_TAGS.has(tag) && vr !== "SQ") return { kind: "fragments", fragments: this.fragments() };
      // A sequence whose VR was unknown to some relay: its content is implicit (PS3.5, 6.2.2 note 6).
      return this.#items(vr === "UN" ? { explicit: false } : encoding, null, depth);
    }
    if (vr === "SQ") return this.#items(encoding, this.#bound(length, tag), depth);
    return { kind: "bytes", bytes: this.#take(length, tag) };
  }

  #items(encoding: Encoding, end: number | null, depth: number): DicomValue {
    if (depth >= DICOM_LIMITS.maxDepth) {
      throw dicomError("LYN_DICOM_LIMIT", `sequences are nested over ${DICOM_LIMITS.maxDepth} deep`);
    }
    const items: DicomItem[] = [];
    while (end === null || this.#at < end) {
      const { tag, length } = this.#delimiter();
      if (tag === SEQUENCE_END && end === null) {
        if (length !== 0) throw this.#invalid("a sequence delimiter has a length");
        return { kind: "items", items, undefinedLength: true };
      }
      if (tag !== ITEM) throw this.#invalid(`${formatTag(tag)} stands where an item should`);
      items.push(this.#item(length, encoding, depth));
    }
    if (this.#at !== end) throw this.#invalid("an item runs past the end of its sequence");
    return { kind: "items", items, undefinedLength: false };
  }

  #item(length: number, encoding: Encoding, depth: number): DicomItem {
    this.#tally();
    const elements: DicomElement[] = [];
    const end = length === UNDEFINED_LENGTH ? null : this.#bound(length, ITEM);
    while (end === null || this.#at < end) {
      if (end === null && this.#peekTag() === ITEM_END) {
        if (this.#delimiter().length !== 0) throw this.#invalid("an item delimiter has a length");
        return { elements, undefinedLength: true };
      }
      elements.push(this.#element(this.#header(encoding), encoding, depth + 1));
    }
    if (this.#at !== end) throw this.#invalid("an element runs past the end of its item");
    return { elements, undefinedLength: false };
  }

  fragments(): readonly Uint8Array[] {
    const fragments: Uint8Array[] = [];
    for (;;) {
      const { tag, length } = this.#delimiter();
      if (tag === SEQUENCE_END) {
        if (length !== 0) throw this.#invalid("a sequence delimiter has a length");
        return fragments;
      }
      if (tag !== ITEM || length === UNDEFINED_LENGTH) {
        throw this.#invalid(`${formatTag(tag)} stands where a fragment of pixel data should`);
      }
      if (fragments.length >= DICOM_LIMITS.maxFragments) {
        throw dicomError("LYN_DICOM_LIMIT", `pixel data has over ${DICOM_LIMITS.maxFragments} fragments`);
      }
      fragments.push(this.#take(length, tag));
    }
  }

  #header(encoding: Encoding): Header {
    const start = this.#at;
    this.#need(8);
    const tag = this.#tag();
    if (tag >>> 16 === 0xfffe) throw this.#invalid(`${formatTag(tag)} stands where an element should`, start);
    return encoding.explicit ? this.#explicitHeader(tag) : this.#implicitHeader(tag);
  }

  #explicitHeader(tag: number): Header {
    const vr = String.fromCharCode(this.#bytes[this.#at] ?? 0, this.#bytes[this.#at + 1] ?? 0);
    if (!/^[A-Z]{2}$/.test(vr)) throw this.#invalid(`${formatTag(tag)} has no value representation`);
    this.#at += 2;
    const short = this.#view.getUint16(this.#at, true);
    this.#at += 2;
    if (SHORT_VRS.has(vr)) return { tag, vr, length: short, reserved: 0 };
    this.#need(4);
    const length = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return { tag, vr, length, reserved: short };
  }

  #implicitHeader(tag: number): Header {
    const length = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return { tag, vr: attributeOf(tag, this.#dicos)?.vr ?? "UN", length, reserved: 0 };
  }

  /** Tag and length of an item or delimiter, which have no VR in any encoding. */
  #delimiter(): { tag: number; length: number } {
    this.#need(8);
    const tag = this.#tag();
    const length = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return { tag, length };
  }

  #tag(): number {
    const tag = this.#peekTag();
    this.#at += 4;
    return tag;
  }

  #peekTag(): number {
    this.#need(4);
    const group = this.#view.getUint16(this.#at, true);
    return ((group << 16) | this.#view.getUint16(this.#at + 2, true)) >>> 0;
  }

  #take(length: number, tag: number): Uint8Array {
    const end = this.#bound(length, tag);
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return value;
  }

  #bound(length: number, tag: number): number {
    const end = this.#at + length;
    if (end > this.#bytes.length) {
      const missing = end - this.#bytes.length;
      throw truncated(`${formatTag(tag)} claims ${length} bytes, ${missing} more than there are`, this.#at);
    }
    return end;
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#bytes.length) throw truncated("the object ends inside an element", this.#at);
  }

  #tally(): void {
    if (++this.#count <= DICOM_LIMITS.maxElements) return;
    throw dicomError("LYN_DICOM_LIMIT", `the object has over ${DICOM_LIMITS.maxElements} elements`);
  }

  #invalid(message: string, at = this.#at) {
    return dicomError("LYN_DICOM_INVALID", `${message} (byte ${at})`, { at });
  }
}

function truncated(message: string, at: number) {
  return dicomError("LYN_DICOM_TRUNCATED", `${message} (byte ${at})`, { at });
}
