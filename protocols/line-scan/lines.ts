import { LynceusError } from "../errors.ts";
import { MAX_PAYLOAD_BYTES } from "./frame.ts";

/** Bytes of a LINES payload before its samples. */
export const LINES_HEADER_BYTES = 24;
/** Views of a scan, at most. */
export const MAX_VIEWS = 8;
/** Pixels of a plane, at most: 64 Mpx. */
export const MAX_PLANE_PIXELS = 64_000_000;
/** Energies by their number in LINES and in JSON (HELLO uses the names). */
export const ENERGY_NAMES = ["low", "high", "single"] as const;
/** Energy number: 0 low, 1 high, 2 single. */
export type EnergyNumber = 0 | 1 | 2;
/** The detector pixels of one line that fit a frame. */
export const MAX_DETECTOR_PIXELS = Math.floor((MAX_PAYLOAD_BYTES - LINES_HEADER_BYTES) / 2);

const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;
const U64_MAX = 0xffff_ffff_ffff_ffffn;
const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Lines of one plane, `line-scan.md` LINES. */
export interface Lines {
  /** u32, as in SCAN_START. */
  readonly scan: number;
  /** 0 … 7. */
  readonly view: number;
  readonly energy: EnergyNumber;
  /** Lines in this message, 1 … 65535. */
  readonly lineCount: number;
  /** Number of the first line, u32; column x of the plane is the line number. */
  readonly firstLine: number;
  /** Encoder counts at the first line, u32. */
  readonly encoder: number;
  /** Monotonic clock of the scanner, nanoseconds, u64. */
  readonly timestampNs: bigint;
  /** Pixels of a line; row y of the plane is the detector pixel, 0 = top. */
  readonly detectorPixels: number;
  /** `lineCount × detectorPixels` counts, line after line: airLevel × transmission; 0 no signal, 65535 saturated. */
  readonly samples: Uint16Array;
}

function malformed(message: string, details: Record<string, unknown>): LynceusError {
  return new LynceusError("LYN_LINES_PAYLOAD", message, {
    remedy: "Send LINES as line-scan.md lays them out; check view, energy and the number of detector pixels",
    details,
  });
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw malformed(`LINES ${name} ${value} is not an integer from ${min} to ${max}`, { [name]: value });
  }
}

function checkLines(lines: Omit<Lines, "samples">): void {
  checkRange("view", lines.view, 0, MAX_VIEWS - 1);
  checkRange("energy", lines.energy, 0, 2);
  checkRange("lineCount", lines.lineCount, 1, U16_MAX);
  checkRange("detectorPixels", lines.detectorPixels, 1, MAX_DETECTOR_PIXELS);
  const pixels = (lines.firstLine + lines.lineCount) * lines.detectorPixels;
  if (pixels > MAX_PLANE_PIXELS) {
    throw new LynceusError("LYN_PLANE_TOO_LARGE", `A plane of ${pixels} pixels is over ${MAX_PLANE_PIXELS}`, {
      remedy: "Split the item into scans, or send fewer lines a millimetre",
      details: { view: lines.view, energy: lines.energy, pixels },
    });
  }
}

/**
 * Encodes the payload of a LINES frame.
 * @throws LynceusError `LYN_LINES_PAYLOAD` for a field out of range, `LYN_PLANE_TOO_LARGE` beyond 64 Mpx.
 */
export function encodeLines(lines: Lines): Uint8Array {
  checkRange("scan", lines.scan, 0, U32_MAX);
  checkRange("firstLine", lines.firstLine, 0, U32_MAX);
  checkRange("encoder", lines.encoder, 0, U32_MAX);
  checkLines(lines);
  if (lines.timestampNs < 0n || lines.timestampNs > U64_MAX) {
    throw malformed("LINES timestampNs is not a u64", { timestampNs: String(lines.timestampNs) });
  }
  const { samples, lineCount, detectorPixels } = lines;
  if (samples.length !== lineCount * detectorPixels) {
    throw malformed(`LINES holds ${samples.length} samples, not ${lineCount} × ${detectorPixels}`, {});
  }
  const size = LINES_HEADER_BYTES + 2 * samples.length;
  checkRange("payload bytes", size, LINES_HEADER_BYTES, MAX_PAYLOAD_BYTES);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, lines.scan, true);
  view.setUint8(4, lines.view);
  view.setUint8(5, lines.energy);
  view.setUint16(6, lineCount, true);
  view.setUint32(8, lines.firstLine, true);
  view.setUint32(12, lines.encoder, true);
  view.setBigUint64(16, lines.timestampNs, true);
  writeSamples(bytes, samples);
  return bytes;
}

/**
 * Decodes the payload of a LINES frame.
 * @param detectorPixels what HELLO said for the view; when absent it is worked out from the payload's size.
 * @returns the lines; `samples` may share memory with `payload`.
 * @throws LynceusError `LYN_LINES_PAYLOAD` where the payload is malformed, `LYN_PLANE_TOO_LARGE` beyond 64 Mpx.
 */
export function decodeLines(payload: Uint8Array, detectorPixels?: number): Lines {
  if (payload.length < LINES_HEADER_BYTES) {
    throw malformed(`A LINES payload of ${payload.length} bytes is shorter than its header`, {});
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const lineCount = view.getUint16(6, true);
  const sampleCount = (payload.length - LINES_HEADER_BYTES) / 2;
  const pixels = detectorPixels ?? sampleCount / lineCount;
  if (!Number.isInteger(sampleCount) || lineCount * pixels !== sampleCount) {
    const expected = detectorPixels === undefined ? "" : ` of ${detectorPixels} pixels`;
    throw malformed(`${payload.length} bytes of LINES do not hold ${lineCount} lines${expected}`, {
      lineCount,
    });
  }
  const header = {
    scan: view.getUint32(0, true),
    view: view.getUint8(4),
    energy: view.getUint8(5) as EnergyNumber,
    lineCount,
    firstLine: view.getUint32(8, true),
    encoder: view.getUint32(12, true),
    timestampNs: view.getBigUint64(16, true),
    detectorPixels: pixels,
  };
  checkLines(header);
  return { ...header, samples: readSamples(payload, sampleCount) };
}

function writeSamples(bytes: Uint8Array, samples: Uint16Array): void {
  if (HOST_IS_LITTLE_ENDIAN) {
    bytes.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), LINES_HEADER_BYTES);
    return;
  }
  const view = new DataView(bytes.buffer, LINES_HEADER_BYTES);
  samples.forEach((sample, index) => {
    view.setUint16(2 * index, sample, true);
  });
}

function readSamples(payload: Uint8Array, count: number): Uint16Array {
  const start = payload.byteOffset + LINES_HEADER_BYTES;
  if (HOST_IS_LITTLE_ENDIAN) {
    if (start % 2 === 0) return new Uint16Array(payload.buffer, start, count);
    return new Uint16Array(new Uint8Array(payload.subarray(LINES_HEADER_BYTES)).buffer);
  }
  const view = new DataView(payload.buffer, start);
  return Uint16Array.from({ length: count }, (_, index) => view.getUint16(2 * index, true));
}
