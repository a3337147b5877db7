import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

const BALLAST_FILE = "ballast";
const BLOCK = new Uint8Array(1 << 20);

/**
 * Lays the ballast down: space held back so that work which frees space is still possible on a full disk. Not laid while
 * it would take more than half of what is free.
 */
export function openBallast(path: string, bytes: number): void {
  const file = join(path, BALLAST_FILE);
  if (bytes === 0 || (existsSync(file) && statSync(file).size === bytes)) return;
  if (freeBytes(path) < bytes * 2) return;
  const descriptor = openSync(file, "w", 0o600);
  try {
    for (let written = 0; written < bytes; ) {
      written += writeSync(descriptor, BLOCK, 0, Math.min(BLOCK.byteLength, bytes - written));
    }
    fsyncSync(descriptor);
  } catch {
    // The disk filled up meanwhile: no ballast then.
    rmSync(file, { force: true });
  } finally {
    closeSync(descriptor);
  }
}

/** Gives the ballast's space back. False when there is none. */
export function releaseBallast(path: string): boolean {
  const file = join(path, BALLAST_FILE);
  if (!existsSync(file)) return false;
  unlinkSync(file);
  return true;
}

/** Bytes that this process may still write on the volume of `path`. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
