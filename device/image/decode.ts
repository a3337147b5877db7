import sharp from "sharp";
import { LynceusError } from "../../protocols/errors.ts";
import { type ImageFormat, probeFormat, sizeError } from "./formats.ts";
import { colourContent, greyOf } from "./kind.ts";
import { IMAGE_LIMITS } from "./limits.ts";
import type { ImageInput } from "./naming.ts";
import { readSidecar, type Sidecar } from "./sidecar.ts";

/** The planes of one decoded scan; row-major, 16-bit planes in counts, `rgb` interleaved. Which are there depends on `kind`. */
export interface DecodedScan {
  readonly name: string;
  readonly kind: "dual-energy" | "single-energy" | "pseudo-colour";
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Bits a sample of the file: 8-bit grey is stored ×257. */
  readonly bits: 8 | 16;
  readonly low?: Uint16Array;
  readonly high?: Uint16Array;
  readonly single?: Uint16Array;
  readonly rgb?: Uint8Array;
  /** Colours were drawn into a grey radiograph. */
  readonly marked: boolean;
  readonly sidecar: Sidecar;
}

/** One decoded file. */
interface Plane {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly bits: 8 | 16;
  readonly grey?: Uint16Array;
  readonly rgb?: Uint8Array;
  readonly marked: boolean;
}

/**
 * Reads the files of one scan: 16-bit grey PNG or TIFF, 8-bit grey or pseudo-colour PNG, TIFF or JPEG, or a dual-energy pair.
 * Headers are checked before pixels are touched; orientation tags are not applied (rows and columns stay as stored).
 * @throws LYN_PATH_MISSING, LYN_IMAGE_FORMAT, LYN_IMAGE_SIZE, LYN_IMAGE_UNREADABLE, LYN_IMAGE_PAIR, LYN_IMAGE_SIDECAR.
 */
export async function decodeScan(input: ImageInput): Promise<DecodedScan> {
  const [first, second] = input.files;
  if (first === null || second === null) throw halfPair(input);
  const sidecar = await readSidecar(input.sidecar);
  if (second === undefined) return single(input.name, await decodePlane(first), sidecar);
  const [low, high] = [await decodePlane(first), await decodePlane(second)];
  return pair(input.name, low, high, sidecar);
}

function single(name: string, plane: Plane, sidecar: Sidecar): DecodedScan {
  const { width, height, bits, marked } = plane;
  const common = { name, width, height, bits, marked, sidecar };
  if (plane.rgb) return { ...common, kind: "pseudo-colour", rgb: plane.rgb };
  return { ...common, kind: "single-energy", ...(plane.grey && { single: plane.grey }) };
}

function pair(name: string, low: Plane, high: Plane, sidecar: Sidecar): DecodedScan {
  const wrong = pairFault(low, high);
  if (wrong || !low.grey || !high.grey) {
    throw new LynceusError(
      "LYN_IMAGE_PAIR",
      `${low.file} and ${high.file} are no dual-energy pair: ${wrong}`,
      {
        remedy: "Give the low and the high plane of one acquisition, of equal size and depth, both grey.",
        details: { files: [low.file, high.file] },
      },
    );
  }
  const { width, height, bits } = low;
  const marked = low.marked || high.marked;
  return { name, kind: "dual-energy", width, height, bits, low: low.grey, high: high.grey, marked, sidecar };
}

function pairFault(low: Plane, high: Plane): string | null {
  if (!low.grey || !high.grey) return `${low.grey ? high.file : low.file} is pseudo-colour`;
  if (low.width !== high.width || low.height !== high.height) {
    return `${low.width} × ${low.height} and ${high.width} × ${high.height} pixels`;
  }
  return low.bits === high.bits ? null : `${low.bits} and ${high.bits} bits a sample`;
}

function halfPair(input: ImageInput): LynceusError {
  const present = input.files.find((file) => file !== null) ?? input.name;
  const missing = input.files[0] === null ? "low" : "high";
  return new LynceusError("LYN_IMAGE_PAIR", `${present} has no ${missing}-energy plane beside it`, {
    remedy: `Put the ${missing}-energy plane of the same acquisition beside it, named ${input.name}.${missing}.EXT.`,
    details: { files: [present] },
  });
}

async function decodePlane(file: string): Promise<Plane> {
  const format = await probeFormat(file);
  const header = await readHeader(file, format);
  const sixteen = header.grey && header.bits === 16;
  const pixels = await readPixels(file, sixteen);
  if (pixels.width !== header.width || pixels.height !== header.height) {
    throw unreadable(file, "its pixels do not match its header");
  }
  const { width, height } = header;
  if (sixteen) return { file, width, height, bits: 16, grey: asSamples(pixels.data), marked: false };
  const rgb = pixels.data;
  const content = colourContent(rgb);
  if (content.kind === "pseudo-colour") return { file, width, height, bits: 8, rgb, marked: false };
  return { file, width, height, bits: 8, grey: greyOf(rgb), marked: content.marked };
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly grey: boolean;
  readonly bits: number;
}

/** The header alone, with every bound, before a pixel is decoded. */
async function readHeader(file: string, format: ImageFormat): Promise<Header> {
  const meta = await sharp(file, { limitInputPixels: false, failOn: "error" })
    .metadata()
    .catch((cause: unknown) => {
      throw unreadable(file, reasonOf(cause), cause);
    });
  const { width, height } = meta;
  if (meta.format !== format) throw unreadable(file, `it is read as ${meta.format}, not as ${format}`);
  if (!(width >= 1 && height >= 1)) {
    throw sizeError(file, `its header says ${width} × ${height} pixels`, "Export the scan again.");
  }
  if (width * height > IMAGE_LIMITS.maxPixels) {
    throw sizeError(
      file,
      `its header says ${width} × ${height} pixels, more than ${IMAGE_LIMITS.maxPixels}`,
      "Check that the file is a scan; cut a longer one into parts.",
    );
  }
  if ((meta.pages ?? 1) > 1) {
    throw unreadable(file, `it holds ${meta.pages} pages; one plane a file is expected`);
  }
  if (meta.depth !== "uchar" && meta.depth !== "ushort") {
    throw unreadable(file, `its samples are ${meta.depth}; 8-bit and 16-bit unsigned are read`);
  }
  const grey = meta.channels - (meta.hasAlpha ? 1 : 0) === 1 && !meta.isPalette;
  return { width, height, grey, bits: meta.depth === "ushort" ? 16 : 8 };
}

/** Samples as stored for 16-bit grey, else 8-bit sRGB; transparency is laid on white, the colour of air. */
async function readPixels(file: string, sixteen: boolean) {
  const image = sharp(file, {
    limitInputPixels: IMAGE_LIMITS.maxPixels,
    failOn: "error",
    sequentialRead: true,
  });
  const output = sixteen
    ? image.removeAlpha().toColourspace("grey16").raw({ depth: "ushort" })
    : image.flatten({ background: "#ffffff" }).toColourspace("srgb").raw({ depth: "uchar" });
  try {
    const { data, info } = await output.toBuffer({ resolveWithObject: true });
    if (info.channels !== (sixteen ? 1 : 3)) throw new Error(`${info.channels} channels`);
    return { data, width: info.width, height: info.height };
  } catch (cause) {
    throw unreadable(file, reasonOf(cause), cause);
  }
}

function asSamples(data: Uint8Array): Uint16Array {
  if (data.byteOffset % 2 === 0) return new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  return new Uint16Array(data.slice().buffer);
}

function unreadable(file: string, reason: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_IMAGE_UNREADABLE", `${file} cannot be read: ${reason}`, {
    remedy: "Export or copy the file again: it is damaged, cut short or in a form that is not read.",
    details: { file },
    cause,
  });
}

/** libvips reports on several lines and names the file again: the first line that says something. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const line = message
    .split("\n")
    .map((text) => text.trim())
    .find((text) => text !== "");
  return (line ?? "damaged").slice(0, 160);
}
