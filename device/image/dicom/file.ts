import { type FileHandle, open } from "node:fs/promises";
import { dicomError } from "../../../protocols/dicom/errors.ts";
import { DICOM_LIMITS } from "../../../protocols/dicom/limits.ts";
import { type Part10Head, readHead } from "../../../protocols/dicom/part10.ts";
import { describePixels } from "../../../protocols/dicom/pixels/description.ts";
import { framesOf, joinFragments } from "../../../protocols/dicom/pixels/frames.ts";
import { type DecodedPlane, planeOf } from "../../../protocols/dicom/pixels/plane.ts";
import { readFragments } from "../../../protocols/dicom/reader.ts";
import { isLynceusError } from "../../../protocols/errors.ts";
import type { Codecs } from "./codecs.ts";

/** Bytes first read of a file: most heads fit. */
const FIRST_READ = 256 * 1024;
/** Bytes of compressed pixel data that are read at once. */
const MAX_ENCAPSULATED_BYTES = 256 * 1024 * 1024;

/**
 * Reads a file as far as its pixel data, in ever larger pieces.
 * @throws LYN_DICOM_…; LYN_DICOM_LIMIT where the pixel data does not begin within `maxHeadBytes`.
 */
export async function readHeadOf(path: string): Promise<Part10Head> {
  await using handle = await open(path, "r");
  return await growingHead(handle); // before the file is closed
}

/** The head of a file where it lies in its first {@link FIRST_READ} bytes, as most do; null where it is longer. @throws LYN_DICOM_… */
export async function readShortHeadOf(path: string): Promise<Part10Head | null> {
  await using handle = await open(path, "r");
  const { size } = await handle.stat();
  try {
    return readHead(await readAt(handle, 0, Math.min(FIRST_READ, size)));
  } catch (error) {
    if (isLynceusError(error, "LYN_DICOM_TRUNCATED") && size > FIRST_READ) return null;
    throw error;
  }
}

async function growingHead(handle: FileHandle): Promise<Part10Head> {
  const { size } = await handle.stat();
  for (let bytes = FIRST_READ; ; bytes *= 4) {
    const piece = await readAt(handle, 0, Math.min(bytes, size, DICOM_LIMITS.maxHeadBytes));
    try {
      return readHead(piece);
    } catch (error) {
      if (!isLynceusError(error, "LYN_DICOM_TRUNCATED") || piece.length >= size) throw error;
      if (piece.length >= DICOM_LIMITS.maxHeadBytes) {
        throw dicomError("LYN_DICOM_LIMIT", `no pixel data within ${DICOM_LIMITS.maxHeadBytes} bytes`);
      }
    }
  }
}

/**
 * One frame of a file as a plane.
 * @param frame 0-based.
 * @throws LYN_DICOM_PIXELS, LYN_DICOM_CODEC, LYN_DICOM_SYNTAX, LYN_DICOM_TRUNCATED, LYN_DICOM_LIMIT
 */
export async function readPlane(
  path: string,
  head: Part10Head,
  codecs: Codecs,
  frame = 0,
): Promise<DecodedPlane> {
  const description = describePixels(head);
  const { pixels, transferSyntax } = head;
  if (pixels === null || frame >= description.frames)
    throw dicomError("LYN_DICOM_PIXELS", `there is no frame ${frame}`);
  await using handle = await open(path, "r");
  const { size } = await handle.stat();
  if (pixels.length !== null) {
    const from = pixels.offset + frame * description.frameBytes;
    if (from + description.frameBytes > Math.min(size, pixels.offset + pixels.length)) {
      throw dicomError("LYN_DICOM_PIXELS", `${pixels.length} bytes of pixel data are fewer than described`);
    }
    return planeOf(await readAt(handle, from, description.frameBytes), description, head.dataset);
  }
  const decoder = await codecs.decoderOf(transferSyntax);
  if (decoder === null) {
    throw dicomError("LYN_DICOM_SYNTAX", `pixel data of transfer syntax ${transferSyntax} is not read`);
  }
  const bytes = size - pixels.offset;
  if (bytes > MAX_ENCAPSULATED_BYTES) {
    throw dicomError(
      "LYN_DICOM_LIMIT",
      `${bytes} bytes of compressed pixel data, more than ${MAX_ENCAPSULATED_BYTES}`,
    );
  }
  const fragments = readFragments(await readAt(handle, pixels.offset, bytes), 0);
  const frames = framesOf(fragments, description.frames);
  return planeOf(decoder(joinFragments(frames[frame] ?? []), description), description, head.dataset);
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw dicomError("LYN_DICOM_TRUNCATED", "the file became shorter while it was read");
    done += bytesRead;
  }
  return bytes;
}
