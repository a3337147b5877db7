import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import { KEY_BYTES } from "../keys/plane-vault.ts";
import type { Capture, PlaneRecord } from "../scan.ts";
import { cipherAt, readPlaneFile } from "../spool/plane-cipher.ts";
import type { PlaneAccess } from "./apply.ts";
import { type Raster, transpose } from "./raster.ts";

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The planes of a capture in the spool. */
export function planeFiles(capture: Pick<Capture, "directory">): PlaneAccess {
  return {
    read: (record) => readRaster(capture, record),
    write: (record, raster) => writeRaster(capture, record, raster),
  };
}

/** A plane that a driver has written, as rows. */
export async function readRaster(capture: Pick<Capture, "directory">, record: PlaneRecord): Promise<Raster> {
  const { width, height, format, layout } = record;
  const bytes = await readPlaneFile(capture.directory, record);
  if (bytes.byteLength !== record.bytes)
    throw new LynceusError(
      "LYN_PLANE_INVALID",
      `${record.file} has ${bytes.byteLength} bytes, not ${record.bytes}`,
      {
        remedy: "Check the disk of the spool; the scanner keeps the scan and sends it again.",
      },
    );
  if (format === "rgb8") return { width, height, channels: 3, data: bytes };
  const data = samplesOf(bytes);
  if (layout === "rows") return { width, height, channels: 1, data };
  return transpose({ width: height, height: width, channels: 1, data });
}

/**
 * Writes a plane in place of what its file held, not yet durable: whoever makes the capture durable has the file open or opens
 * it by name. Returns its record.
 */
export async function writeRaster(
  capture: Pick<Capture, "directory">,
  record: PlaneRecord,
  { width, height, data }: Raster,
): Promise<PlaneRecord> {
  const plain = data instanceof Uint16Array ? bytesOf(data) : data;
  // Other content, another key: one key never encrypts two contents of the same place.
  const cipher = record.cipher && { key: randomBytes(KEY_BYTES).toString("base64") };
  const bytes = cipher === undefined ? plain : cipherAt(cipher, 0, plain);
  await using file = await open(join(capture.directory, record.file), "r+");
  for (let done = 0; done < bytes.byteLength; )
    done += (await file.write(bytes, done, bytes.byteLength - done, done)).bytesWritten;
  await file.truncate(bytes.byteLength);
  return { ...record, width, height, layout: "rows", bytes: bytes.byteLength, ...(cipher && { cipher }) };
}

function samplesOf(bytes: Uint8Array): Uint16Array {
  const own = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  const samples = new Uint16Array(own.buffer, own.byteOffset, own.byteLength / 2);
  return LITTLE_ENDIAN ? samples : samples.map(swapped);
}

function bytesOf(samples: Uint16Array): Uint8Array {
  const own = LITTLE_ENDIAN ? samples : samples.map(swapped);
  return new Uint8Array(own.buffer, own.byteOffset, own.byteLength);
}

function swapped(value: number): number {
  return (value >> 8) | ((value & 0xff) << 8);
}
