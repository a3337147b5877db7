import { type Cipheriv, createCipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import type { PlaneCipher, PlaneRecord } from "../scan.ts";

const BLOCK_BYTES = 16;

/**
 * Encrypts or decrypts bytes that stand at a position of a plane's file: AES-256 in counter mode, so that lines are written where
 * they belong in whatever order they come. Each file has a key of its own and the counter begins at its first byte. What the
 * bytes are is vouched for by the digests in the signed hit, not by the cipher.
 */
export function cipherAt(
  { key }: Extract<PlaneCipher, { key: string }>,
  position: number,
  data: Uint8Array,
): Uint8Array {
  const counter = Buffer.alloc(BLOCK_BYTES);
  counter.writeBigUInt64BE(BigInt(Math.floor(position / BLOCK_BYTES)), BLOCK_BYTES / 2);
  const cipher: Cipheriv = createCipheriv("aes-256-ctr", Buffer.from(key, "base64"), counter);
  const within = position % BLOCK_BYTES;
  if (within > 0) cipher.update(new Uint8Array(within));
  return cipher.update(data);
}

/** The bytes of a stored plane. Throws what the disk says, LYN_PLANE_SEALED where its key is not here. */
export async function readPlaneFile(directory: string, record: PlaneRecord): Promise<Uint8Array> {
  return opened(record, await readFile(join(directory, record.file)));
}

/** As {@link readPlaneFile}. */
export function readPlaneFileSync(directory: string, record: PlaneRecord): Uint8Array {
  return opened(record, readFileSync(join(directory, record.file)));
}

function opened({ cipher, file }: PlaneRecord, bytes: Uint8Array): Uint8Array {
  if (cipher === undefined) return bytes;
  if ("key" in cipher) return cipherAt(cipher, 0, bytes);
  throw new LynceusError(
    "LYN_PLANE_SEALED",
    `The plane ${file} is sealed by the key ${cipher.by}, which is not here`,
    {
      remedy: "Name the key in spool.encryption (key or previous); where it was destroyed, so was the image.",
    },
  );
}
