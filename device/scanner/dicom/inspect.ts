import { type ObjectInfo, objectInfo } from "../../../protocols/dicom/object.ts";
import type { Part10Head } from "../../../protocols/dicom/part10.ts";
import type { PixelDescription } from "../../../protocols/dicom/pixels/description.ts";
import { type ErrorCode, LynceusError } from "../../../protocols/errors.ts";
import { readShortHeadOf } from "../../image/dicom/file.ts";

/** What a lane keeps of a head: the head itself may be 64 MB, and hundreds of objects wait. */
export interface Inspected {
  readonly info: ObjectInfo;
  /** Where the pixel data lies; `length` null where it is encapsulated; null without pixel data. */
  readonly pixels: { readonly offset: number; readonly length: number | null } | null;
}

/** An error as it goes from thread to thread. */
export interface ErrorWords {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly remedy: string;
}

/** {@link Inspected} as it goes from thread to thread: an error would arrive without its code. */
export interface InspectedMessage {
  readonly info: Omit<ObjectInfo, "pixels">;
  readonly description: PixelDescription | null;
  readonly unreadable: ErrorWords | null;
  readonly pixels: Inspected["pixels"];
}

/**
 * Reads the head of a file. Long heads are read in another thread: a million elements would hold up every lane of the gateway.
 * @throws LYN_DICOM_…
 */
export async function inspectFile(
  path: string,
  worker: { inspect(path: string): Promise<Inspected> },
): Promise<Inspected> {
  const head = await readShortHeadOf(path);
  return head === null ? worker.inspect(path) : inspected(head);
}

/** What is kept of a head. No value of it is a view of the bytes. */
export function inspected(head: Part10Head): Inspected {
  const { pixels } = head;
  const place = pixels === null ? null : { offset: pixels.offset, length: pixels.length };
  return { info: objectInfo(head), pixels: place };
}

export function toMessage({ info, pixels: place }: Inspected): InspectedMessage {
  const { pixels, ...rest } = info;
  if (!(pixels instanceof Error)) return { info: rest, description: pixels, unreadable: null, pixels: place };
  const { code, message, remedy } = pixels;
  return { info: rest, description: null, unreadable: { code, message, remedy }, pixels: place };
}

export function fromMessage({ info, description, unreadable, pixels: place }: InspectedMessage): Inspected {
  const pixels = unreadable === null ? description : errorOf(unreadable);
  return { info: { ...info, pixels }, pixels: place };
}

export function errorOf({ code, message, remedy }: ErrorWords): LynceusError {
  return new LynceusError(code ?? "LYN_DICOM_CODEC", message, { remedy });
}
