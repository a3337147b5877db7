import { dicomError } from "../errors.ts";
import type { PixelDescription } from "./description.ts";
import { DifferenceReader, type HuffmanTable, huffmanTable } from "./jpeg-entropy.ts";

const MARKER = { sof3: 0xc3, dht: 0xc4, sos: 0xda, dri: 0xdd, rst0: 0xd0, rst7: 0xd7 } as const;

/** What the segments before the samples say (T.81 annex B). */
interface Header {
  /** Bits of a sample. */
  readonly precision: number;
  readonly predictor: number;
  /** Bits that were shifted out of each sample. */
  readonly pointTransform: number;
  readonly table: HuffmanTable;
  /** Samples between two restarts; 0: none. */
  readonly restartInterval: number;
  /** Where the samples' bits begin. */
  readonly at: number;
}

/**
 * Decodes a frame of JPEG lossless (ITU-T T.81 process 14, Huffman) of one component: samples of 8 or 16 bits, in the
 * machine's order. Null: of a form that other decoders read (several components, restarts within a line, other processes).
 * The caller has held the header to `description`.
 * @throws LYN_DICOM_CODEC
 */
export function decodeJpegLossless(
  frame: Uint8Array,
  { rows, columns, samplesPerPixel, bitsAllocated }: PixelDescription,
): Uint8Array | null {
  if (samplesPerPixel !== 1 || bitsAllocated > 16) return null;
  const header = headerOf(frame);
  if (header === null) return null;
  const { precision, predictor, pointTransform, table, restartInterval, at } = header;
  const linesEach = restartInterval === 0 ? rows : restartInterval / columns;
  if (!Number.isInteger(linesEach)) return null;
  const samples = new Uint16Array(rows * columns);
  const differences = new Int32Array(columns);
  const parts = partsOf(frame, at);
  if (parts.length < Math.ceil(rows / linesEach)) throw broken("its bits end early");
  const first = 1 << (precision - pointTransform - 1);
  let reader: DifferenceReader | null = null;
  for (let row = 0; row < rows; row++) {
    const line = samples.subarray(row * columns, (row + 1) * columns);
    const begins = row % linesEach === 0;
    if (begins || reader === null) reader = new DifferenceReader(parts[row / linesEach]!, table);
    reader.read(differences);
    if (begins) firstLine(line, differences, first);
    else nextLine(line, samples.subarray((row - 1) * columns, row * columns), differences, predictor);
  }
  if (pointTransform > 0) for (const [at, value] of samples.entries()) samples[at] = value << pointTransform;
  return bitsAllocated === 8 ? Uint8Array.from(samples) : new Uint8Array(samples.buffer);
}

/** After a start each sample is told from the one before it. */
function firstLine(line: Uint16Array, differences: Int32Array, first: number): void {
  let left = first;
  for (let x = 0; x < line.length; x++) {
    left = (left + differences[x]!) & 0xffff;
    line[x] = left;
  }
}

/** T.81 table H.1: what a sample is told from, by its neighbours to the left, above, and above to the left. */
function nextLine(line: Uint16Array, above: Uint16Array, differences: Int32Array, predictor: number): void {
  let left = (above[0]! + differences[0]!) & 0xffff;
  line[0] = left;
  for (let x = 1; x < line.length; x++) {
    left = (predictionOf(predictor, left, above[x]!, above[x - 1]!) + differences[x]!) & 0xffff;
    line[x] = left;
  }
}

function predictionOf(predictor: number, left: number, above: number, corner: number): number {
  switch (predictor) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return corner;
    case 4:
      return left + above - corner;
    case 5:
      return left + ((above - corner) >> 1);
    case 6:
      return above + ((left - corner) >> 1);
    default:
      return (left + above) >> 1;
  }
}

function headerOf(frame: Uint8Array): Header | null {
  const tables = new Map<number, HuffmanTable>();
  let precision = 0;
  let restartInterval = 0;
  for (let at = 2; at + 4 <= frame.length; ) {
    if (frame[at] !== 0xff) throw broken("a marker is missing");
    const marker = frame[at + 1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = (frame[at + 2]! << 8) | frame[at + 3]!;
    const segment = frame.subarray(at + 4, at + 2 + length);
    if (length < 2 || segment.length < length - 2) throw broken("a segment is cut short");
    at += 2 + length;
    if (marker === MARKER.dht) readTables(segment, tables);
    else if (marker === MARKER.dri) restartInterval = (segment[0]! << 8) | segment[1]!;
    else if (marker === MARKER.sof3) precision = segment[0]!;
    else if (marker === MARKER.sos)
      return precision === 0
        ? null
        : { ...scanOf(segment, tables, precision), precision, restartInterval, at };
  }
  throw broken("it has no samples");
}

/** A DHT segment: one table after another, each its number, how many codes of each length, and what they stand for. */
function readTables(segment: Uint8Array, tables: Map<number, HuffmanTable>): void {
  for (let at = 0; at + 17 <= segment.length; ) {
    const counts = segment.subarray(at + 1, at + 17);
    const end = at + 17 + counts.reduce((sum, count) => sum + count, 0);
    if (end > segment.length) throw broken("a Huffman table is cut short");
    tables.set(segment[at]!, huffmanTable(counts, segment.subarray(at + 17, end)));
    at = end;
  }
}

/** The SOS segment of one component. */
function scanOf(
  segment: Uint8Array,
  tables: ReadonlyMap<number, HuffmanTable>,
  precision: number,
): Pick<Header, "predictor" | "pointTransform" | "table"> {
  if (segment.length < 6) throw broken("a segment is cut short");
  const table = tables.get(segment[2]! >> 4);
  const predictor = segment[3]!;
  const pointTransform = segment[5]! & 0x0f;
  if (table === undefined) throw broken("its Huffman table is missing");
  if (predictor < 1 || predictor > 7) throw broken(`its predictor is ${predictor}, 1 to 7 are possible`);
  if (precision > 16 || pointTransform >= precision)
    throw broken(`${precision} bits, ${pointTransform} of them shifted out, are not possible`);
  return { predictor, pointTransform, table };
}

/** The bytes between restarts, each FF that was stuffed with 00 alone again. */
function partsOf(frame: Uint8Array, from: number): readonly Uint8Array[] {
  const bytes = new Uint8Array(frame.length - from);
  const parts: Uint8Array[] = [];
  let [at, to, start] = [from, 0, 0];
  for (;;) {
    const found = frame.indexOf(0xff, at);
    const end = found === -1 ? frame.length : found;
    bytes.set(frame.subarray(at, end), to);
    to += end - at;
    const marker = found === -1 ? undefined : frame[found + 1];
    if (marker === 0) bytes[to++] = 0xff;
    else if (marker !== 0xff) {
      parts.push(bytes.subarray(start, to));
      start = to;
      if (marker === undefined || marker < MARKER.rst0 || marker > MARKER.rst7) return parts;
    }
    at = found + (marker === 0xff ? 1 : 2);
  }
}

function broken(message: string) {
  return dicomError("LYN_DICOM_CODEC", `a frame of JPEG lossless cannot be decoded: ${message}`);
}
