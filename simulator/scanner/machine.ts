import type { MessageInput } from "../../protocols/line-scan/index.ts";
import type { KeptScan } from "./kept.ts";
import type { PreparedScan } from "./prepared.ts";

/** Longest scan of the simulator, lines; the detector is run so fast that one fits the rate. */
const LONGEST_LINES = 512;
/** A detector is not run slower than this, lines per second. */
const SLOWEST_HZ = 250;
/** Belt between two items, mm. */
const GAP_MM = 300;
const ENCODER_COUNTS_PER_MM = 10;
const U32 = 2 ** 32;

/** What stays the same of the simulated machine during a run. */
export interface Machine {
  readonly serial: string;
  readonly lineRateHz: number;
  readonly beltMmPerS: number;
  readonly detectorPixels: number;
  readonly pixelPitchMm: { readonly x: number; readonly y: number };
  readonly airLevel: number;
}

/** A machine that manages `rate` scans per second. `overheadMs`: what each item needs besides its lines. */
export function machineFor(options: {
  readonly serial: string;
  readonly rate: number;
  readonly overheadMs: number;
  readonly first: PreparedScan;
  /** The belt's own speed, where it has one. */
  readonly beltMmPerS?: number | undefined;
}): Machine {
  const { first, beltMmPerS } = options;
  const linesMs = Math.max(20, 0.9 * (1000 / options.rate) - options.overheadMs);
  const needed = Math.ceil(Math.max(SLOWEST_HZ, (1000 * LONGEST_LINES) / linesMs));
  const lineRateHz = beltMmPerS === undefined ? needed : beltMmPerS / first.pixelPitchMm.x;
  return {
    serial: options.serial,
    lineRateHz,
    beltMmPerS: lineRateHz * first.pixelPitchMm.x,
    detectorPixels: first.height,
    pixelPitchMm: first.pixelPitchMm,
    airLevel: first.airLevel,
  };
}

/** HELLO of the machine; `calibratedAt` is when the run began, for a simulated machine needs no warm-up. */
export function helloOf(machine: Machine, calibratedAt: string): MessageInput<"HELLO"> {
  return {
    protocol: 1,
    vendor: "Lynceus",
    model: "Simulated parcel scanner",
    serial: machine.serial,
    softwareVersion: "1.0",
    views: [
      {
        view: 0,
        name: "top",
        detectorPixels: machine.detectorPixels,
        energies: ["low", "high"],
        pixelPitchMm: { ...machine.pixelPitchMm },
        pitchAt: "object",
      },
    ],
    beltMmPerS: machine.beltMmPerS,
    lineRateHz: machine.lineRateHz,
    encoderCountsPerMm: ENCODER_COUNTS_PER_MM,
    airLevel: machine.airLevel,
    calibratedAt,
    darkAt: calibratedAt,
    airAt: calibratedAt,
    kVp: 160,
    currentUa: 700,
    deadPixels: [],
  };
}

/** Encoder counts at line `line` of a scan, u32 as the encoder wraps. */
export function encoderAt(kept: KeptScan, line: number, machine: Machine): number {
  return Math.round(kept.encoder + line * machine.pixelPitchMm.x * ENCODER_COUNTS_PER_MM) % U32;
}

/** Encoder counts where the item after `kept` begins. */
export function nextEncoder(kept: KeptScan, machine: Machine): number {
  const mm = kept.prepared.width * machine.pixelPitchMm.x + GAP_MM;
  return Math.round(kept.encoder + mm * ENCODER_COUNTS_PER_MM) % U32;
}
