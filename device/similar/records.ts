import { closeSync, constants, fdatasyncSync, openSync, readSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { DIMENSIONS, SKETCH_BYTES } from "./sketch.ts";

/** Bytes of the header, a page; records follow. */
const HEADER_BYTES = 4096;
/** "LYNSIM" and the version of this layout. */
const MAGIC = Uint8Array.of(0x4c, 0x59, 0x4e, 0x53, 0x49, 0x4d, 0, 1);
/** Read and write, made where it does not exist, kept where it does: there is no letter for that. */
const OPEN = constants.O_RDWR | constants.O_CREAT;
/** Records read at a time when all are. */
const CHUNK = 8192;

/**
 * A record: sequence (f64) 8, scan id 16, vector 128, sketch 32, whether it is sketched 4, CRC-32 of all before it 4.
 * Little-endian.
 */
const AT = { sequence: 0, id: 8, vector: 24, sketch: 24 + DIMENSIONS, sketched: 184, crc: 188 } as const;
export const RECORD_BYTES = 192;

export interface SimilarRecord {
  readonly sequence: number;
  /** The 16 bytes of a uuid. */
  readonly id: Uint8Array;
  readonly vector: Int8Array;
  /** Null until the centre of the vectors is known. */
  readonly sketch: Uint8Array | null;
}

/** What the file says of itself. */
export interface SimilarHeader {
  readonly capacity: number;
  /** Point from which the sketches look; null until enough vectors are known. */
  readonly centre: Float32Array | null;
}

/**
 * The file of an index: a header and a ring of records. Synchronous: it is used in the analysis process alone, where nothing
 * else waits. Nothing here is precious: what cannot be read counts as absent.
 */
export class RecordFile {
  readonly #fd: number;
  readonly #one = new Uint8Array(RECORD_BYTES);
  #dirty = false;

  constructor(path: string) {
    this.#fd = openSync(path, OPEN);
  }

  /** Null where there is none that can be used. */
  readHeader(): SimilarHeader | null {
    const bytes = new Uint8Array(HEADER_BYTES);
    if (readSync(this.#fd, bytes, 0, HEADER_BYTES, 0) < HEADER_BYTES) return null;
    const view = new DataView(bytes.buffer);
    if (MAGIC.some((byte, at) => bytes[at] !== byte)) return null;
    if (view.getUint32(HEADER_BYTES - 4, true) !== crc32(bytes.subarray(0, HEADER_BYTES - 4))) return null;
    const centre = Float32Array.from({ length: DIMENSIONS }, (_, i) => view.getFloat32(32 + 4 * i, true));
    return { capacity: view.getUint32(8, true), centre: view.getUint32(12, true) === 1 ? centre : null };
  }

  writeHeader({ capacity, centre }: SimilarHeader): void {
    const bytes = new Uint8Array(HEADER_BYTES);
    const view = new DataView(bytes.buffer);
    bytes.set(MAGIC);
    view.setUint32(8, capacity, true);
    view.setUint32(12, centre === null ? 0 : 1, true);
    for (const [i, value] of (centre ?? []).entries()) view.setFloat32(32 + 4 * i, value, true);
    view.setUint32(HEADER_BYTES - 4, crc32(bytes.subarray(0, HEADER_BYTES - 4)), true);
    this.#write(bytes, 0);
  }

  write(slot: number, record: SimilarRecord): void {
    const bytes = new Uint8Array(RECORD_BYTES);
    const view = new DataView(bytes.buffer);
    view.setFloat64(AT.sequence, record.sequence, true);
    bytes.set(record.id, AT.id);
    bytes.set(new Uint8Array(record.vector.buffer, record.vector.byteOffset, DIMENSIONS), AT.vector);
    if (record.sketch !== null) bytes.set(record.sketch, AT.sketch);
    view.setUint32(AT.sketched, record.sketch === null ? 0 : 1, true);
    view.setUint32(AT.crc, crc32(bytes.subarray(0, AT.crc)), true);
    this.#write(bytes, HEADER_BYTES + slot * RECORD_BYTES);
  }

  /** The record of a slot, valid until the next is read; null where it is torn or was never written. */
  read(slot: number): SimilarRecord | null {
    const bytes = this.#one;
    const size = readSync(this.#fd, bytes, 0, RECORD_BYTES, HEADER_BYTES + slot * RECORD_BYTES);
    return size === RECORD_BYTES ? recordOf(bytes) : null;
  }

  /** All sound records in slot order. */
  *all(): Generator<readonly [slot: number, record: SimilarRecord]> {
    const chunk = new Uint8Array(CHUNK * RECORD_BYTES);
    for (let first = 0; ; first += CHUNK) {
      const size = readSync(this.#fd, chunk, 0, chunk.length, HEADER_BYTES + first * RECORD_BYTES);
      for (let at = 0, slot = first; at + RECORD_BYTES <= size; at += RECORD_BYTES, slot++) {
        const record = recordOf(chunk.slice(at, at + RECORD_BYTES));
        if (record !== null) yield [slot, record];
      }
      if (size < chunk.length) return;
    }
  }

  /** Brings what was written to the disk; a process that is killed loses nothing without it, a power cut would. */
  sync(): void {
    if (this.#dirty) fdatasyncSync(this.#fd);
    this.#dirty = false;
  }

  close(): void {
    this.sync();
    closeSync(this.#fd);
  }

  #write(bytes: Uint8Array, position: number): void {
    writeSync(this.#fd, bytes, 0, bytes.length, position);
    this.#dirty = true;
  }
}

function recordOf(bytes: Uint8Array): SimilarRecord | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES);
  if (view.getUint32(AT.crc, true) !== crc32(bytes.subarray(0, AT.crc))) return null;
  return {
    sequence: view.getFloat64(AT.sequence, true),
    id: bytes.subarray(AT.id, AT.id + 16),
    vector: new Int8Array(bytes.buffer, bytes.byteOffset + AT.vector, DIMENSIONS),
    sketch:
      view.getUint32(AT.sketched, true) === 1 ? bytes.subarray(AT.sketch, AT.sketch + SKETCH_BYTES) : null,
  };
}
