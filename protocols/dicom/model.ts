/**
 * A DICOM data set as it stands in bytes (PS3.5 clause 7): what {@link encodeDataSet} writes of it is what was read, byte for
 * byte. Values stay bytes until somebody asks for them, so tags and VRs that nobody knows lose nothing.
 */
export interface DataSet {
  /** In the order of the stream. */
  readonly elements: readonly DicomElement[];
}

/** One data element. */
export interface DicomElement {
  /** `group << 16 | element`, unsigned. */
  readonly tag: number;
  /** Two letters; of the dictionary where the stream is implicit, `UN` where it does not know either. */
  readonly vr: string;
  readonly value: DicomValue;
  /** The two bytes after a long VR, where they are not zero as they should be. */
  readonly reserved?: number;
}

/** The value field: plain bytes (little endian), items of a sequence, or fragments of encapsulated pixel data. */
export type DicomValue =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "items"; readonly items: readonly DicomItem[]; readonly undefinedLength: boolean }
  | { readonly kind: "fragments"; readonly fragments: readonly Uint8Array[] };

/** One item of a sequence. */
export interface DicomItem extends DataSet {
  readonly undefinedLength: boolean;
}

/** How a data set is encoded: little endian, with VRs in the stream or without. */
export interface Encoding {
  readonly explicit: boolean;
}

/** VRs whose explicit header has 2 bytes of length; all others have 2 reserved bytes and 4 of length (PS3.5, 7.1.2). */
export const SHORT_VRS: ReadonlySet<string> = new Set(
  "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split(" "),
);

export const UNDEFINED_LENGTH = 0xffff_ffff;
export const ITEM = 0xfffe_e000;
export const ITEM_END = 0xfffe_e00d;
export const SEQUENCE_END = 0xfffe_e0dd;
