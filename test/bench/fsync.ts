import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Spread, spreadOf } from "./figures.ts";

/** Time of one fsync after a 4 KiB append, ms: the baseline of everything that must be durable. */
export function measureFsync(folder: string, runs: number): Spread {
  const file = join(folder, "fsync-probe");
  const handle = openSync(file, "w");
  const block = new Uint8Array(4096);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    writeSync(handle, block);
    const began = performance.now();
    fsyncSync(handle);
    times.push(performance.now() - began);
  }
  closeSync(handle);
  rmSync(file);
  return spreadOf(times);
}
