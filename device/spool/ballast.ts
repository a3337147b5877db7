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

/**
 * Space held back on the volume, in two files of the same size: `first` is given up when the volume is almost full, `last` when the
 * journal finds none at all, whoever has taken it.
 */
const FILES = { first: "ballast-first", last: "ballast" } as const;
export type Ballast = keyof typeof FILES;
const BLOCK = new Uint8Array(1 << 20);

/**
 * Lays a ballast down: space held back so that work which frees space is still possible on a full disk. Not laid while
 * it would take more than half of what is free.
 */
export function openBallast(path: string, bytes: number, which: Ballast): void {
  const file = join(path, FILES[which]);
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

export function isLaid(path: string, which: Ballast): boolean {
  return existsSync(join(path, FILES[which]));
}

/** Gives a ballast's space back. False when there is none. */
export function releaseBallast(path: string, which: Ballast): boolean {
  const file = join(path, FILES[which]);
  if (!existsSync(file)) return false;
  unlinkSync(file);
  return true;
}

/** Gives up both. False when there is none. */
export function releaseAll(path: string): boolean {
  return (["first", "last"] as const).filter((which) => releaseBallast(path, which)).length > 0;
}

/** Bytes that this process may still write on the volume of `path`. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
