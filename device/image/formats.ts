import { type FileHandle, open } from "node:fs/promises";
import { LynceusError } from "../../protocols/errors.ts";
import { IMAGE_LIMITS } from "./limits.ts";

/** Image containers that are read. Told by content: a name proves nothing. */
export type ImageFormat = "png" | "tiff" | "jpeg";

/** What the first bytes of a file say it is. */
export type FileNature = ImageFormat | "dicom" | "text" | "unknown";

const SNIFF_BYTES = 132;
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Tells a file by its first 132 bytes: PNG and JPEG signatures, TIFF and BigTIFF byte orders, the DICOM preamble. */
export function sniff(head: Uint8Array): FileNature {
  if (PNG_SIGNATURE.every((byte, index) => head[index] === byte)) return "png";
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "jpeg";
  const order = String.fromCharCode(head[0] ?? 0, head[1] ?? 0);
  if (order === "II" && (head[2] === 42 || head[2] === 43) && head[3] === 0) return "tiff";
  if (order === "MM" && head[2] === 0 && (head[3] === 42 || head[3] === 43)) return "tiff";
  if (head.length >= 132 && String.fromCharCode(...head.subarray(128, 132)) === "DICM") return "dicom";
  const printable = head.length > 0 && head.every((byte) => byte >= 0x20 || (byte >= 9 && byte <= 13));
  return printable ? "text" : "unknown";
}

/**
 * Opens `file` far enough to know that it is an image that this gateway reads.
 * @throws LYN_PATH_MISSING, LYN_IMAGE_FORMAT, LYN_IMAGE_SIZE (empty, over the file bound, a PNG that says 0 pixels).
 */
export async function probeFormat(file: string): Promise<ImageFormat> {
  const handle = await openImage(file);
  try {
    const { size } = await handle.stat();
    if (size === 0)
      throw sizeError(file, "it is empty (0 bytes)", "Send the file again; the copy did not finish.");
    if (size > IMAGE_LIMITS.maxFileBytes) {
      throw sizeError(
        file,
        `it has ${size} bytes, more than ${IMAGE_LIMITS.maxFileBytes}`,
        "Export one view a file.",
      );
    }
    const head = new Uint8Array(Math.min(SNIFF_BYTES, size));
    await handle.read(head, 0, head.length, 0);
    return readable(file, head);
  } finally {
    await handle.close();
  }
}

async function openImage(file: string): Promise<FileHandle> {
  try {
    return await open(file, "r");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new LynceusError("LYN_PATH_MISSING", `${file} does not exist`, {
        remedy: "Check the path; a dual-energy pair is given as low.tif,high.tif without spaces.",
        details: { file },
        cause,
      });
    }
    throw new LynceusError("LYN_IMAGE_UNREADABLE", `${file} cannot be opened: ${code ?? String(cause)}`, {
      remedy: "Check that the file may be read by the user that runs this command.",
      details: { file },
      cause,
    });
  }
}

function readable(file: string, head: Uint8Array): ImageFormat {
  const nature = sniff(head);
  if (nature === "png" && head.length >= 24) {
    const view = new DataView(head.buffer, head.byteOffset);
    if (view.getUint32(16) === 0 || view.getUint32(20) === 0) {
      throw sizeError(
        file,
        `its header says ${view.getUint32(16)} × ${view.getUint32(20)} pixels`,
        "Export the scan again.",
      );
    }
  }
  if (nature === "png" || nature === "tiff" || nature === "jpeg") return nature;
  const what = {
    dicom: "it is a DICOM object by another name",
    text: "it is text, not an image, whatever its name says",
    unknown: "its content is no PNG, TIFF, JPEG or DICOM, whatever its name says",
  }[nature];
  throw new LynceusError("LYN_IMAGE_FORMAT", `${file} cannot be analysed: ${what}`, {
    remedy:
      nature === "dicom"
        ? "Name DICOM objects .dcm or .dcs."
        : "Give 16-bit PNG or TIFF planes, an 8-bit PNG or JPEG, or DICOM objects, as the scanner exported them.",
    details: { file, content: nature },
  });
}

/** An image whose size is out of bounds. */
export function sizeError(file: string, reason: string, remedy: string): LynceusError {
  return new LynceusError("LYN_IMAGE_SIZE", `${file} cannot be analysed: ${reason}`, {
    remedy,
    details: { file },
  });
}
