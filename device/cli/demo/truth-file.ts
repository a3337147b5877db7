import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { parseTruth, type Truth } from "./reports.ts";

const CHUNK_BYTES = 256 * 1024;

/** The simulator's truth file, read as far as it has been written whenever a parcel is asked for. */
export class TruthFile {
  readonly #path: string;
  readonly #parcels = new Map<string, Truth>();
  readonly #decoder = new StringDecoder("utf8");
  #offset = 0;
  #rest = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** What is really in the parcel of a scan reference; null where nothing is written of it. */
  of(scanRef: string): Truth | null {
    if (scanRef === "") return null;
    if (!this.#parcels.has(scanRef)) this.#readOn();
    return this.#parcels.get(scanRef) ?? null;
  }

  #readOn(): void {
    const file = openSync(this.#path, "r");
    const chunk = new Uint8Array(CHUNK_BYTES);
    try {
      for (;;) {
        const bytes = readSync(file, chunk, 0, chunk.length, this.#offset);
        if (bytes === 0) return;
        this.#offset += bytes;
        const lines = (this.#rest + this.#decoder.write(Buffer.from(chunk.subarray(0, bytes)))).split("\n");
        this.#rest = lines.pop() ?? "";
        for (const line of lines) this.#take(line);
      }
    } finally {
      closeSync(file);
    }
  }

  #take(line: string): void {
    const truth = parseTruth(line);
    if (truth !== null) this.#parcels.set(truth.scanRef, truth);
  }
}
