import { z } from "zod";
import { LynceusError } from "../errors.ts";
import { issuePointer } from "../schema-issue.ts";
import { ENERGIES, IMAGE_FORMS } from "../vocabulary.ts";
import { count, sha256Hex } from "./common.ts";
import { MAX_IMAGE_PART_BYTES } from "./limits.ts";

export const IMAGE_SCHEMA = "lynceus-image/1.0";
/** The JSON header of a part, bytes at most. */
export const MAX_IMAGE_HEADER_BYTES = 4096;

/** Header of an image part (`mqtt.md` "Image parts"); `bytes` and `sha256` are of the whole file. */
export const imagePartHeaderSchema = z
  .strictObject({
    schema: z.literal(IMAGE_SCHEMA),
    request: z.string().min(1).max(128).describe("id of the command's event"),
    scanId: z.uuid(),
    view: z.int().min(0).max(7).nullable(),
    energy: z.enum(ENERGIES).nullable(),
    form: z.enum(IMAGE_FORMS),
    mediaType: z.string().max(128),
    width: count.nullable().describe("pixels, null where the form has none"),
    height: count.nullable().describe("pixels"),
    bytes: count.describe("of the whole file"),
    sha256: sha256Hex.describe("of the whole file"),
    part: count.describe("0-based"),
    parts: z.int().min(1),
    offset: count.describe("bytes from the start of the file"),
  })
  .describe("Header of an image part: u32 little-endian header length, this, bytes of the file");
export type ImagePartHeader = z.output<typeof imagePartHeaderSchema>;

export interface ImagePart {
  readonly header: ImagePartHeader;
  /** At most 256 KiB of the file. */
  readonly bytes: Uint8Array;
}

function malformed(message: string): LynceusError {
  return new LynceusError("LYN_IMAGE_PART", message, {
    remedy:
      "Send u32 little-endian header length, header JSON of lynceus-image/1.0, then at most 256 KiB of the file",
  });
}

function checkExtent(header: ImagePartHeader, length: number): void {
  if (length > MAX_IMAGE_PART_BYTES)
    throw malformed(`A part holds ${length} bytes, over ${MAX_IMAGE_PART_BYTES}`);
  if (header.offset + length > header.bytes) throw malformed("A part reaches beyond the end of its file");
  if (header.part >= header.parts) throw malformed(`Part ${header.part} of ${header.parts} does not exist`);
}

/** @throws LynceusError `LYN_IMAGE_PART` */
export function encodeImagePart({ header, bytes }: ImagePart): Uint8Array {
  checkExtent(header, bytes.length);
  const json = new TextEncoder().encode(JSON.stringify(header));
  if (json.length > MAX_IMAGE_HEADER_BYTES)
    throw malformed(`An image header of ${json.length} bytes is too large`);
  const out = new Uint8Array(4 + json.length + bytes.length);
  new DataView(out.buffer).setUint32(0, json.length, true);
  out.set(json, 4);
  out.set(bytes, 4 + json.length);
  return out;
}

/**
 * Reads an image part; unknown members of its header are ignored.
 * @returns the header and a view of the bytes within `message`.
 * @throws LynceusError `LYN_IMAGE_PART`
 */
export function decodeImagePart(message: Uint8Array): ImagePart {
  if (message.length < 4) throw malformed(`An image part of ${message.length} bytes has no header`);
  const length = new DataView(message.buffer, message.byteOffset).getUint32(0, true);
  if (length > MAX_IMAGE_HEADER_BYTES || 4 + length > message.length) {
    throw malformed(`An image header of ${length} bytes does not fit its message`);
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(message.subarray(4, 4 + length)));
  } catch {
    throw malformed("The header of an image part is not JSON");
  }
  const result = imagePartHeaderSchema.strip().safeParse(json);
  if (!result.success) {
    const { pointer, message: wanted } = issuePointer(result.error);
    throw malformed(`Image header ${pointer} ${wanted}`);
  }
  const bytes = message.subarray(4 + length);
  checkExtent(result.data, bytes.length);
  return { header: result.data, bytes };
}
