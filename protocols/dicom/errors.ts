import { type ErrorCode, LynceusError } from "../errors.ts";

type DicomCode = Extract<ErrorCode, `LYN_DICOM_${string}`>;

const REMEDIES: Partial<Record<DicomCode, string>> = {
  LYN_DICOM_FORMAT: "Give a DICOM Part 10 file: 128 bytes, then DICM, as scanners and archives write them.",
  LYN_DICOM_INVALID: "Export or send the object again; if it stays so, its writer breaks PS3.5.",
  LYN_DICOM_TRUNCATED: "Send or copy the object again: it is cut short.",
  LYN_DICOM_LIMIT: "Check that the object is a scan; no scanner writes one so large or so deeply nested.",
  LYN_DICOM_SYNTAX: "Have the scanner send explicit little endian, RLE, JPEG lossless, JPEG-LS or JPEG 2000.",
  LYN_DICOM_PIXELS: "Compare rows, columns, bits and the photometric interpretation with the pixel data.",
};

/** A typed error of the DICOM codec. `at`: byte offset in the object, where one is known. */
export function dicomError(
  code: DicomCode,
  message: string,
  details?: Readonly<Record<string, unknown>>,
): LynceusError {
  const remedy = REMEDIES[code] ?? "Look at both ends of the link.";
  return new LynceusError(code, message, details === undefined ? { remedy } : { remedy, details });
}
