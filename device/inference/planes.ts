import { join } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import type { PlaneRecord, ScanKind, ScanView } from "../scan.ts";
import { readPlaneFileSync } from "../spool/plane-cipher.ts";
import type { AnalysisRequest } from "./port.ts";

/** One view with its planes in memory: row-major, 16-bit planes in counts as stored, `rgb` interleaved. */
export interface ViewPlanes {
  readonly view: number;
  readonly width: number;
  readonly height: number;
  readonly pixelPitchMm: ScanView["pixelPitchMm"];
  readonly low?: Uint16Array;
  readonly high?: Uint16Array;
  readonly single?: Uint16Array;
  readonly rgb?: Uint8Array;
}

/** A scan ready to be analysed, from the spool or from image files. */
export interface AnalysableScan {
  readonly kind: ScanKind;
  readonly views: readonly ViewPlanes[];
  /** Counts in air; null when unknown (estimated from the image and flagged). */
  readonly airLevel: number | null;
  /** Colours were drawn into a grey radiograph. */
  readonly marked: boolean;
}

/** Edge of the tiles in which a plane is turned, samples: a tile of both planes stays in the first-level cache. */
const TILE = 32;

/**
 * Reads the planes of a stored scan.
 * @throws LYN_IMAGE_UNREADABLE where a file is missing or does not have the size its record says.
 */
export function readPlanes(
  request: Pick<AnalysisRequest, "directory" | "kind" | "views" | "planes" | "airLevel">,
): AnalysableScan {
  const planes = request.planes.map((record) => ({ record, data: readPlane(request.directory, record) }));
  const views = request.views.map((view): ViewPlanes => {
    const own = planes.filter(({ record }) => record.view === view.view);
    const size = own[0]?.record ?? view;
    const named = own.map(
      ({ record, data }) => [record.format === "rgb8" ? "rgb" : nameOf(record), data] as const,
    );
    const { width, height } = size;
    return { view: view.view, width, height, pixelPitchMm: view.pixelPitchMm, ...Object.fromEntries(named) };
  });
  return { kind: request.kind, views, airLevel: request.airLevel, marked: false };
}

function nameOf(record: PlaneRecord): "low" | "high" | "single" {
  return record.energy === 0 ? "low" : record.energy === 1 ? "high" : "single";
}

/** Synchronous on purpose: nothing else waits in the analysis process, and four trips through a thread pool cost more. */
function readPlane(directory: string, record: PlaneRecord): Uint16Array | Uint8Array {
  const file = join(directory, record.file);
  let data: Uint8Array;
  try {
    data = readPlaneFileSync(directory, record);
  } catch (cause) {
    throw damaged(file, cause instanceof Error ? cause.message : String(cause));
  }
  const expected = record.width * record.height * (record.format === "rgb8" ? 3 : 2);
  if (data.byteLength !== expected) throw damaged(file, `${data.byteLength} bytes, ${expected} expected`);
  if (record.format === "rgb8") return data;
  const samples = littleEndian(data);
  return record.layout === "columns" ? turn(samples, record.width, record.height) : samples;
}

/** u16 little-endian bytes as samples, whatever the byte order of this machine. */
function littleEndian(data: Uint8Array): Uint16Array {
  const own = data.byteOffset % 2 === 0 ? data : data.slice();
  const samples = new Uint16Array(own.buffer, own.byteOffset, own.byteLength / 2);
  if (new Uint16Array(Uint8Array.of(1, 0).buffer)[0] === 1) return samples;
  return samples.map((value) => (value >> 8) | ((value & 0xff) << 8));
}

/** Lines one after another (`line-scan.md`: a line is a column) to row-major. */
export function turn(lines: Uint16Array, width: number, height: number): Uint16Array {
  const out = new Uint16Array(lines.length);
  for (let left = 0; left < width; left += TILE) {
    const right = Math.min(width, left + TILE);
    for (let top = 0; top < height; top += TILE) {
      const bottom = Math.min(height, top + TILE);
      for (let x = left; x < right; x++) {
        for (let y = top, from = x * height + top; y < bottom; y++, from++) out[y * width + x] = lines[from]!;
      }
    }
  }
  return out;
}

function damaged(file: string, reason: string): LynceusError {
  return new LynceusError("LYN_IMAGE_UNREADABLE", `The stored plane ${file} cannot be read: ${reason}`, {
    remedy: "Check the disk of the spool; ask the scanner to send the scan again.",
    details: { file },
  });
}
