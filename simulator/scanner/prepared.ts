import type { SimulatedScan } from "../scan.ts";
import type { ScanTruth } from "../truth.ts";

/** One plane as the detector delivers it. */
export interface PreparedPlane {
  readonly view: 0 | 1;
  readonly energy: 0 | 1;
  /** `width × height` counts, line after line: line x holds column x of the plane, detector pixel 0 first. */
  readonly samples: Uint16Array;
}

/** A simulated scan turned into the order in which a line detector sends it. */
export interface PreparedScan {
  readonly index: number;
  /** Lines. */
  readonly width: number;
  /** Detector pixels. */
  readonly height: number;
  /** mm; x along the belt, y along the detector. */
  readonly pixelPitchMm: { readonly x: number; readonly y: number };
  readonly airLevel: number;
  readonly planes: readonly PreparedPlane[];
  readonly truth: ScanTruth;
}

/** Puts the planes of `scan` into line order. */
export function prepare(scan: SimulatedScan): PreparedScan {
  return {
    index: scan.truth.index,
    width: scan.width,
    height: scan.height,
    pixelPitchMm: scan.pixelPitchMm,
    airLevel: scan.airLevel,
    planes: scan.planes.map((plane) => ({
      view: plane.view,
      energy: plane.energy,
      samples: transpose(plane.samples, scan.width, scan.height),
    })),
    truth: scan.truth,
  };
}

/** Row-major `height × width` to line after line. */
function transpose(samples: Uint16Array, width: number, height: number): Uint16Array {
  const lines = new Uint16Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) lines[x * height + y] = samples[row + x] as number;
  }
  return lines;
}
