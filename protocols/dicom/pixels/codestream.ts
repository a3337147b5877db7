import { dicomError } from "../errors.ts";
import type { PixelDescription } from "./description.ts";

/** What the header of a compressed frame says of itself. */
interface Codestream {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly bits: number;
}

/**
 * Holds the header of a JPEG, JPEG-LS or JPEG 2000 frame to the object's description before a decoder sees it: what a
 * hostile header claims is what a decoder would allocate.
 * @throws LYN_DICOM_PIXELS where they differ, LYN_DICOM_CODEC where there is no header.
 */
export function checkCodestream(frame: Uint8Array, description: PixelDescription): void {
  const { width, height, components, bits } = headerOf(frame);
  const { columns, rows, samplesPerPixel, bitsAllocated } = description;
  if (width === columns && height === rows && components === samplesPerPixel && bits <= bitsAllocated) return;
  throw dicomError(
    "LYN_DICOM_PIXELS",
    `compressed ${width} × ${height} × ${components} of ${bits} bits, described as ${columns} × ${rows} × ${samplesPerPixel} of ${bitsAllocated}`,
  );
}

function headerOf(frame: Uint8Array): Codestream {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length >= 46 && view.getUint32(0) === 0xff4f_ff51) {
    const width = view.getUint32(8) - view.getUint32(16);
    const height = view.getUint32(12) - view.getUint32(20);
    return { width, height, components: view.getUint16(40), bits: (view.getUint8(42) & 0x7f) + 1 };
  }
  if (frame.length > 4 && view.getUint16(0) === 0xffd8) return jpegHeader(view);
  throw dicomError("LYN_DICOM_CODEC", "a compressed frame has no header of JPEG, JPEG-LS or JPEG 2000");
}

/** Marker by marker to the start of frame: SOF0 to SOF15 without DHT, JPG and DAC, or SOF55 of JPEG-LS. */
function jpegHeader(view: DataView): Codestream {
  for (let at = 2; at + 10 <= view.byteLength; ) {
    const marker = view.getUint16(at);
    if (marker === 0xffff) {
      at += 1;
      continue;
    }
    if (marker < 0xff00) break;
    const frame =
      (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) ||
      marker === 0xfff7;
    if (frame) {
      return {
        bits: view.getUint8(at + 4),
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
      };
    }
    at += 2 + view.getUint16(at + 2);
  }
  throw dicomError("LYN_DICOM_CODEC", "a compressed frame ends before it says how large it is");
}
