import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify, validate } from "uuid";
import { HammingScan } from "./hamming.ts";
import { RecordFile, type SimilarRecord } from "./records.ts";
import { cosine, DIMENSIONS, quantise, Sketcher } from "./sketch.ts";

/** Scans kept, at most; then the oldest goes. A million take 192 MB of disk and 34 MB of memory. */
export const MAX_SIMILAR = 1_000_000;
/** Records are looked at one by one up to so many; at that number their centre is fixed and sketches begin. */
const EXACT_UNTIL = 2048;
/** Sketches that are nearest: so many vectors are read and compared in full. */
const CANDIDATES = 600;
/** Scans just added: the same one again is left out. */
const RECENT = 256;
/** Written records are brought to the disk after so many. */
const SYNC_EVERY = 256;
const SUFFIX = ".similar";

/** An earlier scan and its cosine, 0…1. */
export interface Neighbour {
  readonly scanId: string;
  readonly similarity: number;
}

export interface SimilarIndexOptions {
  /** Folder of the index; made where it does not exist. */
  readonly directory: string;
  /** Digest of the model package: vectors of another one cannot be compared, its index is removed. */
  readonly model: string;
  readonly capacity?: number;
}

/**
 * Vectors of the scans of this gateway on its disk, the nearest of a million found in milliseconds: sketches of 256 bits
 * are compared in memory, the vectors of the best are read and compared in full. Made of what the spool holds and never
 * needed for a decision: a record that a power cut tears is left out, and nobody waits for an fsync.
 */
export class SimilarIndex {
  readonly #file: RecordFile;
  readonly #capacity: number;
  readonly #scan = new HammingScan();
  #sketcher: Sketcher | null = null;
  #next = 0;
  #unsynced = 0;
  readonly #recent = new Set<string>();

  private constructor(file: RecordFile, capacity: number) {
    this.#file = file;
    this.#capacity = capacity;
  }

  /** Opens or makes the index of a model. Reads it whole: a million records take about a second. */
  static open({ directory, model, capacity = MAX_SIMILAR }: SimilarIndexOptions): SimilarIndex {
    const name = `${model.slice(0, 16)}${SUFFIX}`;
    mkdirSync(directory, { recursive: true });
    for (const other of readdirSync(directory)) {
      if (other.endsWith(SUFFIX) && other !== name) rmSync(join(directory, other));
    }
    const path = join(directory, name);
    const file = new RecordFile(path);
    const header = file.readHeader();
    if (header?.capacity === capacity) {
      const index = new SimilarIndex(file, capacity);
      index.#load(header.centre);
      return index;
    }
    file.close();
    rmSync(path);
    const fresh = new RecordFile(path);
    fresh.writeHeader({ capacity, centre: null });
    return new SimilarIndex(fresh, capacity);
  }

  /** Slots in use. */
  get size(): number {
    return Math.min(this.#next, this.#capacity);
  }

  /** Bytes of memory that the sketches take. */
  get bytes(): number {
    return this.#scan.bytes;
  }

  /** The `count` scans nearest to a unit vector, most similar first, without `except`; one entry a scan. */
  search(vector: Float32Array, count: number, except?: string): readonly Neighbour[] {
    const query = quantise(vector);
    const best: Neighbour[] = [];
    for (const record of this.#candidates(query)) {
      const similarity = Math.min(1, cosine(query, record.vector));
      const last = best[best.length - 1];
      if (similarity <= 0 || (best.length >= count && last && similarity <= last.similarity)) continue;
      const scanId = stringify(record.id);
      if (scanId === except || best.some((other) => other.scanId === scanId)) continue;
      best.push({ scanId, similarity });
      best.sort((a, b) => b.similarity - a.similarity);
      if (best.length > count) best.pop();
    }
    return best;
  }

  /** Remembers a scan; one of the last few is not kept twice (an analysis may be tried again). Bad ids and vectors are left out. */
  add(scanId: string, vector: Float32Array): void {
    if (!validate(scanId) || vector.length !== DIMENSIONS || !vector.every(Number.isFinite)) return;
    if (this.#recent.has(scanId)) return;
    this.#recent.add(scanId);
    const [oldest] = this.#recent;
    if (this.#recent.size > RECENT && oldest !== undefined) this.#recent.delete(oldest);
    const quantised = quantise(vector);
    const sketch = this.#sketcher?.of(quantised) ?? null;
    const slot = this.#next % this.#capacity;
    this.#file.write(slot, { sequence: this.#next, id: parse(scanId), vector: quantised, sketch });
    if (sketch !== null) this.#scan.set(slot, sketch);
    this.#next += 1;
    if (this.#sketcher === null && this.#next >= Math.min(EXACT_UNTIL, this.#capacity)) this.#fixCentre();
    this.#unsynced += 1;
    if (this.#unsynced >= SYNC_EVERY) this.sync();
  }

  sync(): void {
    this.#file.sync();
    this.#unsynced = 0;
  }

  close(): void {
    this.#file.close();
  }

  *#candidates(query: Int8Array): Generator<SimilarRecord> {
    if (this.#sketcher === null) {
      for (const [, record] of this.#file.all()) yield record;
      return;
    }
    for (const slot of this.#scan.nearest(this.#sketcher.of(query), this.size, CANDIDATES)) {
      const record = this.#file.read(slot);
      if (record !== null) yield record;
    }
  }

  /** The middle of the first vectors: from there sketches tell apart what all scans have in common. */
  #fixCentre(): void {
    const centre = new Float32Array(DIMENSIONS);
    const records = [...this.#file.all()];
    for (const [, { vector }] of records) {
      for (let i = 0; i < DIMENSIONS; i++) centre[i]! += vector[i]! / (127 * records.length);
    }
    this.#file.writeHeader({ capacity: this.#capacity, centre });
    this.#load(centre);
  }

  #load(centre: Float32Array | null): void {
    this.#sketcher = centre === null ? null : new Sketcher(centre);
    for (const [slot, record] of this.#file.all()) {
      if (record.sequence % this.#capacity !== slot) continue;
      this.#next = Math.max(this.#next, record.sequence + 1);
      if (this.#sketcher === null) continue;
      // A kill between the centre and the records that came before it leaves some without a sketch.
      const sketch = record.sketch ?? this.#sketcher.of(record.vector);
      if (record.sketch === null) this.#file.write(slot, { ...record, sketch });
      this.#scan.set(slot, sketch);
    }
  }
}
