import type { ScannerEvent } from "../scanner/port.ts";

/** Says once of each calibration that it has grown too old. Times: gateway clock, ms. */
export class CalibrationAge {
  readonly #maxAgeMs: number;
  readonly #setting: string;
  #told: number | null = null;

  /** `setting`: the key of the configuration that holds the limit, for the remedy. */
  constructor(options: { readonly maxAgeMs: number; readonly setting: string }) {
    this.#maxAgeMs = options.maxAgeMs;
    this.#setting = options.setting;
  }

  isOld(takenAt: number, now: number): boolean {
    return now - takenAt > this.#maxAgeMs;
  }

  /** What is to be told of a calibration now, null where it is young enough or was told of before. */
  take(machine: string, takenAt: number, now: number): ScannerEvent | null {
    if (!this.isOld(takenAt, now) || this.#told === takenAt) return null;
    this.#told = takenAt;
    return {
      code: "CALIBRATION_OLD",
      severity: "warning",
      message: `The scanner was calibrated ${Math.round((now - takenAt) / 3_600_000)} h ago`,
      remedy: `Take dark and air again with an empty tunnel, or raise ${this.#setting}.`,
      details: { serial: machine, calibratedAt: new Date(takenAt).toISOString() },
    };
  }
}
