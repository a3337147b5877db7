import type { DecodedScan } from "../../image/decode.ts";
import type { Capture, Energy, PlaneRecord, ScanKey, ScanView } from "../../scan.ts";
import type { ScanStore } from "../../spool/port.ts";

/** When a file was seen and taken, gateway clock, ms since the epoch. */
export interface FileTimes {
  readonly beganAt: number;
  readonly receivedAt: number;
}

/** Energies of a decoded scan: the plane of a pseudo-colour image is stored as `single`. */
function planesOf(
  scan: DecodedScan,
): readonly { energy: Energy; format: "u16" | "rgb8"; data: Uint8Array }[] {
  const bytes = (samples: Uint16Array) => littleEndian(samples);
  return [
    ...(scan.low ? [{ energy: 0 as const, format: "u16" as const, data: bytes(scan.low) }] : []),
    ...(scan.high ? [{ energy: 1 as const, format: "u16" as const, data: bytes(scan.high) }] : []),
    ...(scan.single ? [{ energy: 2 as const, format: "u16" as const, data: bytes(scan.single) }] : []),
    ...(scan.rgb ? [{ energy: 2 as const, format: "rgb8" as const, data: scan.rgb }] : []),
  ];
}

/** The geometry of a decoded image; nothing but a sidecar says how large a pixel is. */
export function viewOf(scan: DecodedScan): ScanView {
  return {
    view: 0,
    name: "image",
    width: scan.width,
    height: scan.height,
    pixelPitchMm: scan.sidecar.pixelPitchMm ?? null,
    energies: planesOf(scan).map(({ energy }) => energy),
  };
}

/** Writes a decoded image into the spool as a capture. Throws what the spool's writer throws; nothing is left then. */
export async function captureOf(options: {
  readonly scan: DecodedScan;
  readonly key: ScanKey;
  readonly times: FileTimes;
  readonly lane: string;
  readonly store: ScanStore;
  readonly maxScanBytes: number;
}): Promise<Capture> {
  const { scan, key, times, lane, store, maxScanBytes } = options;
  const writer = await store.begin({ lane, maxBytes: maxScanBytes });
  let planes: readonly PlaneRecord[];
  try {
    const { width, height } = scan;
    for (const { energy, format, data } of planesOf(scan)) {
      await writer.writePlane({ view: 0, energy, width, height, format }, data);
    }
    planes = await writer.finish();
  } catch (error) {
    await writer.discard();
    throw error;
  }
  return {
    key,
    scanId: writer.scanId,
    directory: writer.directory,
    ...times,
    capturedAt: times.receivedAt,
    kind: scan.kind,
    views: [viewOf(scan)],
    planes,
    acquisition: ["SUCCESSFUL"],
    purpose: scan.sidecar.purpose ?? "OPERATIONAL",
    origin: scan.sidecar.origin ?? "MACHINE",
    airLevel: scan.sidecar.airLevel ?? null,
    identifiers: [],
  };
}

function littleEndian(samples: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) return bytes;
  return Buffer.from(bytes).swap16();
}
