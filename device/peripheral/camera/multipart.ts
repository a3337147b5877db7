import { LynceusError } from "../../../protocols/errors.ts";

/** A picture is at most this large, bytes. */
export const MAX_PICTURE_BYTES = 16 * 1024 * 1024;
/** Headers of one part, at most, bytes. */
const MAX_HEADER_BYTES = 4096;

const JPEG_START = [0xff, 0xd8] as const;

/**
 * Cuts the pictures out of a `multipart/x-mixed-replace` stream as cameras send it (MJPEG). A part's length is taken from its
 * header; without one it ends at the next boundary. Memory is bounded by {@link MAX_PICTURE_BYTES}.
 */
export class MultipartPictures {
  readonly #boundary: Buffer;
  #held: Buffer = Buffer.alloc(0);

  /** @param boundary as the content type names it, without the leading hyphens. */
  constructor(boundary: string) {
    this.#boundary = Buffer.from(`--${boundary.replace(/^--/, "")}`, "latin1");
  }

  /**
   * Takes bytes, returns the pictures that they complete.
   * @throws LynceusError `LYN_CAMERA` when a part is larger than a picture may be.
   */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    this.#held = Buffer.concat([this.#held, chunk]);
    const pictures: Uint8Array[] = [];
    for (let part = this.#next(); part !== null; part = this.#next()) if (isJpeg(part)) pictures.push(part);
    if (this.#held.length > MAX_PICTURE_BYTES + MAX_HEADER_BYTES)
      throw cameraError("a picture of the stream is larger than 16 MiB");
    return pictures;
  }

  #next(): Uint8Array | null {
    const start = this.#held.indexOf(this.#boundary);
    if (start < 0) return null;
    const headersEnd = this.#held.indexOf("\r\n\r\n", start + this.#boundary.length);
    if (headersEnd < 0) return null;
    const headers = this.#held.toString("latin1", start + this.#boundary.length, headersEnd);
    if (headers.length > MAX_HEADER_BYTES) throw cameraError("the headers of a part are over 4 KiB");
    const from = headersEnd + 4;
    const length = /content-length:\s*(\d{1,9})/i.exec(headers)?.[1];
    const end = length === undefined ? this.#held.indexOf(this.#boundary, from) : from + Number(length);
    if (length !== undefined && Number(length) > MAX_PICTURE_BYTES)
      throw cameraError("a picture of the stream is larger than 16 MiB");
    if (end < 0 || end > this.#held.length) return null;
    const part = Uint8Array.from(this.#held.subarray(from, end));
    this.#held = Buffer.from(this.#held.subarray(end));
    return part;
  }
}

/** The boundary that a content type names, or null. */
export function boundaryOf(contentType: string): string | null {
  return /multipart\/x-mixed-replace.*boundary="?([^";\s]{1,70})"?/i.exec(contentType)?.[1] ?? null;
}

function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === JPEG_START[0] && bytes[1] === JPEG_START[1];
}

export function cameraError(why: string): LynceusError {
  return new LynceusError("LYN_CAMERA", `The camera cannot be used: ${why}`, {
    remedy: "Give the URL of a JPEG snapshot or an MJPEG stream, or a folder of pictures",
  });
}
